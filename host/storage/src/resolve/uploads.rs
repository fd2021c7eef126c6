//! What arrived of uploads, and which are over.

use roadstead_oci::Repository;

use super::Resolver;
use crate::{
    Result,
    layout::{Id, OVER, Prefix},
};

/// An upload, by the names in its folder.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// whether it ended for good
    pub(crate) over: bool,
    /// where each part begins, in bytes
    pub(crate) offsets: Vec<u64>,
}

impl Resolver {
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
    }
}
