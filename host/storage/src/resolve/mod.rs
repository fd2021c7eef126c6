//! Which names stand for what: the only code that lists, remembers and locks names.
//!
//! One process owns the store, so what it remembers needs no proof: whoever changes a name corrects
//! it here, under the name's lock, before the change is acknowledged.
//!
//! A disk loses and changes bytes. Nothing that is damaged is found as sound, and a push of the
//! right bytes mends it. No key is written twice, so a push writes new ones beside the damaged
//! ones, and readers take those that are sound.

mod entries;
mod kept;
mod known;
mod links;
mod listing;
mod locks;
mod manifests;
mod named;
mod referrers;
mod repositories;
mod tag_index;
mod tags;
mod uploads;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use roadstead_oci::Repository;

use crate::{Result, backend::Backend, layout::Prefix};
use known::Known;
use locks::Locks;

pub use entries::Above;
pub(crate) use links::{Proof, Sifted, agree};
pub use listing::{Limit, Page};
pub(crate) use manifests::{Claims, Held, State, Stored};
pub(crate) use referrers::describes;
pub(crate) use uploads::{Arrived, Progress};

/// Finds what names stand for.
#[derive(Debug)]
pub(crate) struct Resolver {
    backend: Backend,
    known: Known,
    locks: Arc<Locks>,
}

impl Resolver {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, known: Known::new(), locks: Arc::default() }
    }

    /// The same under the same locks, with nothing in memory. Whoever changes a name corrects it
    /// there and not here, so this serves for one look.
    pub(crate) fn forgetful(&self) -> Self {
        let (backend, locks) = (self.backend.clone(), Arc::clone(&self.locks));
        Self { backend, known: Known::new(), locks }
    }

    /// For whoever makes references in the repository: pushes and mounts, together.
    pub(crate) async fn refer(&self, repository: &Repository) -> OwnedRwLockReadGuard<()> {
        self.locks.refer(repository).await
    }

    /// For whoever removes what may be referred to: alone.
    pub(crate) async fn remove(&self, repository: &Repository) -> OwnedRwLockWriteGuard<()> {
        self.locks.remove(repository).await
    }

    /// The names in a folder, in byte order.
    pub(crate) async fn names(&self, folder: &Prefix<'_>) -> Result<Vec<String>> {
        self.backend.names(&folder.path()).await
    }

    /// An object that is never written twice, remembered for a while.
    pub(crate) async fn immutable(&self, key: &str) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.known.objects.get(key) {
            return Ok(Some(bytes));
        }
        let bytes = self.backend.read(key).await?;
        if let Some(bytes) = &bytes {
            self.known.objects.insert(key.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }
}
