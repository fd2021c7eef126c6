//! Referrers: what names a manifest as its subject (end-12), and all that leads to it.

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use roadstead_oci::{Digest, Repository};

use crate::{
    Above, Result, Storage,
    layout::{Key, Prefix},
};

/// Whether it is a descriptor of that manifest; the rest of it is for whoever reads it.
pub(crate) fn describes(descriptor: &[u8], manifest: &Digest) -> bool {
    let descriptor = serde_json::from_slice::<serde_json::Value>(descriptor).unwrap_or_default();
    descriptor["digest"] == manifest.as_str()
}

impl Storage {
    /// The descriptors of the visible manifests that name `subject`, as the API lists them, each
    /// with its digest, in the order of the digests after `last`.
    ///
    /// A descriptor holds its manifest's annotations, so all of them may be large together: they
    /// are read one by one, as far as somebody asks.
    pub async fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        last: Option<&Digest>,
    ) -> Result<impl Stream<Item = Result<(Digest, Bytes)>> + Send + use<'a>> {
        let mut referrers = self.resolver.named_in(&Prefix::Referrers(repository, subject)).await?;
        referrers.retain(|referrer| last.is_none_or(|last| referrer > last));
        Ok(stream::iter(referrers).map(Ok).try_filter_map(move |referrer| async move {
            let descriptor = self.referrer(repository, subject, &referrer).await?;
            Ok(descriptor.map(|descriptor| (referrer, descriptor)))
        }))
    }

    async fn referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        referrer: &Digest,
    ) -> Result<Option<Bytes>> {
        let entries = Prefix::ReferrerEntries(repository, subject, referrer);
        for entry in self.resolver.entries(repository, referrer, &entries).await? {
            let key = Key::Referrer(repository, subject, referrer, &entry).path();
            match self.resolver.immutable(&key).await? {
                Some(descriptor) if describes(&descriptor, referrer) => {
                    return Ok(Some(descriptor));
                }
                Some(_) => tracing::error!(key, "a descriptor is damaged; push its manifest again"),
                None => {}
            }
        }
        Ok(None)
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
