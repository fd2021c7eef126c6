//! What the registry keeps with an image.

use roadstead_plugin_sdk::{Manifest, Role};
use serde_json::Value;

use crate::{config::Config, findings::Findings, index, platform};

/// Bytes of a fact; one that is longer is left out, since a part of it would say something else.
const FACT_BYTES_MAX: usize = 1 << 10;

/// What an image was built from, by the image specification.
pub(crate) const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// How much there is, as it is stored.
pub(crate) fn bytes(manifest: &Manifest) -> u64 {
    let parts = manifest.descriptors.iter();
    let parts = parts.filter(|part| matches!(part.role, Role::Config | Role::Layer));
    parts.fold(0, |sum: u64, part| sum.saturating_add(part.size))
}

/// What an image is, as it says itself.
pub(crate) fn of_image(manifest: &Manifest, config: &Config, findings: &mut Findings) {
    for field in ["os", "architecture", "variant", "created"] {
        add(field, config.text(field), findings);
    }
    add("user", config.user(), findings);
    for (key, field) in [("entrypoint", "Entrypoint"), ("cmd", "Cmd")] {
        if let Value::Array(words) = config.execution(field)
            && !words.is_empty()
        {
            add(key, &config.execution(field).to_string(), findings);
        }
    }
    add("layers", &manifest.layers().count().to_string(), findings);
    add("bytes", &bytes(manifest).to_string(), findings);
    add_base(manifest, findings);
}

/// For what an index is.
pub(crate) fn of_index(manifest: &Manifest, findings: &mut Findings) {
    let mut platforms: Vec<_> = index::children(manifest)
        .filter(|child| index::is_image(child))
        .filter_map(|child| child.platform.as_ref().map(platform::shown))
        .collect();
    platforms.sort_unstable();
    platforms.dedup();
    add("platforms", &platforms.join(" "), findings);
    add_base(manifest, findings);
}

fn add_base(manifest: &Manifest, findings: &mut Findings) {
    for (key, annotation) in [("base-name", BASE_NAME), ("base-digest", BASE_DIGEST)] {
        add(key, manifest.annotation(annotation).unwrap_or_default(), findings);
    }
}

fn add(key: &str, value: &str, findings: &mut Findings) {
    if !value.is_empty() && value.len() <= FACT_BYTES_MAX {
        findings.annotate(key, value);
    }
}
