//! What the operator's settings want.

use roadstead_plugin_sdk::{Manifest, Platform, Quoted};
use serde_json::Value;
use wildmatch::WildMatch;

use crate::{
    codes,
    config::Config,
    facts::{self, BASE_NAME},
    findings::{Findings, Place, escaped},
    index, platform,
    settings::Settings,
    user::User,
};

/// `maxBytes` and `maxLayers`.
pub(crate) fn check_size(manifest: &Manifest, settings: &Settings, findings: &mut Findings) {
    let (bytes, layers) = (facts::bytes(manifest), manifest.layers().count());
    if let Some(most) = settings.max_bytes.filter(|most| bytes > *most) {
        let message = format!(
            "the image has {bytes} bytes, but the policy allows {most}; build it from a smaller \
             base, or leave out what it does not need"
        );
        findings.add(&codes::TOO_LARGE, Place::MANIFEST, message);
    }
    if let Some(most) = settings.max_layers.filter(|most| layers as u64 > u64::from(*most)) {
        let message = format!(
            "the image has {layers} layers, but the policy allows {most}; combine steps of its \
             build"
        );
        findings.add(&codes::TOO_MANY_LAYERS, Place::manifest("/layers"), message);
    }
}

/// `baseImages`.
pub(crate) fn check_base(manifest: &Manifest, settings: &Settings, findings: &mut Findings) {
    if settings.base_images.is_empty() {
        return;
    }
    let fits = |name: &str| {
        settings.base_images.iter().any(|pattern| WildMatch::new(pattern).matches(name))
    };
    let message = match manifest.annotation(BASE_NAME) {
        Some(name) if fits(name) => return,
        Some(name) => format!(
            "the image is built from {}, which the policy does not allow; use a base image that \
             the policy lists",
            Quoted(name)
        ),
        None => format!(
            "the image does not say what it is built from; set the annotation \
                         {BASE_NAME}"
        ),
    };
    let pointer = format!("/annotations/{BASE_NAME}");
    findings.add(&codes::BASE, Place::manifest(&pointer), message);
}

/// What the settings say about the config.
pub(crate) fn check_config(config: &Config, settings: &Settings, findings: &mut Findings) {
    if settings.non_root {
        check_user(config, findings);
    }
    check_labels(config, settings, findings);
    check_env(config, settings, findings);
    check_platform(config, settings, findings);
}

/// `platforms`, of the children of an index.
pub(crate) fn check_children(manifest: &Manifest, settings: &Settings, findings: &mut Findings) {
    if settings.platforms.is_empty() {
        return;
    }
    for child in index::children(manifest).filter(|child| index::is_image(child)) {
        let Some(found) = &child.platform else { continue };
        if !platform::is_among(found, &settings.platforms) {
            let message = not_allowed(&format!("child {}", child.index), found);
            let pointer = format!("/manifests/{}/platform", child.index);
            findings.add(&codes::PLATFORM_FORBIDDEN, Place::manifest(&pointer), message);
        }
    }
}

fn check_platform(config: &Config, settings: &Settings, findings: &mut Findings) {
    let text = |name| config.text(name).to_owned();
    let found = Platform {
        os: text("os"),
        architecture: text("architecture"),
        variant: Some(text("variant")),
        os_version: None,
        os_features: Vec::new(),
    };
    if !settings.platforms.is_empty() && !platform::is_among(&found, &settings.platforms) {
        let message = not_allowed("the image", &found);
        config.find(&codes::PLATFORM_FORBIDDEN, "/architecture", message, findings);
    }
}

fn not_allowed(what: &str, found: &Platform) -> String {
    if found.os.is_empty() && found.architecture.is_empty() {
        return format!("{what} names no platform; build it for a platform that the policy lists");
    }
    let found = platform::shown(found);
    format!(
        "{what} is for {}, which the policy does not allow; build it for a platform that the \
         policy lists",
        Quoted(&found)
    )
}

fn check_user(config: &Config, findings: &mut Findings) {
    let user = config.user();
    let (code, message) = match User::of(user, config.text("os")) {
        User::Numbered => return,
        User::Unset => (
            &codes::ROOT,
            "the image sets no user and so runs as root; add USER 65532 to its Dockerfile"
                .to_owned(),
        ),
        User::Root => (
            &codes::ROOT,
            format!("the image runs as {}, which is root; use another USER", Quoted(user)),
        ),
        User::Named => (
            &codes::NAMED_USER,
            format!(
                "the image runs as {}, which may still be root; use a number, such as USER 65532",
                Quoted(user)
            ),
        ),
    };
    config.find(code, "/config/User", message, findings);
}

fn check_labels(config: &Config, settings: &Settings, findings: &mut Findings) {
    for wanted in &settings.required_labels {
        let (name, pattern) = match wanted.split_once('=') {
            Some((name, pattern)) => (name, Some(pattern)),
            None => (wanted.as_str(), None),
        };
        let found = config.execution("Labels")[name].as_str().unwrap_or_default();
        let message = match pattern {
            _ if found.is_empty() => {
                format!("the image has no label {}; add it with LABEL", Quoted(name))
            }
            Some(pattern) if !WildMatch::new(pattern).matches(found) => format!(
                "the label {} is {}, but the policy requires {}; change it with LABEL",
                Quoted(name),
                Quoted(found),
                Quoted(pattern)
            ),
            _ => continue,
        };
        let pointer = format!("/config/Labels/{}", escaped(name));
        config.find(&codes::LABEL, &pointer, message, findings);
    }
}

fn check_env(config: &Config, settings: &Settings, findings: &mut Findings) {
    let entries = config.execution("Env").as_array();
    let entries = entries.into_iter().flatten().filter_map(Value::as_str);
    for (index, (name, value)) in
        entries.map(|it| it.split_once('=').unwrap_or((it, ""))).enumerate()
    {
        let is_forbidden =
            |pattern: &String| WildMatch::new_case_insensitive(pattern).matches(name);
        if !value.is_empty() && settings.forbidden_env.iter().any(is_forbidden) {
            // never the value
            let message = format!(
                "the image sets {}, which the policy forbids: everyone who pulls the image can \
                 read it; set it when the container starts",
                Quoted(name)
            );
            let pointer = format!("/config/Env/{index}");
            config.find(&codes::ENV, &pointer, message, findings);
        }
    }
}
