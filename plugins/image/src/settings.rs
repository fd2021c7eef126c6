//! What an operator wants of images.

use roadstead_plugin_sdk::{Quoted, SettingsProblem};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform;

/// Settings. Each is off until it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// The image's user is set and not root.
    pub non_root: bool,
    /// Labels that the config has: `name`, or `name=value` with `*` for any text.
    pub required_labels: Vec<String>,
    /// All platforms that an image or a child of an index may be for, such as `linux/amd64` or
    /// `linux/arm64/v8`. `linux/arm` means all its variants.
    pub platforms: Vec<String>,
    /// Maximum number of bytes that the config and all layers take in the store.
    pub max_bytes: Option<u64>,
    /// Maximum number of layers.
    pub max_layers: Option<u32>,
    /// Names of variables that `ENV` must not set, with `*` for any text; case is ignored.
    pub forbidden_env: Vec<String>,
    /// Base images that `org.opencontainers.image.base.name` may name, with `*` for any text.
    pub base_images: Vec<String>,
    /// Decode each layer, and compare it with the config's `diff_ids`.
    pub diff_ids: bool,
}

impl Settings {
    /// What the schema can't say.
    pub(crate) fn problems(&self) -> Vec<SettingsProblem> {
        let labels = self.required_labels.iter().map(|entry| {
            let name = entry.split('=').next().unwrap_or_default();
            name.trim().is_empty().then(|| {
                "does not name a label; write the label's name, or name=value with * for any text"
                    .to_owned()
            })
        });
        let platforms = self.platforms.iter().map(|entry| platform::problem(entry));
        let env = self.forbidden_env.iter().map(|entry| {
            (entry.is_empty() || entry.contains('=')).then(|| {
                "is not the name of a variable; write one such as *_TOKEN, without a \
                 value"
                    .to_owned()
            })
        });
        let bases = self.base_images.iter().map(|entry| {
            entry
                .is_empty()
                .then(|| "is not an image's name; write one such as docker.io/library/*".to_owned())
        });
        let mut problems = Vec::new();
        problems.extend(told(("requiredLabels", &self.required_labels), labels));
        problems.extend(told(("platforms", &self.platforms), platforms));
        problems.extend(told(("forbiddenEnv", &self.forbidden_env), env));
        problems.extend(told(("baseImages", &self.base_images), bases));
        for (name, value) in
            [("maxBytes", self.max_bytes), ("maxLayers", self.max_layers.map(u64::from))]
        {
            if value == Some(0) {
                let message = "0 rejects every image; leave the setting out for no \
                               limit"
                    .to_owned();
                problems.push(SettingsProblem { pointer: format!("/{name}"), message });
            }
        }
        problems
    }
}

/// Problems of the entries of a list, each with the entry as its subject.
fn told(
    (name, entries): (&str, &[String]),
    problems: impl Iterator<Item = Option<String>>,
) -> impl Iterator<Item = SettingsProblem> {
    entries.iter().zip(problems).enumerate().filter_map(move |(index, (entry, problem))| {
        let message = format!("{} {}", Quoted(entry), problem?);
        Some(SettingsProblem { pointer: format!("/{name}/{index}"), message })
    })
}
