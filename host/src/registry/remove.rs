//! Removing manifests and tags.

use roadstead_oci::{Reference, Repository};
use roadstead_storage::{Deleted, Result};

use super::Registry;

impl Registry {
    /// Removes a tag, or by its digest a manifest with all of its tags.
    pub async fn remove(&self, repository: &Repository, reference: &Reference) -> Result<Deleted> {
        match reference {
            Reference::Tag(tag) => Ok(match self.storage.delete_tag(repository, tag).await? {
                true => Deleted::Done,
                false => Deleted::Absent,
            }),
            Reference::Digest(digest) => self.storage.delete_manifest(repository, digest).await,
        }
    }
}
