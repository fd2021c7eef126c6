//! What all archives of a chart share: findings, and bounds.

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{Code, Report};

use super::path::PATH_BYTES_MAX;

/// Findings of one code that are told. The walk goes on: a policy may ignore that code, and then
/// the others count.
const FINDINGS_MAX: u32 = 10;
/// Bytes of the archives within the chart, with their headers.
const WITHIN_BYTES_MAX: u64 = 132 << 20;
/// Bytes of all Chart.yaml and requirements.yaml, which are kept.
const CHARTS_BYTES_MAX: usize = 16 << 20;
/// Bytes of all values and locks. They are looked at for what stops helm; what lies beyond is not.
const YAML_BYTES_MAX: usize = 16 << 20;

/// Findings about one layer.
#[derive(Debug)]
pub(super) struct Found<'r> {
    digest: String,
    report: &'r mut Report,
    /// how often each code was found
    told: BTreeMap<&'static str, u32>,
    /// of all archives: files and folders
    pub(super) names: usize,
    /// of all archives: bytes of paths
    pub(super) paths_bytes: usize,
    /// what archives within may still hold
    pub(super) within_left: u64,
    /// what may still be read of Chart.yaml and requirements.yaml
    pub(super) charts_left: usize,
    /// of values and locks
    pub(super) yaml_left: usize,
}

impl<'r> Found<'r> {
    pub(super) fn new(digest: &str, report: &'r mut Report) -> Self {
        Self {
            digest: digest.to_owned(),
            report,
            told: BTreeMap::new(),
            names: 0,
            paths_bytes: 0,
            within_left: WITHIN_BYTES_MAX,
            charts_left: CHARTS_BYTES_MAX,
            yaml_left: YAML_BYTES_MAX,
        }
    }

    /// Tells of something. `path`: empty for the layer as a whole. `line`: 0 for no line.
    pub(super) fn find(&mut self, code: &'static Code, message: String, path: &str, line: u32) {
        let told = self.told.entry(code.id).or_default();
        *told += 1;
        if *told > FINDINGS_MAX {
            return;
        }
        let finding = self.report.find(code, message).blob(&self.digest);
        if !path.is_empty() {
            finding.path(&path[..path.floor_char_boundary(PATH_BYTES_MAX)]);
        }
        if line > 0 {
            finding.line(line);
        }
    }
}
