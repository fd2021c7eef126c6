//! What goes into a review and what comes out, in this crate's own words: versions of the
//! contract convert from and to these.

use std::time::Duration;

use bytes::Bytes;

use roadstead_oci::{Descriptor, Digest, Role};

use crate::{Push, Question, ReviewError};

/// What a plugin says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// stable over versions
    pub name: String,
    /// semantic version
    pub version: String,
    /// one paragraph
    pub description: String,
    /// whether it reviews manifests
    pub manifests: bool,
    /// whether it reviews blobs
    pub blobs: bool,
    /// media types that it understands, as globs
    pub media_types: Vec<String>,
    /// JSON Schema of its settings; none: it takes none
    pub settings_schema: Option<String>,
    /// what it can find
    pub codes: Vec<Code>,
}

/// Something that a plugin can find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// stable, such as `RSH012`
    pub id: String,
    /// before the policy changes it
    pub severity: Severity,
    /// one line
    pub summary: String,
    /// Markdown
    pub explanation: String,
}

/// What is reviewed.
#[derive(Clone, Debug)]
pub enum Target {
    /// a manifest, with all that it names
    Manifest(ManifestTarget),
    /// one layer or config
    Blob(BlobTarget),
}

/// A manifest under review.
#[derive(Clone, Debug)]
pub struct ManifestTarget {
    /// its digest
    pub digest: Digest,
    /// its media type
    pub media_type: String,
    /// `artifactType`, else the config's media type
    pub artifact_type: Option<String>,
    /// what the host takes it for
    pub kind: String,
    /// the exact bytes
    pub bytes: Bytes,
    /// key and value
    pub annotations: Vec<(String, String)>,
    /// everything that it names
    pub descriptors: Vec<Named>,
    /// where it is pushed to
    pub repository: String,
    /// how it is pushed, which a review has to ask for
    pub push: Push,
}

/// A descriptor with its part in the manifest.
#[derive(Clone, Debug)]
pub struct Named {
    /// its part
    pub role: Role,
    /// its position there
    pub index: u32,
    /// the descriptor
    pub descriptor: Descriptor,
}

/// A blob under review.
#[derive(Clone, Debug)]
pub struct BlobTarget {
    /// its digest
    pub digest: Digest,
    /// as the manifest calls it
    pub media_type: String,
    /// bytes
    pub size: u64,
}

/// How bad a finding is, as the plugin sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// worth a warning
    Warning,
    /// refuse it
    Error,
}

/// Something that a plugin finds wrong with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// an error refuses the settings
    pub severity: Severity,
    /// RFC 6901 JSON pointer into the settings
    pub pointer: String,
    /// what is wrong and what to do
    pub message: String,
}

/// Where a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// none: the manifest
    pub blob: Option<String>,
    /// a path inside an archive
    pub path: Option<String>,
    /// an RFC 6901 JSON pointer
    pub pointer: Option<String>,
    /// from 1
    pub line: Option<u32>,
}

/// Something that a plugin found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// one of the plugin's codes
    pub code: String,
    /// before the policy changes it
    pub severity: Severity,
    /// what is wrong, where, what to do; at most 300 bytes
    pub message: String,
    /// where
    pub location: Location,
    /// Open-ended: key, at most 256 bytes, and value, at most 4 KiB. At most 16, and as the plugin
    /// wrote them: whoever prints them looks out for control characters.
    pub properties: Vec<(String, String)>,
}

/// A fact that a plugin established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// another manifest; none: the target
    pub about: Option<Digest>,
    /// proven, or merely read
    pub authenticated: bool,
    /// at most 256 bytes
    pub key: String,
    /// at most 4 KiB
    pub value: String,
}

/// What a review found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// at most 100
    pub findings: Vec<Finding>,
    /// at most 64
    pub annotations: Vec<Annotation>,
}

/// The end of a review.
#[derive(Clone, Debug)]
pub struct Review {
    /// What the plugin found; none: outside its remit, as if it had not run. Or why it did not
    /// judge, which is no rejection.
    pub outcome: Result<Option<Report>, ReviewError>,
    /// Whether the same inputs give the same outcome, so that it may be remembered: nothing was
    /// asked of `context`, nothing was absent, and a failure is a property of the content. What
    /// was `asked` is among the inputs.
    pub memoisable: bool,
    /// What it asked about the push, in that order: for the same answers it ends in the same way.
    /// At most 16 different questions.
    pub asked: Vec<Question>,
    /// what it cost
    pub statistics: Statistics,
}

/// What a review cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    /// waiting for its turn
    pub queue: Duration,
    /// from then on
    pub duration: Duration,
    /// linear memory at its most
    pub memory_bytes: usize,
    /// bytes read from the content, as they are stored
    pub read_bytes: u64,
    /// calls to the host
    pub host_calls: u32,
}
