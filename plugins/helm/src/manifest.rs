//! The manifest: which parts a chart has, and what it says of itself.

use roadstead_plugin_sdk::{Descriptor, Manifest, Quoted, Report, Role, oci::media_type};

use crate::{codes, config::Config};

/// The config of a chart.
pub(crate) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// The chart itself.
pub(crate) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// What charts were called once.
const CHART_LEGACY: &str = "application/tar+gzip";
/// A chart's provenance file.
pub(crate) const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// What helm's client reads as another manifest, to take its parts like the chart's own.
const FOLLOWED: [&str; 5] = [
    media_type::OCI_MANIFEST,
    media_type::OCI_INDEX,
    media_type::DOCKER_MANIFEST,
    media_type::DOCKER_LIST,
    "application/vnd.oci.artifact.manifest.v1+json",
];
/// Parts in the wrong place that are told one by one.
const MISPLACED_MAX: usize = 10;

/// The parts that are there as they should be.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) config: Option<&'a Descriptor>,
    pub(crate) chart: Option<&'a Descriptor>,
    pub(crate) provenance: Option<&'a Descriptor>,
}

/// Whether it wants to be a chart.
pub(crate) fn is_chart(manifest: &Manifest) -> bool {
    let is_helm = |media_type: &str| media_type.starts_with("application/vnd.cncf.helm.");
    manifest.kind == "helm-chart"
        || manifest.artifact_type.as_deref().is_some_and(is_helm)
        || manifest.descriptors.iter().any(|part| is_helm(&part.media_type_essence()))
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
    let of_type = |types: &'static [&'static str]| {
        manifest.descriptors.iter().filter(|part| types.contains(&part.media_type.as_str()))
    };
    let charts: Vec<_> = of_type(&[CHART, CHART_LEGACY]).collect();
    if charts.len() != 1 {
        let message = format!(
            "a chart has one layer of the type {CHART}, not {}; push the chart with helm",
            charts.len()
        );
        report.find(&codes::CHART_LAYERS, message).pointer("/layers");
    }
    let provenances: Vec<&Descriptor> = of_type(&[PROVENANCE]).collect();
    if provenances.len() > 1 {
        let message = format!(
            "a chart has one provenance layer at most, not {}; push the .prov of helm package \
             --sign",
            provenances.len()
        );
        report.find(&codes::PROVENANCE_LAYERS, message).pointer("/layers");
    }
    find_misplaced(manifest, report);
    find_other(manifest, report);
    let only = |parts: &[&'a Descriptor]| match parts[..] {
        [part] if part.role == Role::Layer => Some(part),
        _ => None,
    };
    Parts { config, chart: only(&charts), provenance: only(&provenances) }
}

/// Whether there is no layer that helm would take for a provenance.
pub(crate) fn has_no_provenance(manifest: &Manifest) -> bool {
    !manifest.layers().any(|layer| layer.media_type == PROVENANCE)
}

/// helm goes by media type alone, over all that a manifest names: of two configs it takes the one
/// that it happened to copy last.
fn find_misplaced(manifest: &Manifest, report: &mut Report) {
    let misplaced = manifest.descriptors.iter().filter_map(|part| {
        let why = match (part.media_type.as_str(), part.role) {
            (CONFIG, Role::Config) | (CHART | CHART_LEGACY | PROVENANCE, Role::Layer) => None,
            (CONFIG, _) => Some("which helm takes for the chart's config wherever it stands"),
            (CHART | CHART_LEGACY, _) => Some("which helm takes for the chart wherever it stands"),
            (PROVENANCE, _) => Some("which helm takes for the provenance wherever it stands"),
            (followed, _) if FOLLOWED.contains(&followed) => {
                Some("whose own parts helm takes for the chart's")
            }
            _ => None,
        };
        why.map(|why| (part, why))
    });
    for (part, why) in misplaced.take(MISPLACED_MAX) {
        let (place, pointer) = match part.role {
            Role::Layer => (format!("layer {}", part.index), format!("/layers/{}", part.index)),
            Role::Manifest => {
                (format!("child {}", part.index), format!("/manifests/{}", part.index))
            }
            Role::Config => ("the config".to_owned(), "/config".to_owned()),
            Role::Subject => ("the subject".to_owned(), "/subject".to_owned()),
        };
        let found = Quoted(&part.media_type);
        let message = format!("{place} has the type {found}, {why}; push the chart without it");
        report.find(&codes::MISPLACED, message).pointer(&format!("{pointer}/mediaType"));
    }
}

/// Tells of a layer that helm leaves alone.
fn find_other(manifest: &Manifest, report: &mut Report) {
    let is_known = |media_type: &str| {
        matches!(media_type, CONFIG | CHART | CHART_LEGACY | PROVENANCE)
            || FOLLOWED.contains(&media_type)
    };
    let Some(layer) = manifest.layers().find(|layer| !is_known(&layer.media_type)) else { return };
    let message = format!(
        "layer {} has the type {}, which helm leaves alone; push it as an artifact of its own",
        layer.index,
        Quoted(&layer.media_type)
    );
    let pointer = format!("/layers/{}/mediaType", layer.index);
    report.find(&codes::OTHER_LAYER, message).pointer(&pointer);
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
