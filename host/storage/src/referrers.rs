//! Referrers: what names a manifest as its subject (end-12).

use bytes::Bytes;

use roadstead_oci::{Digest, Repository};

use crate::{
    Result, Storage,
    key::{Key, undashed},
    names::Entry,
};

impl Storage {
    /// The descriptors of the visible manifests that name `subject`, as the API lists them, each
    /// with its digest, in the order of the digests after `last`.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
        last: Option<&Digest>,
    ) -> Result<Vec<(Digest, Bytes)>> {
        let mut found = Vec::new();
        for name in self.backend.names(&Key::Referrers(repository, subject).path()).await? {
            let Some(referrer) = undashed(&name) else { continue };
            if last.is_some_and(|last| referrer <= *last) {
                continue;
            }
            let entries = Key::ReferrerEntries(repository, subject, &referrer).path();
            for name in self.backend.names(&entries).await? {
                let Some(entry) = Entry::parse(&name) else { continue };
                if !self.is_visible(repository, &referrer, &entry.claim).await? {
                    continue;
                }
                let key = Key::Referrer(repository, subject, &referrer, &entry).path();
                if let Some(descriptor) = self.immutable(&key).await? {
                    found.push((referrer, descriptor));
                    break;
                }
            }
        }
        Ok(found)
    }
}
