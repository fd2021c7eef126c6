//! Judges cosign's signatures as cosign reads them, and verifies them by configured keys.
//!
//! A signature is an artifact beside the one that it signs: under a tag made of its digest, or
//! with it as the subject. Clients verify them when they pull, and then it is late. This plugin
//! reads a signature when it is pushed, refuses one that says something else than the place where
//! it stands, and records which key made it, so that policies can ask for that.

mod bundle;
mod certificate;
pub mod codes;
mod form;
mod key;
mod read;
mod settings;
mod shape;
mod tag;
mod trust;

use roadstead_plugin_sdk::{
    Manifest, SettingsProblem,
    oci::media_type::{DOCKER_MANIFEST, OCI_MANIFEST},
    prelude::*,
};

use form::Form;
pub use settings::{KeySetting, Settings};

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

    fn review(target: &Target, settings: &Settings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        match form::of(manifest) {
            Some(form) => review(manifest, form, settings).map(Some),
            None => Ok(None),
        }
    }
}

fn review(manifest: &Manifest, form: Form, settings: &Settings) -> Result<Report, Failure> {
    let keys = settings.keys().map_err(Failure::Internal)?;
    let mut report = Report::new();
    let claims = match form {
        _ if ![OCI_MANIFEST, DOCKER_MANIFEST].contains(&manifest.media_type.as_str()) => {
            let message = format!(
                "a signature is an image manifest, not {}; sign with cosign",
                Quoted(&manifest.media_type)
            );
            report.find(&codes::FORM, message).pointer("/mediaType");
            Vec::new()
        }
        Form::Mixed => {
            let message = "a manifest is a signature with its payloads or a sigstore bundle, not \
                           both; push them one by one";
            report.find(&codes::FORM, message);
            Vec::new()
        }
        Form::Tagged => tag::read(manifest, &mut report)?,
        Form::Bundle => bundle::read(manifest, &mut report)?,
    };
    trust::judge(&claims, &keys, settings.require_known_key, &mut report);
    Ok(report)
}
