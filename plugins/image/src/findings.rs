//! What was found so far, within bounds.

use std::{collections::BTreeMap, fmt};

use roadstead_plugin_sdk::{Code, Report};

/// Findings of one code that are told one by one.
const OF_ONE_CODE_MAX: usize = 10;

/// A report in the making.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    report: Report,
    of_code: BTreeMap<&'static str, usize>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// none: the manifest
    blob: Option<&'a str>,
    /// an RFC 6901 JSON pointer; empty: all of it
    pointer: &'a str,
}

impl<'a> Place<'a> {
    /// The manifest as a whole.
    pub(crate) const MANIFEST: Self = Self { blob: None, pointer: "" };

    /// A part of the manifest.
    pub(crate) fn manifest(pointer: &'a str) -> Self {
        Self { blob: None, pointer }
    }

    /// A blob as a whole.
    pub(crate) fn blob(digest: &'a str) -> Self {
        Self { blob: Some(digest), pointer: "" }
    }

    /// A part of a blob, which is JSON.
    pub(crate) fn part(digest: &'a str, pointer: &'a str) -> Self {
        Self { blob: Some(digest), pointer }
    }
}

impl Findings {
    /// Adds one, as long as there are not too many of its code.
    pub(crate) fn add(&mut self, code: &Code, place: Place<'_>, message: impl fmt::Display) {
        let count = self.of_code.entry(code.id).or_default();
        if *count == OF_ONE_CODE_MAX {
            return;
        }
        *count += 1;
        let finding = self.report.find(code, message);
        if let Some(digest) = place.blob {
            finding.blob(digest);
        }
        if !place.pointer.is_empty() {
            finding.pointer(place.pointer);
        }
    }

    /// Adds a fact about the target.
    pub(crate) fn annotate(&mut self, key: &str, value: impl Into<String>) {
        self.report.annotate(key, value);
    }

    /// All of it.
    pub(crate) fn into_report(self) -> Report {
        self.report
    }
}

/// A key as it stands in a JSON pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
