//! Judges Helm charts as helm reads them.
//!
//! A chart is described three times: by the manifest's annotations, by the config blob, and by
//! Chart.yaml inside of the chart layer. User interfaces and scanners show the first two, helm
//! installs the third. This plugin reads the chart the way helm does and refuses those that say
//! one thing and do another, and those that helm would not unpack.

mod chart;
pub mod codes;
mod config;
mod layer;
mod manifest;
mod metadata;
mod path;
mod text;
mod validate;
mod version;
mod yaml;

use roadstead_plugin_sdk::{Manifest, prelude::*};

use config::Config;

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
        Some(descriptor) => {
            let config = Config::read(descriptor, &mut report)?;
            if let Some(config) = &config {
                for problem in config.claims().problems() {
                    let found = report.find(problem.code, problem.why);
                    found.blob(&descriptor.digest).pointer(&format!("/{}", problem.field));
                }
                manifest::compare_annotations(manifest, config, &mut report);
            }
            config
        }
        None => None,
    };
    let Some(descriptor) = parts.chart else { return Ok(report) };
    let Some(layer) = layer::walk(descriptor, &mut report)? else { return Ok(report) };
    let digest = &descriptor.digest;
    let Some(metadata) = chart::read(&layer, digest, &mut report) else { return Ok(report) };
    chart::validate(&layer, &metadata, digest, &mut report);
    if let Some(config) = &config {
        chart::compare(&layer, &metadata, config, digest, &mut report);
    }
    if !report.rejects() {
        report.annotate("chart", format!("{} {}", metadata.name(), metadata.text("version")));
        report.annotate("files", layer.files.to_string());
        report.annotate("unpacked-bytes", layer.bytes.to_string());
    }
    Ok(report)
}
