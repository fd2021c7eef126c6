//! Where a chart is pushed to: helm insists that it is the chart's own name and version.

use roadstead_chart::Metadata;
use roadstead_plugin_sdk::{Code, Manifest, Quoted, Report};

use crate::{codes, settings::Settings};

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
    if wanted.is_empty() || is_told(report, &codes::VERSION_DIFFERS) {
        return;
    }
    let problem = if settings.strict_reference {
        let other = manifest.tags.iter().find(|tag| **tag != wanted);
        other.map(|tag| format!("the tag is {}, but", Quoted(tag)))
    } else {
        // what asks for no more is remembered under all other tags
        manifest.has_other_tag(&wanted).then(|| "the tag is different, and".to_owned())
    };
    if let Some(problem) = problem {
        let version = Quoted(version);
        let message =
            format!("{problem} the chart's version is {version}; push the chart with helm");
        report.find(code, message);
    }
}
