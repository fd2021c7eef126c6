//! Deleting manifests (end-9). The order of the steps is the crash argument of `manifests`.

use roadstead_oci::{Digest, Repository, Tag};

use crate::{
    Result, Storage,
    blobs::Deleted,
    key::{Key, unterminated},
    names::TagKey,
    sound::Claims,
};

impl Storage {
    /// Deletes a manifest with its tags, unless an index of the repository names it.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Deleted> {
        let _alone = self.locks.remove(repository).await;
        if self.claims(repository, digest).await?.visible.is_empty() {
            return Ok(Deleted::Absent);
        }
        let indexes = self.naming(repository, &Key::Parents(repository, digest), 1).await?;
        if let Some(index) = indexes.into_iter().next() {
            return Ok(Deleted::Named(index));
        }
        let name = (repository.clone(), digest.clone());
        let stored = {
            let _lock = self.locks.manifest(&name).await;
            let stored = self.stored(&name).await?;
            // first, in case a delete fails half way: whoever misses here asks the store
            self.cache.manifests.invalidate(&name);
            for claim in stored.claims.all() {
                self.backend.delete(&Key::Claim(repository, digest, claim).path()).await?;
            }
            stored
        };
        self.remove_tags_of(repository, &stored.claims).await?;
        for claim in &stored.claims.visible {
            self.backend.discard(&Key::Body(repository, digest, claim).path()).await;
        }
        // of a damaged one nobody knows what it names: its entries stay, and count no more
        if let Some(manifest) = stored.manifest() {
            if let Some(subject) = &manifest.record.subject {
                self.remove_entries(&Key::ReferrerEntries(repository, subject, digest)).await?;
            }
            for child in &manifest.record.children {
                self.remove_entries(&Key::ParentEntries(repository, child, digest)).await?;
            }
        }
        self.remove_entries(&Key::LaterVerdicts(repository, digest)).await?;
        Ok(Deleted::Done)
    }

    /// Removes the keys of each tag whose value names one of the claims. They are dead already.
    async fn remove_tags_of(&self, repository: &Repository, claims: &Claims) -> Result<()> {
        for folder in self.backend.names(&Key::Tags(repository).path()).await? {
            let Some(tag) = unterminated(&folder).and_then(|tag| Tag::parse(tag).ok()) else {
                continue;
            };
            let name = (repository.clone(), tag.clone());
            let _lock = self.locks.tag(&name).await;
            let keys = self.tag_keys(repository, &tag).await?;
            if !keys.last().is_some_and(|key: &TagKey| claims.contain(&key.claim)) {
                continue;
            }
            // the smaller ones first, or an older value would surface
            for key in &keys {
                self.backend.discard(&Key::Tag(repository, &tag, key).path()).await;
            }
            self.cache.tags.invalidate(&name);
        }
        Ok(())
    }

    async fn remove_entries(&self, folder: &Key<'_>) -> Result<()> {
        let folder = folder.path();
        for name in self.backend.names(&folder).await? {
            self.backend.discard(&format!("{folder}/{name}")).await;
        }
        Ok(())
    }
}
