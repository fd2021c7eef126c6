//! Judges cosign's signatures as cosign reads them, and verifies them by configured keys.
//!
//! A signature is an artifact beside the one that it signs: under a tag made of its digest, or
//! with it as the subject. Clients verify them when they pull, and then it is late. This plugin
//! reads a signature when it is pushed, refuses one that says something else than the place where
//! it stands, and records which key made it, so that policies can ask for that.

mod attached;
mod attestations;
mod bundle;
mod certificate;
pub mod codes;
mod dsse;
mod findings;
mod form;
mod key;
mod layers;
mod place;
mod read;
mod settings;
mod shape;
mod signatures;
mod statement;
mod trust;

use roadstead_plugin_sdk::{Manifest, prelude::*};

use form::Form;
pub use settings::{Accepted, KeySetting, Settings};

/// The plugin.
#[derive(Debug)]
pub struct Cosign;

export!(Cosign);

impl Plugin for Cosign {
    type Settings = Settings;

    fn describe() -> Metadata {
        Metadata::new("cosign", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION"))
            .reviews_manifests()
            .media_types(form::MEDIA_TYPES)
            .codes(codes::ALL)
            .property("licence", env!("CARGO_PKG_LICENSE"))
    }

    fn validate_settings(settings: &Settings) -> Vec<SettingsProblem> {
        settings.problems()
    }

    fn settings_warnings(settings: &Settings) -> Vec<SettingsProblem> {
        settings.warnings()
    }

    fn review(target: &Target, settings: &Settings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        let forms = form::of(manifest);
        if forms.is_empty() {
            return Ok(None);
        }
        review(manifest, &forms, settings).map(Some)
    }
}

fn review(manifest: &Manifest, forms: &[Form], settings: &Settings) -> Result<Report, Failure> {
    let keys = settings.keys().map_err(Failure::Internal)?;
    let mut report = Report::new();
    for form in forms {
        let found = match form {
            Form::Signatures => signatures::read(manifest, &mut report)?,
            Form::Attestations => attestations::read(manifest, &mut report)?,
            Form::Bundle => bundle::read(manifest, &mut report)?,
        };
        trust::judge(&found, &keys, settings, &mut report);
    }
    Ok(report)
}
