//! Where a chart is pushed to: helm insists that it is the chart's own name and version.

use roadstead_plugin_sdk::{Code, Manifest, Quoted, Report};

use crate::{codes, metadata::Metadata, settings::Settings};

/// Finds a repository or a tag that helm itself would not push the chart to. helm pushes by digest
/// first, with no tag at all.
pub(crate) fn check(
    manifest: &Manifest,
    metadata: &Metadata,
    settings: &Settings,
    report: &mut Report,
) {
    let code = if settings.strict_reference { &codes::REFERENCE_STRICT } else { &codes::REFERENCE };
    // what the config says as well is told once
    let is_told = |report: &Report, code: &Code| {
        !settings.strict_reference && report.findings().iter().any(|found| found.code() == code.id)
    };
    let (name, version) = (metadata.name(), metadata.text("version"));
    let last = manifest.repository.rsplit('/').next().unwrap_or_default();
    // without a name or a version the chart is refused for that
    if last != name && !name.is_empty() && !is_told(report, &codes::NAME_DIFFERS) {
        let message = format!(
            "the repository ends with {}, but the chart's name is {}; push the chart with helm",
            Quoted(last),
            Quoted(&name)
        );
        report.find(code, message);
    }
    // tags can't have a plus
    let wanted = version.replace('+', "_");
    let other = manifest.tags.iter().find(|tag| **tag != wanted && !wanted.is_empty());
    if let Some(tag) = other.filter(|_| !is_told(report, &codes::VERSION_DIFFERS)) {
        let message = format!(
            "the tag is {}, but the chart's version is {}; push the chart with helm",
            Quoted(tag),
            Quoted(version)
        );
        report.find(code, message);
    }
}
