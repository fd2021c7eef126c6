//! Judges container images as runtimes read them.
//!
//! A runtime takes an image apart by what its parts are called: the config says what runs and
//! which layers belong to it, a layer's media type how it is unpacked. Nobody compares these with
//! the bytes before somebody pulls the image and can't run it. This plugin does, and it holds
//! images to what an operator wants of them: no root, known platforms, labels, a size.

pub mod codes;
mod config;
mod diff;
mod facts;
mod findings;
mod index;
mod layer;
mod manifest;
mod media;
mod platform;
mod scope;
mod settings;
mod user;
mod wanted;

use roadstead_plugin_sdk::{Manifest, oci::media_type, prelude::*};

use config::Config;
use findings::{Findings, Place};
use scope::Scope;
pub use settings::Settings;

/// The plugin.
#[derive(Debug)]
pub struct Image;

export!(Image);

impl Plugin for Image {
    type Settings = Settings;

    fn describe() -> Metadata {
        Metadata::new("image", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION"))
            .reviews_manifests()
            .media_types(&[
                media_type::OCI_CONFIG,
                media_type::OCI_INDEX,
                media_type::DOCKER_CONFIG,
                media_type::DOCKER_LIST,
            ])
            .codes(codes::ALL)
            .property("licence", env!("CARGO_PKG_LICENSE"))
    }

    fn validate_settings(settings: &Settings) -> Vec<SettingsProblem> {
        settings.problems()
    }

    fn review(target: &Target, settings: &Settings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        match Scope::of(manifest)? {
            Scope::Image => review_image(manifest, settings).map(Some),
            Scope::Index => Ok(Some(review_index(manifest, settings))),
            Scope::Other => Ok(None),
        }
    }
}

fn review_image(manifest: &Manifest, settings: &Settings) -> Result<Report, Failure> {
    let mut findings = Findings::default();
    manifest::check(manifest, &mut findings);
    layer::check(manifest, &mut findings)?;
    wanted::check_size(manifest, settings, &mut findings);
    wanted::check_base(manifest, settings, &mut findings);
    match Config::read(manifest, &mut findings)? {
        Some(config) => {
            config.check(manifest, &mut findings);
            wanted::check_config(&config, settings, &mut findings);
            if settings.diff_ids {
                diff::check(manifest, &config, &mut findings)?;
            }
            facts::of_image(manifest, &config, &mut findings);
        }
        // A policy may ignore whatever kept it from being read, but not by that alone the image
        // that nobody has seen.
        None => findings.add(
            &codes::UNJUDGED,
            Place::MANIFEST,
            "nobody knows what this image runs because its config could not be read; correct the \
             other findings",
        ),
    }
    Ok(findings.into_report())
}

fn review_index(manifest: &Manifest, settings: &Settings) -> Report {
    let mut findings = Findings::default();
    index::check(manifest, &mut findings);
    wanted::check_children(manifest, settings, &mut findings);
    facts::of_index(manifest, &mut findings);
    findings.into_report()
}
