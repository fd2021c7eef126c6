//! Referrers: what names a manifest as its subject (end-12), and all that leads to it.

use bytes::Bytes;
use futures::Stream;

use roadstead_oci::{Digest, Repository};

use crate::{Above, Result, Storage};

impl Storage {
    /// The descriptors of the visible manifests that name `subject`, as the API lists them, each
    /// with its digest, in the order of the digests after `last`.
    ///
    /// Of these artifact types only, if any are given.
    ///
    /// A descriptor holds its manifest's annotations, so all of them may be large together: no
    /// more of them are read ahead than fit into a bounded memory.
    pub async fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        last: Option<&Digest>,
        types: &'a [&'a str],
    ) -> Result<impl Stream<Item = Result<(Digest, Bytes)>> + Send + use<'a>> {
        self.resolver.referrers(repository, subject, last, types).await
    }

    /// The visible manifests that lead to `manifest`, as their subject or as a child, with tags,
    /// whether or not it is there itself. None: more than `max` manifests lead to it.
    pub async fn above(
        &self,
        repository: &Repository,
        manifest: &Digest,
        max: usize,
    ) -> Result<Option<Vec<Above>>> {
        self.resolver.above(repository, manifest, max).await
    }
}
