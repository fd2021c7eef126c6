//! The object graph, built once.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use roadstead_storage::{Clock, DataFolder, Storage};

use crate::{
    admission::{Admission, Verdict},
    config::Config,
};

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
}

impl App {
    /// Opens the store in a folder and gets everything ready.
    pub async fn build(config: Config, folder: &DataFolder) -> anyhow::Result<Arc<Self>> {
        let storage = Storage::open(folder, config.storage.clone(), Clock::system()).await?;
        let storage = Arc::new(storage);
        let admission = Admission::builtin();
        Ok(Arc::new(Self { storage, admission, config, changes: TaskTracker::new() }))
    }

    /// Keeps a verdict where its id finds it. A push does not fail when that does.
    pub async fn keep_verdict(&self, verdict: &Verdict) {
        let record = verdict.to_record().to_string();
        if let Err(error) = self.storage.put_verdict(&verdict.id, record.into()).await {
            tracing::error!(verdict = verdict.id, cause = ?error, "a verdict could not be kept");
        }
    }
}
