//! What the handlers work with.

use std::sync::Arc;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;

use roadstead_oci::Repository;
use roadstead_storage::Storage;

use crate::{
    admission::{Admission, Content, Decision, Occasion, Verdict},
    content::RepositoryContent,
};

/// Refusals that are remembered.
const REFUSALS_MAX: u64 = 10_000;

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
    /// changes under way, which go on when their connection is cut
    pub changes: TaskTracker,
    /// verdicts of refusals, by what was refused
    refusals: Cache<Refused, String>,
}

/// Repository, digest and tags of a push, and the policy that refused it.
type Refused = (String, String, Vec<String>, String);

impl Registry {
    /// Puts the parts together.
    pub fn new(storage: Arc<Storage>, admission: Admission, manifests: ManifestsConfig) -> Self {
        let (changes, refusals) = (TaskTracker::new(), Cache::new(REFUSALS_MAX));
        Self { storage, admission, manifests, changes, refusals }
    }

    /// What the review of a push to this repository may read.
    pub fn content(&self, repository: &Repository) -> Arc<dyn Content> {
        Arc::new(RepositoryContent::new(Arc::clone(&self.storage), repository.clone()))
    }

    /// A new verdict's id and time.
    pub fn occasion(&self) -> Occasion {
        let (id, at) = (self.storage.new_verdict_id(), self.storage.clock().now().to_string());
        Occasion { id, at }
    }

    /// Keeps a refusal. One that is repeated, of the same manifest under the same policy, shares
    /// the first one's verdict.
    pub async fn keep_refusal(&self, verdict: &mut Verdict) {
        let Verdict { repository, digest, tags, policy, .. } = &*verdict;
        let refused = (repository.clone(), digest.clone(), tags.clone(), policy.clone());
        if let Some(first) = self.refusals.get(&refused) {
            verdict.id = first;
            return;
        }
        self.keep_verdict(verdict).await;
        if verdict.decision == Decision::Reject {
            self.refusals.insert(refused, verdict.id.clone());
        }
    }

    /// Keeps a verdict where its id finds it. A push does not fail when that does.
    pub async fn keep_verdict(&self, verdict: &Verdict) {
        let record = verdict.to_record().to_string();
        if let Err(error) = self.storage.put_verdict(&verdict.id, record.into()).await {
            tracing::error!(verdict = verdict.id, cause = ?error, "a verdict could not be kept");
        }
    }
}
