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

/// Where an upload stands after a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// bytes that arrived
    pub(crate) size: u64,
    /// has hashed them
    pub(crate) hasher: Hasher,
}

impl Resolver {
    /// Where an upload stands, if its last chunk is remembered: otherwise its folder says so.
    pub(crate) fn progress(&self, upload: &Id) -> Option<Progress> {
        match self.known.finished_uploads.contains_key(upload) {
            true => None,
            false => self.known.uploads.get(upload),
        }
    }

    /// A chunk is written. Of two that are told here in another order than they were written the
    /// greater one stays. A smaller one that follows after the greater one was let go of does no
    /// harm: the next chunk finds its place taken, and the folder is asked.
    pub(crate) fn has_progressed(&self, upload: &Id, progress: Progress) {
        self.known.uploads.entry(upload.clone()).and_upsert_with(|known| match known {
            Some(known) if known.value().size > progress.size => known.into_value(),
            _ => progress,
        });
    }

    /// Nobody knows where an upload stands: a write failed, or was late, or the upload has ended.
    pub(crate) fn has_no_known_progress(&self, upload: &Id) {
        self.known.uploads.invalidate(upload);
    }

    /// Whether an upload ended for good. Looks at that alone, however much has arrived.
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
