//! Tags and the catalog: what a client finds by name.

use std::sync::Arc;

use serde_json::json;

use roadstead_oci::{Reference, Repository, Tag};

use crate::{Limit, Manifest, Page, Result, Storage};

impl Storage {
    /// The manifest of that tag or digest (end-3).
    pub async fn referenced(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<Arc<Manifest>>> {
        match reference {
            Reference::Tag(tag) => self.tagged(repository, tag).await,
            Reference::Digest(digest) => self.manifest(repository, digest).await,
        }
    }

    /// The manifest that the tag points at (end-3).
    pub async fn tagged(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<Option<Arc<Manifest>>> {
        self.resolver.tagged(repository, tag).await
    }

    /// The tags after `last` that the limit has room for, in byte order (end-8): those that a GET
    /// would find.
    pub async fn tags(
        &self,
        repository: &Repository,
        last: Option<&str>,
        limit: impl Into<Limit>,
    ) -> Result<Page<Tag>> {
        self.resolver.tags(repository, last, limit.into()).await
    }

    /// Deletes a tag and leaves its manifest (end-9). False: there was none.
    pub async fn delete_tag(&self, repository: &Repository, tag: &Tag) -> Result<bool> {
        let said = json!({ "at": self.clock.now().to_string() });
        self.resolver.delete_tag(repository, tag, &said).await
    }

    /// Whether anything was ever pushed to the repository.
    pub async fn repository_exists(&self, repository: &Repository) -> Result<bool> {
        self.resolver.repository_exists(repository).await
    }

    /// At most `limit` repositories after `last`, in byte order.
    pub async fn repositories(&self, last: Option<&str>, limit: usize) -> Result<Page<Repository>> {
        self.resolver.repositories(last, limit).await
    }
}
