//! The object graph, built once from the configuration.

use std::sync::Arc;

use roadstead_engine::Engine;
use roadstead_storage::{Clock, DataFolder, Storage};

use crate::{
    admission::{Admission, Bundled},
    config::Config,
    registry::Registry,
};

/// The plugins inside the binary; `build.rs` finds their components.
const BUNDLED: [Bundled; 1] =
    [Bundled { name: "helm", component: include_bytes!(env!("ROADSTEAD_PLUGIN_HELM")) }];

/// Opens the store in a folder and gets everything ready.
pub async fn build(config: &Config, folder: &DataFolder) -> anyhow::Result<Arc<Registry>> {
    let engine = Engine::new(config.engine.clone(), Some(&folder.path().join("cache")))?;
    let admission = Admission::builtin(&engine, &BUNDLED).await?;
    let storage = Storage::open(folder, config.storage.clone(), Clock::system()).await?;
    let manifests = config.manifests.clone();
    Ok(Arc::new(Registry::new(Arc::new(storage), admission, manifests)))
}
