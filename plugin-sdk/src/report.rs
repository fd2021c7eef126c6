//! What a review found.

use std::{collections::BTreeSet, fmt};

use crate::{
    Code, Failure, Property, Severity, bindings::roadstead::admission::types, text::one_line,
};

/// Findings of a report that the host takes.
const FINDINGS_MAX: usize = 100;
/// Bytes of a message, after which the host cuts it.
const MESSAGE_BYTES_MAX: usize = 300;
/// Annotations of a report, and bytes of their parts.
const ANNOTATIONS_MAX: usize = 64;
const KEY_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 4 << 10;

/// What a review found. Without an error it accepts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    findings: Vec<Finding>,
    annotations: Vec<Annotation>,
}

/// Something that a review found. A report holds at most 100; of more one of each code goes first,
/// then the errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding(types::Finding);

/// A fact that the registry keeps with the artifact, and that policies may require.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation(types::Annotation);

impl Report {
    /// Nothing found yet: it accepts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding. `message`: one sentence for the person who pushed; what is wrong, where,
    /// what to do. Policy, rule and code are put around it by the host.
    pub fn find(&mut self, code: &Code, message: impl fmt::Display) -> &mut Finding {
        self.findings.push(Finding(types::Finding {
            code: code.id.to_owned(),
            severity: code.severity,
            message: one_line(&message.to_string(), MESSAGE_BYTES_MAX),
            location: types::Location { blob: None, path: None, pointer: None, line: None },
            properties: Vec::new(),
        }));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Adds a fact about the target: a key of at most 256 bytes, a value of at most 4 KiB.
    pub fn annotate(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> &mut Annotation {
        self.annotations.push(Annotation(types::Annotation {
            about: None,
            authenticated: false,
            key: key.into(),
            value: value.into(),
        }));
        let last = self.annotations.len() - 1;
        &mut self.annotations[last]
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The facts so far.
    pub fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }

    /// Whether a finding is an error.
    pub fn rejects(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity() == Severity::Error)
    }

    /// Bounded as the contract wants it. Too many or too large facts are a defect of the plugin: a
    /// cut one would say something else.
    pub(crate) fn into_wire(mut self) -> Result<types::Report, Failure> {
        if self.findings.len() > FINDINGS_MAX {
            // A policy goes by codes: many findings of one that it ignores must not push out the
            // only one of another.
            let mut known = BTreeSet::new();
            let rank = |finding: &Finding| {
                let is_known = !known.insert(finding.code().to_owned());
                (is_known, finding.severity() != Severity::Error)
            };
            let ranks: Vec<_> = self.findings.iter().map(rank).collect();
            let mut ranked: Vec<_> = ranks.into_iter().zip(self.findings).collect();
            ranked.sort_by_key(|(rank, _)| *rank);
            ranked.truncate(FINDINGS_MAX);
            self.findings = ranked.into_iter().map(|(_, finding)| finding).collect();
        }
        let too_large = |annotation: &Annotation| {
            annotation.0.key.len() > KEY_BYTES_MAX || annotation.0.value.len() > VALUE_BYTES_MAX
        };
        if self.annotations.len() > ANNOTATIONS_MAX || self.annotations.iter().any(too_large) {
            return Err(Failure::Internal("more annotations than the contract allows".to_owned()));
        }
        Ok(types::Report {
            findings: self.findings.into_iter().map(|finding| finding.0).collect(),
            annotations: self.annotations.into_iter().map(|annotation| annotation.0).collect(),
        })
    }
}

impl Finding {
    /// It is about this blob, and not the manifest.
    pub fn blob(&mut self, digest: &str) -> &mut Self {
        self.0.location.blob = Some(digest.to_owned());
        self
    }

    /// It is about this path inside the archive.
    pub fn path(&mut self, path: &str) -> &mut Self {
        self.0.location.path = Some(path.to_owned());
        self
    }

    /// It is about this RFC 6901 JSON pointer.
    pub fn pointer(&mut self, pointer: &str) -> &mut Self {
        self.0.location.pointer = Some(pointer.to_owned());
        self
    }

    /// It is about this line, counted from 1.
    pub fn line(&mut self, line: u32) -> &mut Self {
        self.0.location.line = Some(line);
        self
    }

    /// Adds open-ended data for machines.
    pub fn property(&mut self, key: &str, value: &str) -> &mut Self {
        self.0.properties.push(Property { key: key.to_owned(), value: value.to_owned() });
        self
    }

    /// The id of its code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Before the policy changes it.
    pub fn severity(&self) -> Severity {
        self.0.severity
    }

    /// One sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in an archive, if anywhere.
    pub fn found_path(&self) -> Option<&str> {
        self.0.location.path.as_deref()
    }

    /// On which line, if any.
    pub fn found_line(&self) -> Option<u32> {
        self.0.location.line
    }
}

impl Annotation {
    /// It is about another manifest, such as the image that a signature signs.
    pub fn about(&mut self, digest: &str) -> &mut Self {
        self.0.about = Some(digest.to_owned());
        self
    }

    /// It is proven by cryptography against configured trust, and not merely read.
    pub fn authenticated(&mut self) -> &mut Self {
        self.0.authenticated = true;
        self
    }

    /// What it is called; the host puts the policy's name for the plugin before it.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// What it says.
    pub fn value(&self) -> &str {
        &self.0.value
    }

    /// The other manifest that it is about, if it is.
    pub fn found_about(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// Whether it is proven.
    pub fn is_authenticated(&self) -> bool {
        self.0.authenticated
    }
}

impl From<types::Annotation> for Annotation {
    fn from(annotation: types::Annotation) -> Self {
        Self(annotation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: Code = Code::error("T001", "wrong", "");
    const ODD: Code = Code::warning("T002", "odd", "");

    #[test]
    fn of_too_many_findings_the_errors_stay() {
        let mut report = Report::new();
        for _ in 0..150 {
            report.find(&ODD, "odd");
        }
        assert!(!report.rejects());
        report.find(&WRONG, "x".repeat(999));
        assert!(report.rejects());
        let wire = report.into_wire().unwrap();
        assert_eq!((wire.findings.len(), wire.findings[0].code.as_str()), (100, "T001"));
        assert_eq!(wire.findings[0].message.len(), 300);
    }

    #[test]
    fn of_too_many_findings_one_of_each_code_stays() {
        let mut report = Report::new();
        for _ in 0..150 {
            report.find(&WRONG, "wrong");
        }
        report.find(&ODD, "odd");
        let wire = report.into_wire().unwrap();
        assert_eq!(wire.findings.len(), 100);
        assert!(wire.findings.iter().any(|finding| finding.code == "T002"));
    }

    #[test]
    fn a_fact_is_never_cut() {
        let mut report = Report::new();
        report.annotate("key", "x".repeat(5000)).about("sha256:00").authenticated();
        assert!(matches!(report.into_wire(), Err(Failure::Internal(_))));
    }
}
