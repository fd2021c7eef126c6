//! The manifest: what it is to helm, and which parts a chart has.

use std::collections::BTreeSet;

use roadstead_chart::Metadata;
use roadstead_plugin_sdk::{Descriptor, Manifest, Quoted, Report, Role};

use crate::codes;

/// The config of a chart.
pub(crate) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// The chart itself.
pub(crate) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// What charts were called once.
pub(crate) const CHART_LEGACY: &str = "application/tar+gzip";
/// A chart's provenance file.
pub(crate) const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";

/// The parts that are there as they should be.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) config: Option<&'a Descriptor>,
    pub(crate) chart: Option<&'a Descriptor>,
    pub(crate) provenance: Option<&'a Descriptor>,
}

/// What a manifest is to helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// it has nothing of helm's
    None,
    /// it says that it is a chart, or has what helm installs
    Chart,
    /// it carries a chart and is something else, from which helm installs nothing
    Carrier,
    /// a list of manifests, out of which helm would take parts
    Index,
}

/// The part of a chart that helm takes a media type for, to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Config,
    Chart,
    Provenance,
}

impl Part {
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            CONFIG => Some(Self::Config),
            CHART | CHART_LEGACY => Some(Self::Chart),
            PROVENANCE => Some(Self::Provenance),
            _ => None,
        }
    }

    /// As it reads on after "helm takes it for the chart's".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Chart => "archive",
            Self::Provenance => "provenance",
        }
    }
}

/// Whether a media type is one of helm's charts, however it is written.
pub(crate) fn is_helm(media_type: &str) -> bool {
    media_type.to_ascii_lowercase().starts_with("application/vnd.cncf.helm.")
}

/// What the manifest is to helm. An artifact of another kind may carry a chart: helm installs none
/// without a config of its type.
pub(crate) fn standing(manifest: &Manifest) -> Standing {
    let named = |wanted| {
        manifest.descriptors.iter().any(|named| Part::of(&named.media_type) == Some(wanted))
    };
    let claims = manifest.artifact_type.as_deref().is_some_and(is_helm)
        || manifest.config().is_some_and(|config| is_helm(&config.media_type));
    // so says the host of a carrier that helm finds together with a chart's config
    let is_installed = manifest.kind == "helm-chart" && named(Part::Chart);
    let is_helm = claims
        || manifest.kind == "helm-chart"
        || manifest.descriptors.iter().any(|named| is_helm(&named.media_type));
    match manifest.config() {
        _ if !is_helm => Standing::None,
        None if !claims => Standing::Index,
        _ if claims || is_installed || named(Part::Config) => Standing::Chart,
        _ if named(Part::Chart) => Standing::Carrier,
        _ => Standing::None,
    }
}

/// Finds the parts, in any order: helm sorts layers by digest.
pub(crate) fn parts<'a>(manifest: &'a Manifest, report: &mut Report) -> Parts<'a> {
    let config = config(manifest, report);
    let charts = of_part(manifest, Part::Chart);
    if charts.len() != 1 {
        let message = format!(
            "a chart must have one layer of the type {CHART}, not {}; push the chart with helm",
            charts.len()
        );
        report.find(&codes::CHART_LAYERS, message).pointer("/layers");
    }
    let provenances = of_part(manifest, Part::Provenance);
    if provenances.len() > 1 {
        let message = format!(
            "a chart may have only one provenance layer, not {}; push the .prov file of helm \
             package --sign",
            provenances.len()
        );
        report.find(&codes::PROVENANCE_LAYERS, message).pointer("/layers");
    }
    find_other(manifest, report);
    let only = |parts: &[&'a Descriptor]| match parts[..] {
        [part] if part.role == Role::Layer => Some(part),
        _ => None,
    };
    Parts { config, chart: only(&charts), provenance: only(&provenances) }
}

/// The config that helm reads, which need not be the manifest's own.
fn config<'a>(manifest: &'a Manifest, report: &mut Report) -> Option<&'a Descriptor> {
    let own = manifest.config().filter(|config| config.media_type == CONFIG);
    if own.is_some() {
        return own;
    }
    let found = manifest
        .config()
        .map_or_else(|| "nothing".to_owned(), |config| Quoted(&config.media_type).to_string());
    let message = match of_part(manifest, Part::Config)[..] {
        [config] if config.role == Role::Layer => {
            let message = format!(
                "the manifest's config has the type {found}, but helm finds a config of its own \
                 type among the layers; push the chart with helm"
            );
            report.find(&codes::CARRIER, message).pointer("/config/mediaType");
            return Some(config);
        }
        _ => format!(
            "the config of a chart must have the type {CONFIG}, not {found}; push the chart with \
             helm"
        ),
    };
    report.find(&codes::CONFIG_TYPE, message).pointer("/config/mediaType");
    None
}

/// Tells of a chart that something else carries.
pub(crate) fn find_carried(manifest: &Manifest, report: &mut Report) {
    let is_chart = |layer: &&Descriptor| Part::of(&layer.media_type) == Some(Part::Chart);
    let Some(chart) = manifest.layers().find(is_chart) else { return };
    let carrier = match &manifest.artifact_type {
        Some(of) => format!("an artifact of the type {}", Quoted(of)),
        None => "an artifact without a type".to_owned(),
    };
    let message = format!(
        "layer {} is a chart, but helm installs none from {carrier}; it was not judged",
        chart.index
    );
    let pointer = format!("/layers/{}/mediaType", chart.index);
    report.find(&codes::CARRIER, message).pointer(&pointer);
}

/// What the manifest itself names for a part; the same content twice is the same to helm.
fn of_part(manifest: &Manifest, part: Part) -> Vec<&Descriptor> {
    let mut known = BTreeSet::new();
    let named = manifest.descriptors.iter();
    let of_part = named.filter(|named| Part::of(&named.media_type) == Some(part));
    of_part.filter(|named| known.insert(named.digest.as_str())).collect()
}

/// Whether there is no layer that helm would take for a provenance.
pub(crate) fn has_no_provenance(manifest: &Manifest) -> bool {
    !manifest.layers().any(|layer| layer.media_type == PROVENANCE)
}

/// Tells of a layer that helm leaves alone.
fn find_other(manifest: &Manifest, report: &mut Report) {
    let is_other = |layer: &&Descriptor| Part::of(&layer.media_type).is_none();
    let Some(layer) = manifest.layers().find(is_other) else { return };
    let message = format!(
        "layer {} has the type {}, which helm ignores; push it as a separate artifact",
        layer.index,
        Quoted(&layer.media_type)
    );
    let pointer = format!("/layers/{}/mediaType", layer.index);
    report.find(&codes::OTHER_LAYER, message).pointer(&pointer);
}

/// Compares what the annotations say with Chart.yaml.
pub(crate) fn compare_annotations(manifest: &Manifest, metadata: &Metadata, report: &mut Report) {
    for (key, field, wanted, code) in [
        ("org.opencontainers.image.title", "name", metadata.name().as_str(), &codes::TITLE),
        (
            "org.opencontainers.image.version",
            "version",
            metadata.text("version"),
            &codes::VERSION_ANNOTATION,
        ),
    ] {
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
