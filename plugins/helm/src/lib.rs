//! Judges Helm charts as helm reads them.
//!
//! A chart is described three times: by the manifest's annotations, by the config blob, and by
//! Chart.yaml inside of the chart layer. User interfaces and scanners show the first two, helm
//! installs the third. This plugin reads the chart the way helm does and refuses those that say
//! one thing and do another, and those that helm would not unpack.

mod absent;
mod chart;
pub mod codes;
mod config;
mod gzip;
mod layer;
mod manifest;
mod metadata;
mod names;
mod path;
mod text;
mod validate;
mod version;
mod walk;
mod yaml;

use roadstead_plugin_sdk::{Manifest, prelude::*};

use config::Config;
use metadata::Metadata as ChartMetadata;
use walk::Layer;

/// Bytes of a fact that the registry keeps.
const FACT_BYTES_MAX: usize = 4 << 10;

/// The plugin.
#[derive(Debug)]
pub struct Helm;

export!(Helm);

impl Plugin for Helm {
    type Settings = NoSettings;

    fn describe() -> Metadata {
        Metadata::new("helm", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_DESCRIPTION"))
            .reviews_manifests()
            .media_types(&[manifest::CONFIG, manifest::CHART, manifest::PROVENANCE])
            .codes(codes::ALL)
            .property("licence", env!("CARGO_PKG_LICENSE"))
    }

    fn review(target: &Target, _: &NoSettings) -> Review {
        match target {
            Target::Manifest(manifest) if manifest::is_chart(manifest) => {
                review(manifest).map(Some)
            }
            _ => Ok(None),
        }
    }
}

fn review(manifest: &Manifest) -> Result<Report, Failure> {
    let mut report = Report::new();
    let parts = manifest::parts(manifest, &mut report);
    let config = match parts.config {
        Some(descriptor) => Config::read(descriptor, &mut report)?,
        None => None,
    };
    if let Some(config) = &config {
        config.validate(&mut report);
        manifest::compare_annotations(manifest, config, &mut report);
    }
    let layer = match parts.chart {
        Some(descriptor) => layer::read(descriptor, &mut report)?,
        None => Layer::default(),
    };
    let metadata = chart::read(&layer, &mut report);
    if let Some(metadata) = &metadata {
        chart::validate(&layer, metadata, &mut report);
        if let Some(config) = &config {
            chart::compare(&layer, metadata, config, &mut report);
        }
    }
    find_unread(config.as_ref(), &layer, metadata.as_ref(), &mut report);
    if let Some(metadata) = metadata.filter(|_| !report.rejects()) {
        record(&layer, &metadata, &mut report);
    }
    Ok(report)
}

/// A policy may ignore whatever kept something from being read, but not by that alone the chart
/// that nobody has seen.
fn find_unread(
    config: Option<&Config>,
    layer: &Layer,
    metadata: Option<&ChartMetadata>,
    report: &mut Report,
) {
    let why = match (config, metadata) {
        (None, _) => "its config could not be read",
        _ if !layer.is_whole => "its layer could not be read to the end",
        (_, None) => "Chart.yaml could not be read",
        _ => return,
    };
    let message =
        format!("nobody knows what this chart installs: {why}; correct what else was found");
    report.find(&codes::UNJUDGED, message);
}

fn record(layer: &Layer, metadata: &ChartMetadata, report: &mut Report) {
    let chart = format!("{} {}", metadata.name(), metadata.text("version"));
    // helm has no bound for names, the registry has one for facts
    if chart.len() <= FACT_BYTES_MAX {
        report.annotate("chart", chart);
    }
    report.annotate("files", layer.files.to_string());
    report.annotate("unpacked-bytes", layer.bytes.to_string());
}
