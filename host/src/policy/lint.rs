//! What a policy most likely does not mean.

use roadstead_oci::media_type;

use super::{document::Written, glob::Globs, problem::Problem, rule::Match};
use crate::kind::Kind;

/// Rules that can never match, and those that a push can go round.
pub(super) fn warnings(rules: &[Written]) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for Written { name, about, tags, .. } in rules {
        if let Some(why) = never(about) {
            let message = format!("rule {:?} can never match: {why}", name.value);
            warnings.push(Problem::warning(&name.spot, message));
        }
        if let Some(tags) = tags {
            let message = format!("a push by digest goes round rule {:?}", name.value);
            let help = "helm and cosign push by digest: what is refused with a tag then stays, \
                        untagged; leave `tags` out where that matters";
            warnings.push(Problem::warning(tags, message).help(help));
        }
    }
    warnings
}

/// Why nothing can be what the rule is about.
fn never(about: &Match) -> Option<String> {
    let Match { repositories, kinds, layer_types, media_types, tags, types } = about;
    let all = |globs: &Option<Globs>, fits: fn(&str) -> bool| {
        let globs = globs.as_ref()?;
        let mut patterns = globs.patterns().iter();
        patterns.clone().all(|pattern| !fits(pattern)).then(|| patterns.next().cloned())?
    };
    if let Some(pattern) = all(repositories, may_be_repository) {
        return Some(format!("no repository can be called {pattern:?}"));
    }
    if let Some(pattern) = all(tags, may_be_tag) {
        return Some(format!("no tag can be {pattern:?}"));
    }
    for globs in [types, layer_types] {
        if let Some(pattern) = all(globs, may_be_media_type) {
            return Some(format!("no media type can be {pattern:?}"));
        }
    }
    let manifests = [
        media_type::OCI_MANIFEST,
        media_type::OCI_INDEX,
        media_type::DOCKER_MANIFEST,
        media_type::DOCKER_LIST,
    ];
    if let Some(globs) = media_types
        && !manifests.iter().any(|manifest| globs.fit(manifest))
    {
        return Some("none of its mediaTypes is one that a manifest has here".to_owned());
    }
    let index_only = kinds.as_ref().is_some_and(|kinds| kinds == &[Kind::IMAGE_INDEX]);
    if index_only && layer_types.is_some() {
        return Some("an index has no layers".to_owned());
    }
    None
}

/// What globs are written with.
const META: &[u8] = b"*?[]{},!\\";

fn may_be_repository(pattern: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    let slashes = pattern.starts_with('/') || pattern.ends_with('/') || pattern.contains("//");
    !slashes && pattern.bytes().all(|byte| plain(byte) || META.contains(&byte))
}

fn may_be_tag(pattern: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    pattern.bytes().all(|byte| plain(byte) || META.contains(&byte))
}

fn may_be_media_type(pattern: &str) -> bool {
    let open = pattern.bytes().any(|byte| META.contains(&byte));
    (open || pattern.contains('/')) && !pattern.contains(' ')
}
