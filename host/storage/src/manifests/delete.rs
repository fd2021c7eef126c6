//! Deleting manifests (end-9). The order of the steps is the crash argument of `manifests`.

use futures::{TryStreamExt, stream};

use roadstead_oci::{Digest, Repository};

use crate::{
    Result, Storage,
    blobs::Deleted,
    layout::{Key, Prefix},
};

/// Folders that entries are removed from at a time.
const FOLDERS_AT_ONCE: usize = 16;

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
        let (tags, record);
        let (stored, listing) = {
            let held = self.resolver.hold_manifest(&name).await;
            let stored = held.examine().await?;
            tags = self.resolver.tags_of(repository, |claim| stored.claims.contain(claim)).await?;
            // first, in case a delete fails half way
            held.is_gone();
            record = stored.manifest().map(|manifest| manifest.record());
            let listing = self.resolver.unlists(&name, record.as_ref());
            for claim in stored.claims.all() {
                self.backend.delete(&Key::Claim(repository, digest, claim).path()).await?;
            }
            (stored, listing)
        };
        listing.settled(None);
        self.resolver.remove_tags(repository, tags, &stored.claims).await?;
        unsure.settled();
        self.resolver.claims_nothing(repository, stored.claims.all());
        for claim in &stored.claims.visible {
            self.backend.discard(&Key::Body(repository, digest, claim).path()).await;
        }
        // of a damaged one nobody knows what it names: its entries stay, and count no more
        if let Some(record) = &record {
            let subject = record.subject.iter().map(|of| Prefix::Referrers(repository, of));
            let children = record.children.iter().map(|of| Prefix::Parents(repository, of));
            let claims: Vec<_> = stored.claims.all().cloned().collect();
            let remove = async |folder: Prefix<'_>| {
                for entry in self.resolver.entries_of(&folder, digest, &claims).await? {
                    self.backend.discard(&folder.with(entry)).await;
                }
                Ok(())
            };
            let folders = stream::iter(subject.chain(children).map(Ok));
            folders.try_for_each_concurrent(FOLDERS_AT_ONCE, remove).await?;
        }
        let verdicts = Prefix::LaterVerdicts(repository, digest);
        for name in self.resolver.names(&verdicts).await? {
            self.backend.discard(&verdicts.with(name)).await;
        }
        Ok(Deleted::Done)
    }
}
