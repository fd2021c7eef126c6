//! Deleting manifests (end-9). The order of the steps is the crash argument of `manifests`.

use roadstead_oci::{Digest, Repository};

use crate::{
    Result, Storage,
    blobs::Deleted,
    layout::{Key, Prefix},
};

impl Storage {
    /// Deletes a manifest with its tags, unless an index of the repository names it.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Deleted> {
        // before anybody has to wait
        self.resolver.index(repository).await?;
        let _alone = self.resolver.remove(repository).await;
        if self.resolver.claims(repository, digest).await?.visible.is_empty() {
            return Ok(Deleted::Absent);
        }
        let indexes =
            self.resolver.naming(repository, &Prefix::Parents(repository, digest), 1).await?;
        if let Some(index) = indexes.into_iter().next() {
            return Ok(Deleted::Named(index));
        }
        let name = (repository.clone(), digest.clone());
        let unsure = self.resolver.unsure(repository);
        let tags;
        let stored = {
            let held = self.resolver.hold_manifest(&name).await;
            let stored = held.examine().await?;
            tags = self.resolver.tags_of(repository, |claim| stored.claims.contain(claim)).await?;
            // first, in case a delete fails half way
            held.is_gone();
            for claim in stored.claims.all() {
                self.backend.delete(&Key::Claim(repository, digest, claim).path()).await?;
            }
            stored
        };
        self.resolver.remove_tags(repository, tags, &stored.claims).await?;
        unsure.settled();
        self.resolver.claims_nothing(repository, stored.claims.all());
        for claim in &stored.claims.visible {
            self.backend.discard(&Key::Body(repository, digest, claim).path()).await;
        }
        // of a damaged one nobody knows what it names: its entries stay, and count no more
        if let Some(manifest) = stored.manifest() {
            let record = manifest.record();
            if let Some(subject) = &record.subject {
                self.remove_entries(&Prefix::ReferrerEntries(repository, subject, digest)).await?;
            }
            for child in &record.children {
                self.remove_entries(&Prefix::ParentEntries(repository, child, digest)).await?;
            }
        }
        self.remove_entries(&Prefix::LaterVerdicts(repository, digest)).await?;
        Ok(Deleted::Done)
    }

    async fn remove_entries(&self, folder: &Prefix<'_>) -> Result<()> {
        for name in self.resolver.names(folder).await? {
            self.backend.discard(&folder.with(name)).await;
        }
        Ok(())
    }
}
