//! Where findings go.

use std::fmt;

use roadstead_plugin_sdk::{Code, Finding, Report, Severity};

/// The report, and how much weight what is found has.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    report: &'a mut Report,
    is_beside: bool,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(report: &'a mut Report) -> Self {
        Self { report, is_beside: false }
    }

    /// For what stands beside something that clients verify: they pass over it, so that errors in
    /// it are warnings.
    pub(crate) fn beside(report: &'a mut Report) -> Self {
        Self { report, is_beside: true }
    }

    /// Adds a finding.
    pub(crate) fn add(&mut self, code: &Code, message: impl fmt::Display) -> &mut Finding {
        let severity = if self.is_beside { Severity::Warning } else { code.severity };
        self.report.find(&Code { severity, ..*code }, message)
    }

    /// Adds one that has its weight wherever it is found: something was taken from elsewhere.
    pub(crate) fn add_always(&mut self, code: &Code, message: impl fmt::Display) -> &mut Finding {
        self.report.find(code, message)
    }
}
