//! The manifest: which parts a chart has, and what it says of itself.

use roadstead_plugin_sdk::{Descriptor, Manifest, Quoted, Report};

use crate::{codes, config::Config};

/// The config of a chart.
pub(crate) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// The chart itself.
pub(crate) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// What charts were called once.
const CHART_LEGACY: &str = "application/tar+gzip";
/// A chart's provenance file.
pub(crate) const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";

/// The parts that are there as they should be.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) config: Option<&'a Descriptor>,
    pub(crate) chart: Option<&'a Descriptor>,
}

/// Whether it wants to be a chart.
pub(crate) fn is_chart(manifest: &Manifest) -> bool {
    let is_helm = |media_type: &str| media_type.starts_with("application/vnd.cncf.helm.");
    manifest.kind == "helm-chart"
        || manifest.artifact_type.as_deref().is_some_and(is_helm)
        || manifest.config().is_some_and(|config| is_helm(&config.media_type_essence()))
        || manifest.layers().any(|layer| is_helm(&layer.media_type_essence()))
}

/// Finds the parts, in any order: helm sorts layers by digest. Media types are compared as helm
/// does, to the letter.
pub(crate) fn parts<'a>(manifest: &'a Manifest, report: &mut Report) -> Parts<'a> {
    let config = manifest.config().filter(|config| config.media_type == CONFIG);
    if config.is_none() {
        let found = manifest.config().map_or("nothing", |config| config.media_type.as_str());
        let message = format!(
            "the config of a chart has the type {CONFIG}, not {}; push the chart with helm",
            Quoted(found)
        );
        report.find(&codes::CONFIG_TYPE, message).pointer("/config/mediaType");
    }
    let is_chart = |layer: &&Descriptor| matches!(layer.media_type.as_str(), CHART | CHART_LEGACY);
    let charts: Vec<_> = manifest.layers().filter(is_chart).collect();
    if charts.len() != 1 {
        let message = format!(
            "a chart has one layer of the type {CHART}, not {}; push the chart with helm",
            charts.len()
        );
        report.find(&codes::CHART_LAYERS, message).pointer("/layers");
    }
    let provenances = manifest.layers().filter(|layer| layer.media_type == PROVENANCE).count();
    if provenances > 1 {
        let message = format!("a chart has one provenance layer at most, not {provenances}");
        report.find(&codes::PROVENANCE_LAYERS, message).pointer("/layers");
    }
    let other = manifest.layers().find(|layer| !is_chart(layer) && layer.media_type != PROVENANCE);
    if let Some(layer) = other {
        let message = format!(
            "layer {} has the type {}, which helm leaves alone; push it as an artifact of its own",
            layer.index,
            Quoted(&layer.media_type)
        );
        let pointer = format!("/layers/{}/mediaType", layer.index);
        report.find(&codes::OTHER_LAYER, message).pointer(&pointer);
    }
    let chart = charts.first().copied().filter(|_| charts.len() == 1);
    Parts { config, chart }
}

/// Compares what the annotations say with the config.
pub(crate) fn compare_annotations(manifest: &Manifest, config: &Config, report: &mut Report) {
    for (key, field, code) in [
        ("org.opencontainers.image.title", "name", &codes::TITLE),
        ("org.opencontainers.image.version", "version", &codes::VERSION_ANNOTATION),
    ] {
        let wanted = config.text(field);
        let Some(found) = manifest.annotation(key).filter(|found| *found != wanted) else {
            continue;
        };
        let message = format!(
            "the annotation {key} is {}, but the chart's {field} is {}; push the chart with helm",
            Quoted(found),
            Quoted(wanted)
        );
        report.find(code, message).pointer(&format!("/annotations/{key}"));
    }
}
