//! Chart.yaml against the config: what is installed against what is shown.

use roadstead_chart::Metadata;
use roadstead_plugin_sdk::{Code, Quoted, Report};

use crate::{
    codes,
    compare::{self, Difference},
    config::Config,
    layer::Layer,
    settings::Settings,
    validate::Claims,
};

/// Reads the metadata that helm would install.
pub(crate) fn read(layer: &Layer, report: &mut Report) -> Option<Metadata> {
    if layer.contents.charts.is_empty() {
        if layer.is_whole {
            let message = "the chart has no Chart.yaml in its folder; package it with helm package";
            report.find(&codes::NO_CHART_YAML, message).blob(&layer.digest);
        }
        return None;
    }
    match Metadata::read(&layer.contents.charts, &layer.contents.requirements) {
        Ok(metadata) => {
            if let Some(line) = metadata.infinite_line() {
                let message = "helm 4 can't read Chart.yaml: a value is infinite or not a number, \
                               which JSON does not have; put it in quotes";
                let found = report.find(&codes::CHART_YAML, message);
                found.blob(&layer.digest).path(&layer.path("Chart.yaml")).line(line);
            }
            Some(metadata)
        }
        Err(unreadable) => {
            let (file, invalid) = (unreadable.file, unreadable.invalid);
            let message = invalid.message(file);
            let found = report.find(&codes::CHART_YAML, message);
            found.blob(&layer.digest).path(&layer.path(file));
            if invalid.line > 0 {
                found.line(invalid.line);
            }
            None
        }
    }
}

/// Finds what helm would find when it validates the metadata.
pub(crate) fn validate(
    layer: &Layer,
    metadata: &Metadata,
    settings: &Settings,
    report: &mut Report,
) {
    let Layer { digest, top, .. } = layer;
    for problem in Claims::of(metadata, settings.lenient_version()).problems() {
        let found = report.find(problem.code, problem.why);
        let pointer = format!("/{}", problem.field);
        found.blob(digest).path(&format!("{top}/Chart.yaml")).pointer(&pointer);
        if let Some(line) = metadata.line(problem.field) {
            found.line(line);
        }
    }
    let name = metadata.name();
    // without a name the chart is refused for that
    if *top != name && !name.is_empty() {
        let message = format!(
            "the chart is in the folder {}, but its name is {}; package it with helm package",
            Quoted(top),
            Quoted(&name)
        );
        report.find(&codes::FOLDER, message).blob(digest);
    }
}

/// Compares each field of the metadata with the config.
pub(crate) fn compare(layer: &Layer, metadata: &Metadata, config: &Config, report: &mut Report) {
    let Layer { digest, .. } = layer;
    let path = layer.path("Chart.yaml");
    let compared = compare::compare(metadata, config.fields());
    if let Some(names) = compared.unsaid_names() {
        let message = format!(
            "the config lacks {names}, which Chart.yaml has; push the chart with helm, which makes \
             the config from Chart.yaml"
        );
        report.find(&codes::CONFIG_THIN, message).blob(digest).path(&path);
    }
    if compared.has_other_order {
        let message = "the config lists the dependencies in a different order than Chart.yaml; \
                       push the chart with helm, which makes the config from Chart.yaml";
        let found = report.find(&codes::METADATA_DIFFER, message);
        found.blob(digest).path(&path).pointer("/dependencies");
    }
    for (name, found) in compared.contradicted {
        let told = found.told(name, ("Chart.yaml", &found.chart), ("the config", &found.other));
        let message = format!(
            "{told}; push the chart with helm, which makes the config from \
                               Chart.yaml"
        );
        let Difference { pointer, line, .. } = found;
        let found = report.find(code(name), message);
        found.blob(digest).path(&path).pointer(&format!("/{name}{pointer}"));
        if line > 0 {
            found.line(line);
        }
    }
}

fn code(field: &str) -> &'static Code {
    match field {
        "name" => &codes::NAME_DIFFERS,
        "version" => &codes::VERSION_DIFFERS,
        "apiVersion" => &codes::API_VERSION_DIFFERS,
        "type" => &codes::TYPE_DIFFERS,
        "dependencies" => &codes::DEPENDENCIES_DIFFER,
        _ => &codes::METADATA_DIFFER,
    }
}
