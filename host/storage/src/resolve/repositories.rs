//! Which repositories exist.

use bytes::Bytes;

use roadstead_oci::Repository;

use super::{Page, Resolver};
use crate::{
    Result,
    layout::{Id, Key, Prefix, unterminated},
};

impl Resolver {
    /// Whether anything was ever pushed to the repository.
    pub(crate) async fn repository_exists(&self, repository: &Repository) -> Result<bool> {
        if self.known.repositories.contains_key(repository) {
            return Ok(true);
        }
        let entries = self.names(&Prefix::CatalogEntries(repository)).await?;
        if entries.is_empty() {
            return Ok(false);
        }
        self.known.repositories.insert(repository.clone(), ());
        Ok(true)
    }

    /// Puts the repository on the catalog, before the first thing that it holds.
    pub(crate) async fn ensure_repository(&self, repository: &Repository) -> Result<()> {
        if self.repository_exists(repository).await? {
            return Ok(());
        }
        // two at once leave two entries; listings drop repeats
        self.backend.put(&Key::Catalog(repository, &Id::random()).path(), Bytes::new()).await?;
        self.known.repositories.insert(repository.clone(), ());
        Ok(())
    }

    /// At most `limit` repositories after `last`, in byte order.
    ///
    /// Walks the catalog in the order of its keys and stops at the end of the page, so that a
    /// page costs as many listings as it has folders, however many repositories there are.
    pub(crate) async fn repositories(
        &self,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<Repository>> {
        let mut found = Vec::new();
        // what is still to be visited, the next one last
        let mut pending = self.catalog_folder("").await?;
        while let Some(key) = pending.pop() {
            if last.is_some_and(|last| is_behind(&key, last)) {
                continue;
            }
            let Some(name) = unterminated(&key) else {
                pending.extend(self.catalog_folder(&key).await?);
                continue;
            };
            if let Ok(repository) = Repository::parse(name)
                && self.repository_exists(&repository).await?
            {
                if found.len() == limit {
                    return Ok(Page { items: found, more: true });
                }
                found.push(repository);
            }
        }
        Ok(Page { items: found, more: false })
    }

    /// The keys directly below a folder of the catalog, the greatest first. A name ends in a
    /// comma, a folder of more names in a slash: so the bytes sort as the names do.
    async fn catalog_folder(&self, folder: &str) -> Result<Vec<String>> {
        let names = self.names(&Prefix::Catalog(folder)).await?;
        let mut keys: Vec<_> = names
            .into_iter()
            .map(|name| match unterminated(&name) {
                Some(_) => format!("{folder}{name}"),
                None => format!("{folder}{name}/"),
            })
            .collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        Ok(keys)
    }
}

/// Whether everything at or below the key sorts at or before the name `last`.
fn is_behind(key: &str, last: &str) -> bool {
    match unterminated(key) {
        Some(name) => name.as_bytes() <= last.as_bytes(),
        None => key.as_bytes() < last.as_bytes() && !last.starts_with(key),
    }
}
