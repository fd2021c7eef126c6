//! Which repositories exist.

use bytes::Bytes;

use roadstead_oci::Repository;

use super::{Page, Resolver};
use crate::{
    Result,
    layout::{Id, Key, Prefix, unterminated},
};

/// Names of a folder that are held at a time, at least: some of them may be no repositories.
const NAMES_MIN: usize = 64;
/// The same at most, whatever a client asks for.
const NAMES_MAX: usize = 10_000;

/// A place of the catalog.
enum Visit {
    /// the key of a name
    Repository(String),
    /// what lies in a folder after this key
    Folder { folder: String, after: Option<String> },
}

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
    /// page costs as many listings as it has folders, however many repositories there are. Of a
    /// folder with more names than the page has room for, only the next ones are held.
    pub(crate) async fn repositories(
        &self,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<Repository>> {
        let names_max = limit.saturating_add(1).clamp(NAMES_MIN, NAMES_MAX);
        let mut found = Vec::new();
        // what is still to be visited, the next one last
        let mut pending = vec![Visit::Folder { folder: String::new(), after: None }];
        while let Some(visit) = pending.pop() {
            let key = match visit {
                Visit::Repository(key) => key,
                Visit::Folder { folder, after } => {
                    let keys = self.catalog_folder(&folder, last, after, names_max).await?;
                    if keys.len() == names_max {
                        let after = keys.last().cloned();
                        pending.push(Visit::Folder { folder, after });
                    }
                    pending.extend(keys.into_iter().rev().map(Visit::of));
                    continue;
                }
            };
            if let Some(name) = unterminated(&key)
                && let Ok(repository) = Repository::parse(name)
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

    /// At most `max` keys directly below a folder of the catalog, after another key of it, without
    /// those that are behind `last`. A name ends in a comma, a folder of more names in a slash: so
    /// the bytes sort as the names do.
    async fn catalog_folder(
        &self,
        folder: &str,
        last: Option<&str>,
        after: Option<String>,
        max: usize,
    ) -> Result<Vec<String>> {
        let (prefix, folder) = (Prefix::Catalog(folder).path(), folder.to_owned());
        let last = last.map(ToOwned::to_owned);
        let key = move |name: String| {
            let key = match unterminated(&name) {
                Some(_) => format!("{folder}{name}"),
                None => format!("{folder}{name}/"),
            };
            let behind = last.as_ref().is_some_and(|last| is_behind(&key, last));
            (!behind && Some(&key) > after.as_ref()).then_some(key)
        };
        self.backend.first_names(&prefix, max, key).await
    }
}

impl Visit {
    fn of(key: String) -> Self {
        match key.ends_with('/') {
            true => Self::Folder { folder: key, after: None },
            false => Self::Repository(key),
        }
    }
}

/// Whether everything at or below the key sorts at or before the name `last`.
fn is_behind(key: &str, last: &str) -> bool {
    match unterminated(key) {
        Some(name) => name.as_bytes() <= last.as_bytes(),
        None => key.as_bytes() < last.as_bytes() && !last.starts_with(key),
    }
}
