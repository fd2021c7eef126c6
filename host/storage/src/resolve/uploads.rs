//! What arrived of uploads, and which are over.

use roadstead_oci::{Hasher, Repository};

use super::Resolver;
use crate::{
    Result,
    layout::{Id, Key, OVER, Prefix},
};

/// An upload, by the names in its folder.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// whether it ended for good
    pub(crate) over: bool,
    /// where each part begins, in bytes
    pub(crate) offsets: Vec<u64>,
}

/// The state of an upload after a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// bytes that arrived
    pub(crate) size: u64,
    /// the hash of those bytes
    pub(crate) hasher: Hasher,
}

impl Resolver {
    /// Returns the remembered state of an upload. If there is none, the caller lists the folder.
    pub(crate) fn progress(&self, upload: &Id) -> Option<Progress> {
        match self.known.finished_uploads.contains_key(upload) {
            true => None,
            false => self.known.uploads.get(upload),
        }
    }

    /// Remembers the state after a chunk was written. Two requests can get here in the wrong order,
    /// so the larger size wins. If the larger one was evicted in between, a stale size is harmless:
    /// the next chunk finds its offset taken, and then the folder is listed.
    pub(crate) fn has_progressed(&self, upload: &Id, progress: Progress) {
        self.known.uploads.entry(upload.clone()).and_upsert_with(|known| match known {
            Some(known) if known.value().size > progress.size => known.into_value(),
            _ => progress,
        });
    }

    /// Drops the remembered state: a write failed or lost a race, or the upload has ended.
    pub(crate) fn has_no_known_progress(&self, upload: &Id) {
        self.known.uploads.invalidate(upload);
    }

    /// Returns whether an upload has ended for good. The cost does not depend on its parts.
    pub(crate) async fn is_over(&self, repository: &Repository, upload: &Id) -> Result<bool> {
        if self.known.finished_uploads.contains_key(upload) {
            return Ok(true);
        }
        let key = Key::UploadOver(repository, upload).path();
        Ok(self.backend.stamp(&key).await?.is_some())
    }

    /// What arrived of an upload. Of one that was never heard of, nothing did.
    pub(crate) async fn arrived(&self, repository: &Repository, upload: &Id) -> Result<Arrived> {
        if self.known.finished_uploads.contains_key(upload) {
            return Ok(Arrived { over: true, offsets: Vec::new() });
        }
        let names = self.names(&Prefix::Upload(repository, upload)).await?;
        let over = names.iter().any(|name| name == OVER);
        let offsets = names.iter().filter_map(|name| name.parse().ok()).collect();
        Ok(Arrived { over, offsets })
    }

    /// An upload is over, whether or not its folder says so.
    pub(crate) fn is_finished(&self, upload: &Id) {
        self.known.finished_uploads.insert(upload.clone(), ());
        self.has_no_known_progress(upload);
    }
}
