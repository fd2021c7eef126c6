//! The object graph, built once from the configuration.

use std::{path::Path, sync::Arc, time::Duration};

use roadstead_engine::Engine;
use roadstead_storage::{Clock, DataFolder, Storage};

use crate::{
    admission::Admission,
    config::Config,
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

/// A registry, and what keeps its policy up to date.
#[derive(Debug)]
pub struct App {
    /// what the handlers work with
    pub registry: Arc<Registry>,
    /// what loads policies
    pub loader: Loader,
    watched: Watched,
}

/// Who loads policies from a file or folder, or, without one, the built-in policy. Compiled plugins
/// are kept in `cache`.
pub fn loader(config: &Config, cache: Option<&Path>) -> anyhow::Result<Loader> {
    let engine = Engine::new(config.engine.clone(), cache)?;
    let path = config.policy.path.clone();
    let root = (!path.as_os_str().is_empty()).then_some(path);
    Ok(Loader::new(engine, &BUNDLED, root))
}

/// Opens the store in a folder and gets everything ready.
pub async fn build(config: &Config, folder: &DataFolder) -> anyhow::Result<App> {
    let loader = loader(config, Some(&folder.path().join("cache")))?;
    let Loaded { policy, warnings, watched } = loader.load().await;
    let admission = Admission::new(policy?);
    for warning in warnings {
        tracing::warn!("{}", warning.logged());
    }
    let storage = Storage::open(folder, config.storage.clone(), Clock::system()).await?;
    let (manifests, verdicts) = (config.manifests.clone(), &config.verdicts);
    let registry = Arc::new(Registry::new(Arc::new(storage), admission, manifests, verdicts));
    Ok(App { registry, loader, watched })
}

impl App {
    /// Puts the policy in force whenever it is saved, for ever. One that is broken changes nothing.
    pub async fn follow_policy(self) {
        let Self { registry, loader, watched } = self;
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
                        "the saved policy is broken; the one before stays in force"
                    );
                }
            }
            loaded.watched
        };
        policy::watch(loader, watched, apply).await;
    }
}
