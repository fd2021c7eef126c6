//! A plugin of the ordinary kind, made with the SDK, with an ordinary mistake.

use roadstead_plugin_sdk::prelude::*;

struct Clumsy;

impl Plugin for Clumsy {
    type Settings = NoSettings;

    fn describe() -> Metadata {
        Metadata::new("clumsy", "0.1.0", "Expects a tag").reviews_manifests()
    }

    fn review(target: &Target, _: &NoSettings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        let tag = manifest.tags.first().expect("somebody\npushed by digest");
        let mut report = Report::new();
        report.annotate("tag", tag);
        Ok(Some(report))
    }
}

export!(Clumsy);
