//! Serving manifests.

use std::sync::Arc;

use roadstead_oci::{Reference, Repository};
use roadstead_storage::{Manifest, Result};

use super::Registry;

impl Registry {
    /// The manifest that a client asks for, if the repository has it.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<Arc<Manifest>>> {
        self.storage.referenced(repository, reference).await
    }
}
