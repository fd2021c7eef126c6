//! The object graph, built once from the configuration, and what runs in it beside requests.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use roadstead_engine::Engine;
use roadstead_storage::{Clock, DataFolder, Storage};

use crate::{
    admission::Admission,
    auth::Auth,
    config::Config,
    http::{self, Router},
    policy::{self, Bundled, Loaded, Loader, Watched},
    registry::Registry,
};

/// The plugins inside the binary; `build.rs` finds their components.
pub const BUNDLED: [Bundled; 3] = [
    Bundled {
        name: "cosign",
        component: include_bytes!(env!("ROADSTEAD_PLUGIN_COSIGN")),
        cpu: None,
    },
    Bundled {
        name: "helm",
        component: include_bytes!(env!("ROADSTEAD_PLUGIN_HELM")),
        // helm accepts charts of 100 MiB unpacked, and the plugin unpacks them itself
        cpu: Some(Duration::from_secs(10)),
    },
    Bundled { name: "image", component: include_bytes!(env!("ROADSTEAD_PLUGIN_IMAGE")), cpu: None },
];

/// How long changes may go on at least once their connections have ended.
const MOMENT: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// A registry with all that it is served by.
#[derive(Debug)]
pub struct App {
    /// what is stored, and who decides what may be
    pub registry: Arc<Registry>,
    auth: Arc<Auth>,
    /// changes that clients asked for, which run to their end
    changes: TaskTracker,
    loader: Loader,
    /// the files that the policy in force was made of
    watched: Watched,
    verdict_days_max: u32,
}

/// Who loads policies from a file or folder, or, without one, the built-in policy. Compiled plugins
/// are kept in `cache`.
pub fn loader(config: &Config, cache: Option<&Path>) -> anyhow::Result<Loader> {
    let engine = Engine::new(config.engine.clone(), cache)?;
    let path = config.policy.path.clone();
    let root = (!path.as_os_str().is_empty()).then_some(path);
    Ok(Loader::new(engine, &BUNDLED, root))
}

impl App {
    /// Opens the store in a folder and gets everything ready.
    pub async fn build(config: &Config, folder: &DataFolder) -> anyhow::Result<Self> {
        let auth = Arc::new(Auth::open(&config.auth)?);
        let loader = loader(config, Some(&folder.path().join("cache")))?;
        let Loaded { policy, warnings, watched } = loader.load().await;
        let admission = Admission::new(policy?);
        for warning in warnings {
            tracing::warn!("{}", warning.logged());
        }
        let storage = Storage::open(folder, config.storage.clone(), Clock::system()).await?;
        let (manifests, verdicts) = (config.manifests.clone(), &config.verdicts);
        let registry = Arc::new(Registry::new(Arc::new(storage), admission, manifests, verdicts));
        let (changes, verdict_days_max) = (TaskTracker::new(), verdicts.days_max);
        Ok(Self { registry, auth, changes, loader, watched, verdict_days_max })
    }

    /// The registry's API, for clients.
    pub fn router(&self) -> Router {
        let (registry, auth) = (Arc::clone(&self.registry), Arc::clone(&self.auth));
        http::router(registry, auth, self.changes.clone())
    }

    /// What the operator's commands ask, and the API without a login.
    pub fn operations(&self) -> Router {
        let registry = Arc::clone(&self.registry);
        http::ops::router(registry, self.loader.clone(), self.changes.clone())
    }

    /// Keeps up with the files of the policy and of the users, and removes what is too old, for
    /// ever.
    pub async fn follow(&self) {
        tokio::join!(self.follow_policy(), self.auth.follow(), self.sweep_daily());
    }

    /// Ends: changes may go on until then, and what is kept in memory for a while is written.
    pub async fn finish(&self, end: Instant) {
        self.changes.close();
        // what was received is written within a moment; what still waits for its turn is not worth
        // more
        let end = end.max(Instant::now() + MOMENT);
        if timeout_at(end, self.changes.wait()).await.is_err() {
            let open = self.changes.len();
            tracing::warn!(open, "changes under way are aborted; clients can repeat them");
        }
        self.registry.flush().await;
    }

    /// Removes what was kept for long enough, at the start and once a day.
    async fn sweep_daily(&self) {
        let mut days = tokio::time::interval(DAY);
        loop {
            days.tick().await;
            match self.registry.storage.sweep_verdicts(self.verdict_days_max).await {
                Ok(removed) => tracing::debug!(removed, "removed old verdicts"),
                Err(error) => tracing::warn!(%error, "old verdicts could not be removed"),
            }
        }
    }

    /// Puts the policy in force whenever it is saved. One that is broken changes nothing.
    async fn follow_policy(&self) {
        let Self { registry, loader, watched, .. } = self;
        if watched.is_empty() {
            return;
        }
        let apply = |loaded: Loaded| {
            for warning in &loaded.warnings {
                tracing::warn!("{}", warning.logged());
            }
            match loaded.policy {
                Ok(policy) => {
                    tracing::info!(policy = policy.hash(), "a new policy is in force");
                    registry.admission.replace(policy);
                }
                Err(invalid) => {
                    for problem in &invalid.problems {
                        tracing::error!("{}", problem.logged());
                    }
                    if invalid.more > 0 {
                        tracing::error!("and {} more errors", invalid.more);
                    }
                    let policy = registry.admission.policy();
                    tracing::error!(
                        policy = policy.hash(),
                        "the saved policy is invalid; the previous one stays in force"
                    );
                }
            }
            loaded.watched
        };
        policy::watch(loader.clone(), watched.clone(), apply).await;
    }
}
