//! Reports, built finding by finding.

use crate::{Severity, bindings::roadstead::admission::types};

/// What a review found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    annotations: Vec<Annotation>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// one of the plugin's codes
    pub code: &'static str,
    /// how bad
    pub severity: Severity,
    /// what is wrong, where, what to do
    pub message: String,
    /// the blob that it is about
    pub blob: Option<String>,
    /// a path inside an archive
    pub path: Option<String>,
    /// from 1
    pub line: Option<u32>,
}

/// A fact about the target.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// at most 256 bytes
    pub key: String,
    /// at most 4 KiB
    pub value: String,
}

/// The contract allows as many.
const FINDINGS_MAX: usize = 100;

impl Report {
    /// Adds a finding; those beyond the hundredth are dropped, since a hundred refuse as well.
    pub fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// Adds a fact that was read, not proven.
    pub fn annotate(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.annotations.push(Annotation { key: key.into(), value: value.into() });
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(crate) fn into_guest(self) -> types::Report {
        let finding = |finding: Finding| types::Finding {
            code: finding.code.to_owned(),
            severity: finding.severity,
            message: finding.message,
            location: types::Location {
                blob: finding.blob,
                path: finding.path,
                pointer: None,
                line: finding.line,
            },
            properties: Vec::new(),
        };
        let annotation = |annotation: Annotation| types::Annotation {
            about: None,
            authenticated: false,
            key: annotation.key,
            value: annotation.value,
        };
        types::Report {
            findings: self.findings.into_iter().map(finding).collect(),
            annotations: self.annotations.into_iter().map(annotation).collect(),
        }
    }
}

impl Finding {
    /// The push is refused.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message.into())
    }

    /// The push succeeds with a warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message.into())
    }

    fn new(code: &'static str, severity: Severity, message: String) -> Self {
        Self { code, severity, message, blob: None, path: None, line: None }
    }

    /// Says which file in an archive it is about.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}
