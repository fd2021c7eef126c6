//! Judges Helm charts as helm reads them.
//!
//! A chart is described three times: by the manifest's annotations, by the config blob, and by
//! Chart.yaml inside of the chart layer. User interfaces and scanners show the first two, helm
//! installs the third. This plugin reads the chart the way helm does and refuses those that say
//! one thing and do another, and those that helm would not unpack.

mod absent;
mod chart;
pub mod codes;
mod compare;
mod config;
mod demands;
mod facts;
mod files;
mod layer;
mod manifest;
mod provenance;
mod reference;
mod settings;
mod text;
mod validate;
mod vendored;
mod version;
mod walk;

use roadstead_chart::Metadata as ChartMetadata;
use roadstead_plugin_sdk::{Manifest, prelude::*};

use config::Config;
use layer::Layer;
use manifest::{Parts, Standing};
use provenance::Signed;

pub use settings::Settings;

/// The plugin.
#[derive(Debug)]
pub struct Helm;

export!(Helm);

impl Plugin for Helm {
    type Settings = Settings;

    fn describe() -> Metadata {
        Metadata::new("helm", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION"))
            .reviews_manifests()
            .media_types(&[manifest::CONFIG, manifest::CHART, manifest::PROVENANCE])
            .codes(codes::ALL)
            .property("licence", env!("CARGO_PKG_LICENSE"))
    }

    fn validate_settings(settings: &Settings) -> Vec<SettingsProblem> {
        settings.problems()
    }

    fn review(target: &Target, settings: &Settings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        match manifest::standing(manifest) {
            Standing::None => Ok(None),
            Standing::Chart => review(manifest, settings).map(Some),
            Standing::Carrier => {
                let mut report = Report::new();
                manifest::find_carried(manifest, &mut report);
                // a config that its subject names is all that helm lacks
                walk::check(manifest, &mut report)?;
                Ok(Some(report))
            }
            Standing::Index => {
                let mut report = Report::new();
                walk::check(manifest, &mut report)?;
                Ok(Some(report))
            }
        }
    }
}

fn review(manifest: &Manifest, settings: &Settings) -> Result<Report, Failure> {
    let mut report = Report::new();
    let parts = manifest::parts(manifest, &mut report);
    walk::check(manifest, &mut report)?;
    let config = match parts.config {
        Some(descriptor) => Config::read(descriptor, &mut report)?,
        None => None,
    };
    let layer = match parts.chart {
        Some(descriptor) => layer::read(descriptor, &mut report)?,
        None => Layer::default(),
    };
    let metadata = chart::read(&layer, &mut report);
    if let Some(metadata) = &metadata {
        chart::validate(&layer, metadata, settings, &mut report);
        if let Some(config) = &config {
            chart::compare(&layer, metadata, config, &mut report);
        }
        manifest::compare_annotations(manifest, metadata, &mut report);
        reference::check(manifest, metadata, settings, &mut report);
        vendored::check(&layer, metadata, &mut report);
        demands::check(&layer, metadata, settings, &mut report);
    }
    let chart = parts.chart.map(|chart| chart.digest.as_str());
    let signed = metadata.as_ref().zip(chart).map(|(metadata, digest)| Signed { metadata, digest });
    let signer = match parts.provenance {
        Some(part) => provenance::check(part, signed, settings, &mut report)?,
        None => None,
    };
    if settings.require_provenance && manifest::has_no_provenance(manifest) {
        let message = "the chart has no provenance; package it with helm package --sign";
        report.find(&codes::NO_PROVENANCE, message).pointer("/layers");
    }
    find_unread(&parts, config.as_ref(), &layer, metadata.as_ref(), &mut report);
    if let Some(metadata) = metadata.filter(|_| !report.rejects()) {
        facts::record(&layer, &metadata, signer, &mut report);
    }
    Ok(report)
}

/// A policy may ignore whatever kept something from being read, but not by that alone the chart
/// that nobody has seen.
fn find_unread(
    parts: &Parts<'_>,
    config: Option<&Config>,
    layer: &Layer,
    metadata: Option<&ChartMetadata>,
    report: &mut Report,
) {
    let why = match (config, metadata) {
        _ if parts.config.is_none() => "it has no config of helm's type",
        (None, _) => "its config could not be read",
        _ if parts.chart.is_none() => "it does not have exactly one chart layer",
        _ if !layer.is_whole => "its layer could not be read as a whole",
        (_, None) => "Chart.yaml could not be read",
        _ => return,
    };
    let message =
        format!("nobody knows what this chart installs: {why}; correct the other findings");
    report.find(&codes::UNJUDGED, message);
}
