//! Judges Helm charts as helm reads them.

use roadstead_plugin_sdk::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Helm;

impl Plugin for Helm {
    type Settings = NoSettings;

    fn describe() -> Metadata {
        Metadata::new("helm", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION"))
            .reviews_manifests()
    }

    fn review(_: &Target, _: &NoSettings) -> Review {
        Ok(None)
    }
}

export!(Helm);
