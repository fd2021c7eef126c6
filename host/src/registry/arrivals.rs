//! Pushes that name one another, kept apart while they are judged and stored.
//!
//! What names a manifest that is not there yet is judged without it, and the manifest is judged
//! with what named it when it comes. Both at once could miss each other: so whoever names what is
//! not there is judged while nobody else pushes to that repository. In one process only.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use roadstead_oci::Repository;

/// Which repositories are pushed to.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    under_way: Mutex<HashMap<Repository, Arc<RwLock<()>>>>,
}

/// Held until the push is stored or refused.
#[derive(Debug)]
pub(super) enum Arrival {
    /// with others
    Together { _held: OwnedRwLockReadGuard<()> },
    /// alone
    Alone { _held: OwnedRwLockWriteGuard<()> },
}

impl Arrivals {
    /// Waits while somebody is alone.
    pub(super) async fn together(&self, repository: &Repository) -> Arrival {
        Arrival::Together { _held: self.lock(repository).read_owned().await }
    }

    /// Waits for those who are there, and keeps others out.
    pub(super) async fn alone(&self, repository: &Repository) -> Arrival {
        Arrival::Alone { _held: self.lock(repository).write_owned().await }
    }

    fn lock(&self, repository: &Repository) -> Arc<RwLock<()>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // forgotten when nobody holds it or waits for it, or names would pile up
        under_way.retain(|of, lock| of == repository || Arc::strong_count(lock) > 1);
        Arc::clone(under_way.entry(repository.clone()).or_default())
    }
}
