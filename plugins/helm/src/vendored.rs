//! The charts within a chart, and the dependencies that should be there.

use std::collections::BTreeSet;

use roadstead_chart::{Metadata, Value, sanitised};
use roadstead_plugin_sdk::{Code, Quoted, Report};

use crate::{
    codes,
    layer::{Contents, Layer, Vendored},
    validate::Claims,
};

/// Findings of one code.
const FINDINGS_MAX: usize = 10;

/// Looks at all charts within the chart, which helm loads with it.
pub(crate) fn check(layer: &Layer, metadata: &Metadata, report: &mut Report) {
    let mut check = Check { layer, report };
    let names = check.charts(&layer.contents, &layer.top);
    check.dependencies(metadata, &names);
    check.lock(metadata);
}

struct Check<'a> {
    layer: &'a Layer,
    report: &'a mut Report,
}

impl Check<'_> {
    /// The names of those that helm would load.
    fn charts(&mut self, contents: &Contents, path: &str) -> BTreeSet<String> {
        let charts = contents.vendored.iter();
        charts
            .filter_map(|(name, chart)| self.chart(chart, &format!("{path}/charts/{name}")))
            .collect()
    }

    fn chart(&mut self, chart: &Vendored, path: &str) -> Option<String> {
        self.charts(&chart.contents, path);
        let file = format!("{path}/Chart.yaml");
        if chart.contents.charts.is_empty() {
            if !chart.is_told && !chart.contents.is_cut {
                let message = format!(
                    "{} is not a chart because it has no Chart.yaml, and helm does not load a \
                     chart with such an entry in charts; remove it",
                    Quoted(path)
                );
                self.find(&codes::NO_CHART, message, path, 0);
            }
            return None;
        }
        let metadata = match Metadata::read(&chart.contents.charts, &chart.contents.requirements) {
            Ok(metadata) => metadata,
            Err(unreadable) => {
                let invalid = unreadable.invalid;
                let file = format!("{path}/{}", unreadable.file);
                let message = invalid.message(unreadable.file);
                self.find(&codes::CHART_YAML, message, &file, invalid.line);
                return None;
            }
        };
        for problem in Claims::of(&metadata, &codes::VERSION_LENIENT).problems() {
            // helm 4 looks at the apiVersion of the chart that it installs, not of those within
            if problem.code.id != codes::API_VERSION_UNKNOWN.id {
                let line = metadata.line(problem.field).unwrap_or(0);
                self.find(problem.code, problem.why, &file, line);
            }
        }
        Some(metadata.name())
    }

    /// helm goes by name alone.
    fn dependencies(&mut self, metadata: &Metadata, names: &BTreeSet<String>) {
        let Value::List(dependencies) = metadata.field("dependencies") else { return };
        if !self.layer.is_whole {
            return; // it may be in what was not read, and that was told
        }
        for dependency in dependencies {
            let name = sanitised(dependency.entry("name").text());
            if *dependency != Value::Absent && !names.contains(&name) {
                let message = format!(
                    "the dependency {} is not in the chart, and helm does not install the chart \
                     without it; run helm dependency build",
                    Quoted(&name)
                );
                let path = self.layer.path("Chart.yaml");
                self.find(&codes::NOT_VENDORED, message, &path, 0);
            }
        }
    }

    fn lock(&mut self, metadata: &Metadata) {
        let Some(lock) = &self.layer.contents.lock else { return };
        if lock.is_outdated(metadata) == Some(true) {
            let message = "the lock file does not match the dependencies in Chart.yaml; run helm \
                           dependency update";
            self.find(&codes::LOCK_OUTDATED, message.to_owned(), &lock.path, 0);
        }
    }

    fn find(&mut self, code: &'static Code, message: String, path: &str, line: u32) {
        let told = self.report.findings().iter().filter(|found| found.code() == code.id).count();
        if told < FINDINGS_MAX {
            let path = &path[..path.floor_char_boundary(1024)];
            let found = self.report.find(code, message).blob(&self.layer.digest).path(path);
            if line > 0 {
                found.line(line);
            }
        }
    }
}
