//! The object graph, built once.

use std::sync::Arc;

use moka::sync::Cache;
use tokio_util::task::TaskTracker;

use roadstead_engine::Engine;
use roadstead_oci::Repository;
use roadstead_storage::{Clock, DataFolder, Storage};

use crate::{
    admission::{Admission, Bundled, Content, Decision, Occasion, Verdict},
    config::Config,
    content::RepositoryContent,
};

/// The plugins inside the binary; `build.rs` finds their components.
const BUNDLED: [Bundled; 1] =
    [Bundled { name: "helm", component: include_bytes!(env!("ROADSTEAD_PLUGIN_HELM")) }];

/// What the handlers work with.
#[derive(Debug)]
pub struct App {
    /// what is kept
    pub storage: Arc<Storage>,
    /// what may be kept
    pub admission: Admission,
    /// what was set
    pub config: Config,
    /// changes under way, which go on when their connection is cut
    pub changes: TaskTracker,
    /// verdicts of refusals, by what was refused
    refusals: Cache<(String, String, String), String>,
}

/// Refusals that are remembered.
const REFUSALS_MAX: u64 = 10_000;

impl App {
    /// Opens the store in a folder and gets everything ready.
    pub async fn build(config: Config, folder: &DataFolder) -> anyhow::Result<Arc<Self>> {
        let engine = Engine::new(config.engine.clone(), Some(&folder.path().join("cache")))?;
        let admission = Admission::builtin(&engine, &BUNDLED).await?;
        let storage = Storage::open(folder, config.storage.clone(), Clock::system()).await?;
        let storage = Arc::new(storage);
        let (changes, refusals) = (TaskTracker::new(), Cache::new(REFUSALS_MAX));
        Ok(Arc::new(Self { storage, admission, config, changes, refusals }))
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
        let Verdict { repository, digest, policy, .. } = &*verdict;
        let refused = (repository.clone(), digest.clone(), policy.clone());
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
