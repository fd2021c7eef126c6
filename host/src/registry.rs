//! What the handlers work with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;

use roadstead_oci::{Digest, Repository};
use roadstead_storage::Storage;

use crate::{
    admission::{Admission, Occasion, Place, Verdict},
    arrivals::Arrivals,
    content::RepositoryContent,
    records::{Records, VerdictsConfig, keep, latest, say_the_same},
    refusals::Refusals,
};

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
    /// pushes that are judged and stored
    pub(crate) arrivals: Arrivals,
    /// what was refused, and how often
    refusals: Refusals,
}

impl Registry {
    /// Puts the parts together.
    pub fn new(
        storage: Arc<Storage>,
        admission: Admission,
        (manifests, verdicts): (ManifestsConfig, &VerdictsConfig),
    ) -> Self {
        let refusals = Refusals::new(Arc::clone(&storage), verdicts);
        let (changes, arrivals) = (TaskTracker::new(), Arrivals::default());
        Self { storage, admission, manifests, changes, arrivals, refusals }
    }

    /// What was judged so far.
    pub fn records(&self) -> Records<'_> {
        Records::counted(&self.storage, &self.refusals)
    }

    /// What a push to this repository is judged by: what is stored there.
    pub fn content(&self, repository: &Repository) -> Arc<dyn Place> {
        Arc::new(RepositoryContent::new(Arc::clone(&self.storage), repository.clone()))
    }

    /// A new verdict's id and time.
    pub fn occasion(&self) -> Occasion {
        let (id, at) = (self.storage.new_verdict_id(), self.storage.clock().now().to_string());
        Occasion { id, at }
    }

    /// Keeps the verdict on what is not let in. One that is repeated, of the same manifest for the
    /// same reasons under the same policy, shares the first one's verdict.
    pub async fn keep_refusal(&self, verdict: &mut Verdict) {
        self.refusals.keep(verdict).await;
    }

    /// Keeps the verdict on what is let in, where something was found. One that says what the
    /// latest about the stored manifest says shares that verdict, so that a manifest which is
    /// pushed again and again fills nothing.
    pub async fn keep_acceptance(
        &self,
        repository: &Repository,
        digest: &Digest,
        verdict: &mut Verdict,
    ) {
        let standing = self.standing(repository, digest, verdict).await.unwrap_or_else(|error| {
            tracing::error!(%digest, cause = ?error, "an earlier verdict can't be read");
            None
        });
        if let Some(standing) = standing {
            (verdict.id, verdict.at) = (standing.id, standing.at);
        } else if !verdict.findings.is_empty() {
            keep(&self.storage, verdict).await;
        }
    }

    /// The latest verdict on a stored manifest, if it says the same. One with findings that is
    /// not found by its id any more is of no use to whoever is told it.
    async fn standing(
        &self,
        repository: &Repository,
        digest: &Digest,
        verdict: &Verdict,
    ) -> roadstead_storage::Result<Option<Verdict>> {
        let Some(manifest) = self.storage.manifest(repository, digest).await? else {
            return Ok(None);
        };
        let latest = latest(&self.storage, repository, &manifest).await?;
        let Some(latest) = latest.filter(|latest| say_the_same(latest, verdict)) else {
            return Ok(None);
        };
        let found = latest.findings.is_empty() || self.storage.verdict(&latest.id).await?.is_some();
        Ok(found.then_some(latest))
    }
}
