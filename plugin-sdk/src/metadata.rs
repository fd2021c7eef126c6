//! What a plugin says about itself.

use schemars::SchemaGenerator;

use crate::{
    Plugin, Property, Severity, Target,
    bindings::exports::roadstead::admission::reviewer::{self, Targets},
};

/// Something that a plugin may find. Its meaning never changes; a policy names it by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// stable, such as `RSH012`
    pub id: &'static str,
    /// before the policy changes it
    pub severity: Severity,
    /// one line
    pub summary: &'static str,
    /// why it matters, an example, how to fix it; Markdown
    pub explanation: &'static str,
}

impl Code {
    /// A code whose findings refuse the push.
    pub const fn error(id: &'static str, summary: &'static str, explanation: &'static str) -> Self {
        Self { id, severity: Severity::Error, summary, explanation }
    }

    /// A code whose findings let the push through, with a warning.
    pub const fn warning(
        id: &'static str,
        summary: &'static str,
        explanation: &'static str,
    ) -> Self {
        Self { id, severity: Severity::Warning, summary, explanation }
    }
}

/// What a plugin is, what it looks at, and what it may find.
#[derive(Clone, Debug)]
pub struct Metadata(reviewer::Metadata);

impl Metadata {
    /// `name`: stable over versions; lower case, digits and `-`. `version`: semantic, most often
    /// `env!("CARGO_PKG_VERSION")`. Say with [`reviews_manifests`](Self::reviews_manifests) or
    /// [`reviews_blobs`](Self::reviews_blobs) what it looks at.
    pub fn new(name: &str, version: &str, description: &str) -> Self {
        Self(reviewer::Metadata {
            name: name.to_owned(),
            version: version.to_owned(),
            description: description.to_owned(),
            targets: Targets::empty(),
            media_types: Vec::new(),
            settings_schema: None,
            codes: Vec::new(),
            properties: Vec::new(),
        })
    }

    /// It reviews manifests, with all that they name.
    #[must_use]
    pub fn reviews_manifests(mut self) -> Self {
        self.0.targets |= Targets::MANIFESTS;
        self
    }

    /// It reviews single layers or configs.
    #[must_use]
    pub fn reviews_blobs(mut self) -> Self {
        self.0.targets |= Targets::BLOBS;
        self
    }

    /// The media types that it understands, as globs: advice for whoever writes the policy.
    #[must_use]
    pub fn media_types(mut self, globs: &[&str]) -> Self {
        self.0.media_types.extend(globs.iter().map(ToString::to_string));
        self
    }

    /// All that it may find: a report with another code is malformed.
    #[must_use]
    pub fn codes(mut self, codes: &[Code]) -> Self {
        self.0.codes.extend(codes.iter().map(|code| reviewer::Code {
            id: code.id.to_owned(),
            severity: code.severity,
            summary: code.summary.to_owned(),
            explanation: code.explanation.to_owned(),
        }));
        self
    }

    /// Anything else: licence, source.
    #[must_use]
    pub fn property(mut self, key: &str, value: &str) -> Self {
        self.0.properties.push(Property { key: key.to_owned(), value: value.to_owned() });
        self
    }

    /// Whether a finding may have this code.
    pub fn declares(&self, id: &str) -> bool {
        self.0.codes.iter().any(|code| code.id == id)
    }

    /// Whether a policy may send it that.
    pub fn reviews(&self, target: &Target) -> bool {
        self.0.targets.contains(match target {
            Target::Manifest(_) => Targets::MANIFESTS,
            Target::Blob(_) => Targets::BLOBS,
        })
    }

    /// With the JSON Schema (2020-12) of the plugin's settings, if it has any.
    pub(crate) fn into_wire<P: Plugin>(self) -> reviewer::Metadata {
        let schema = SchemaGenerator::default().into_root_schema_for::<P::Settings>();
        let takes_some = schema.get("properties").is_some() || schema.get("$ref").is_some();
        let settings_schema = takes_some.then(|| schema.to_value().to_string());
        reviewer::Metadata { settings_schema, ..self.0 }
    }
}
