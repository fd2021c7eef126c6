//! Locks within the process that owns the folder.
//!
//! Striped, so that their memory is bounded. Order, always: repository, then manifest, then blob,
//! then tag; at most one of each kind at a time, so two names on one stripe can't deadlock.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

use tokio::sync::{Mutex, MutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use roadstead_oci::{Digest, Repository, Tag};

const STRIPES: usize = 512;

#[derive(Debug)]
pub(super) struct Locks {
    hasher: RandomState,
    repositories: Vec<Arc<RwLock<()>>>,
    manifests: Vec<Mutex<()>>,
    blobs: Vec<Mutex<()>>,
    tags: Vec<Mutex<()>>,
}

impl Default for Locks {
    fn default() -> Self {
        let stripes = || (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self {
            hasher: RandomState::new(),
            repositories: (0..STRIPES).map(|_| Arc::default()).collect(),
            manifests: stripes(),
            blobs: stripes(),
            tags: stripes(),
        }
    }
}

impl Locks {
    /// For whoever makes references in the repository: pushes and mounts, together.
    pub(super) async fn refer(&self, repository: &Repository) -> OwnedRwLockReadGuard<()> {
        Arc::clone(self.pick(&self.repositories, repository)).read_owned().await
    }

    /// For whoever removes what may be referred to: alone.
    pub(super) async fn remove(&self, repository: &Repository) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(self.pick(&self.repositories, repository)).write_owned().await
    }

    pub(super) async fn manifest(&self, name: &(Repository, Digest)) -> MutexGuard<'_, ()> {
        self.pick(&self.manifests, name).lock().await
    }

    pub(super) async fn blob(&self, name: &(Repository, Digest)) -> MutexGuard<'_, ()> {
        self.pick(&self.blobs, name).lock().await
    }

    pub(super) async fn tag(&self, name: &(Repository, Tag)) -> MutexGuard<'_, ()> {
        self.pick(&self.tags, name).lock().await
    }

    fn pick<'a, T>(&self, stripes: &'a [T], name: &impl Hash) -> &'a T {
        let hash = self.hasher.hash_one(name);
        let stripe = usize::try_from(hash % STRIPES as u64).unwrap_or_default();
        &stripes[stripe]
    }
}
