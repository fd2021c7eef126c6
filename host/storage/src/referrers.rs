//! Referrers: what names a manifest as its subject (end-12).

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use roadstead_oci::{Digest, Repository};

use crate::{
    Result, Storage,
    key::{Key, undashed},
    names::Entry,
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
        let names = self.backend.names(&Key::Referrers(repository, subject).path()).await?;
        let mut referrers: Vec<_> = names.iter().filter_map(|name| undashed(name)).collect();
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
        let entries = Key::ReferrerEntries(repository, subject, referrer).path();
        for name in self.backend.names(&entries).await? {
            let Some(entry) = Entry::parse(&name) else { continue };
            if !self.is_visible(repository, referrer, &entry.claim).await? {
                continue;
            }
            let key = Key::Referrer(repository, subject, referrer, &entry).path();
            match self.immutable(&key).await? {
                Some(descriptor) if describes(&descriptor, referrer) => {
                    return Ok(Some(descriptor));
                }
                Some(_) => tracing::error!(key, "a descriptor is damaged; push its manifest again"),
                None => {}
            }
        }
        Ok(None)
    }
}
