//! What a plugin may read, as the engine asks for it.

use std::ops::Range;

use bytes::Bytes;
use futures::future::BoxFuture;

use roadstead_oci::{Descriptor, Digest};

use crate::Annotation;

/// Where a review's content comes from. The engine asks only for what the target names.
pub trait Content: Send + Sync {
    /// The size in bytes of a blob or manifest, or none if it is not there.
    fn size<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>>;

    /// Bytes of it; the range lies within its size. Fewer are asked for again; none, or more,
    /// are an error.
    fn read<'a>(
        &'a self,
        digest: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>>;

    /// Seconds since the epoch, when the review begins.
    fn now(&self) -> u64;

    /// How often damage was mended: what was read before may have been other bytes than a digest
    /// says.
    fn mended(&self) -> u64 {
        0
    }

    /// A manifest of the same repository.
    fn manifest<'a>(
        &'a self,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>>;

    /// The manifests of the same repository that name `subject`, of the given type only if any.
    /// None if they take more than `bytes_max` bytes, as a list shows them.
    fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        bytes_max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>>;

    /// What a plugin, by the policy's name for it, recorded about a manifest.
    fn annotations<'a>(
        &'a self,
        manifest: &'a Digest,
        plugin: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Annotation>, ContentError>>;
}

/// A manifest as a list shows it.
pub type Listed = Descriptor;

/// The source of content failed; a retry may cure it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ContentError(pub String);

/// Why a guest gets no content.
#[derive(Clone, Debug)]
pub(crate) enum ReadError {
    /// the target does not name that digest
    NotNamed(String),
    /// it does, and nothing of it is here
    Absent(String),
    /// the review's budget of bytes is spent
    Budget,
    /// the store failed
    Io(String),
    /// not valid gzip or zstd
    Encoding(String),
    /// decoded, it is larger than it may be
    TooLarge(String),
}
