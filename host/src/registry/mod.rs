//! What the registry does, whoever asks for it: a client over HTTP, a command, later an import.

mod arrivals;
mod content;
mod push;
pub mod records;
mod refusals;
mod remove;
mod serve;
pub mod trial;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use roadstead_oci::Repository;
use roadstead_storage::Storage;

use crate::admission::{Admission, Place};
use arrivals::Arrivals;
pub use content::RepositoryContent;
pub use push::Pushed;
use records::{Records, VerdictsConfig};
pub use refusals::{Pushes, Refusals, Seen};

/// `[manifests]`: what a manifest may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestsConfig {
    /// Largest manifest, in bytes; clients take no more than the default. Default: 4 MiB.
    pub bytes_max: usize,
    /// Whether an index may name children, and an image layers, that are not there. Default: false.
    pub allow_sparse_indexes: bool,
}

impl Default for ManifestsConfig {
    fn default() -> Self {
        Self { bytes_max: 4 << 20, allow_sparse_indexes: false }
    }
}

/// A store, and who decides what goes in.
#[derive(Debug)]
pub struct Registry {
    /// what is kept
    pub storage: Arc<Storage>,
    /// what may be kept
    pub admission: Admission,
    /// what a manifest may be
    pub manifests: ManifestsConfig,
    /// pushes that are judged and stored
    arrivals: Arrivals,
    /// what was refused, and how often
    refusals: Refusals,
}

impl Registry {
    /// Puts the parts together.
    pub fn new(
        storage: Arc<Storage>,
        admission: Admission,
        manifests: ManifestsConfig,
        verdicts: &VerdictsConfig,
    ) -> Self {
        let refusals = Refusals::new(Arc::clone(&storage), verdicts);
        Self { storage, admission, manifests, arrivals: Arrivals::default(), refusals }
    }

    /// Writes what is kept in memory for a while. For whoever is about to end.
    pub async fn flush(&self) {
        self.refusals.flush().await;
    }

    /// What was judged so far.
    pub fn records(&self) -> Records<'_> {
        Records::counted(&self.storage, &self.refusals)
    }

    /// What a push to this repository is judged by: what is stored there.
    fn place(&self, repository: &Repository) -> Arc<dyn Place> {
        Arc::new(RepositoryContent::new(Arc::clone(&self.storage), repository.clone()))
    }
}
