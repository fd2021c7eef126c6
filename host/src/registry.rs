//! What the handlers work with.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;

use roadstead_oci::{Digest, Repository};
use roadstead_storage::Storage;

use crate::{
    admission::{Admission, Content, Occasion, Verdict},
    content::RepositoryContent,
    records::{latest, say_the_same},
};

/// Refusals that are remembered, and for how long: less than any verdict is kept.
const REFUSALS_MAX: u64 = 10_000;
const REFUSAL_SECONDS: u64 = 12 * 60 * 60;

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

/// What a push was refused for, and which one it was.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Refused {
    repository: String,
    digest: String,
    tags: Vec<String>,
    pushed_by: Option<String>,
    policy: String,
    codes: Vec<String>,
}

impl Refused {
    fn by(verdict: &Verdict) -> Self {
        let Verdict { repository, digest, tags, pushed_by, policy, findings, .. } = verdict.clone();
        let codes = findings.into_iter().map(|finding| finding.code).collect();
        Self { repository, digest, tags, pushed_by, policy, codes }
    }
}

impl Registry {
    /// Puts the parts together.
    pub fn new(storage: Arc<Storage>, admission: Admission, manifests: ManifestsConfig) -> Self {
        let refusals = Cache::builder().max_capacity(REFUSALS_MAX);
        let refusals = refusals.time_to_live(Duration::from_secs(REFUSAL_SECONDS)).build();
        Self { storage, admission, manifests, changes: TaskTracker::new(), refusals }
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

    /// Keeps the verdict on what is not let in. One that is repeated, of the same manifest for the
    /// same reasons under the same policy, shares the first one's verdict.
    pub async fn keep_refusal(&self, verdict: &mut Verdict) {
        let refused = Refused::by(verdict);
        if let Some(first) = self.refusals.get(&refused) {
            verdict.id = first;
            return;
        }
        if self.keep(verdict).await {
            self.refusals.insert(refused, verdict.id.clone());
        }
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
            self.keep(verdict).await;
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

    /// Keeps a verdict where its id finds it, and answers whether. A push does not fail when that
    /// does.
    async fn keep(&self, verdict: &mut Verdict) -> bool {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            let record = verdict.to_record().to_string();
            match self.storage.put_verdict(&verdict.id, record.into()).await {
                Ok(true) => return true,
                // another verdict of this very moment
                Ok(false) => verdict.id = self.storage.new_verdict_id(),
                Err(error) => {
                    tracing::error!(verdict = verdict.id, cause = ?error, "a verdict is not kept");
                    return false;
                }
            }
        }
        false
    }
}
