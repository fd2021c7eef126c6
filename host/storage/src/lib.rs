//! The store of Roadstead: an object store, a layout, and the order of writes.
//!
//! It knows neither policy nor HTTP. Keys are written once (see `layout`); the order of writes
//! makes every crash harmless (see `manifests`, `uploads`, `resolve`); readers never see a half.
//! Absence is `None`, a race lost is an outcome, only the rest is an error.

mod backend;
mod blobs;
mod clock;
mod config;
mod error;
mod folder;
mod layout;
mod listings;
mod manifests;
mod resolve;
mod uploads;
mod verdicts;
mod verify;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use object_store::ObjectStore;

pub use backend::{Fault, Hook, Operation};
pub use blobs::{Blob, Deleted};
pub use clock::Clock;
pub use config::StorageConfig;
pub use error::{Error, Result};
pub use folder::DataFolder;
pub use layout::{Id, NameHash};
pub use manifests::{Claim, Committed, Manifest, ManifestRecord, Named, Need, Push, Unmet};
pub use resolve::{Above, Limit, Page};
pub use uploads::{Appended, BodyError, Finished, Upload};
pub use verdicts::Refusal;
pub use verify::{Audit, AuditFault};

use backend::Backend;
use layout::Key;

/// The version of the layout; another one is refused.
const LAYOUT: &[u8] = b"1\n";

/// Everything that a registry keeps. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Storage {
    backend: Backend,
    resolver: Arc<resolve::Resolver>,
    clock: Clock,
    config: StorageConfig,
    tokens: uploads::Tokens,
    verdict_ids: Arc<verdicts::Ids>,
    /// how often damage was mended
    mended: Arc<AtomicU64>,
}

impl Storage {
    /// Opens the store in a folder that this process owns.
    pub async fn open(folder: &DataFolder, config: StorageConfig, clock: Clock) -> Result<Self> {
        Self::start(folder.backend(config.fsync)?, config, clock).await
    }

    /// Opens a store that lives in any object store and is used by this process alone.
    pub async fn over(
        store: Arc<dyn ObjectStore>,
        config: StorageConfig,
        clock: Clock,
    ) -> Result<Self> {
        Self::start(Backend::new(store), config, clock).await
    }

    /// The same store with nothing remembered, and with each call to the backend under a hook.
    pub async fn reopened(&self, hook: Option<Hook>) -> Result<Self> {
        let backend = self.backend.clone();
        let backend = match hook {
            Some(hook) => backend.hooked(hook),
            None => backend,
        };
        Self::start(backend, self.config.clone(), self.clock.clone()).await
    }

    async fn start(backend: Backend, config: StorageConfig, clock: Clock) -> Result<Self> {
        let version = Key::Version.path();
        let found = backend.made_once(&version, Bytes::from_static(LAYOUT)).await?;
        if found != LAYOUT {
            let found = String::from_utf8_lossy(&found).trim().to_owned();
            return Err(Error::corrupt(
                &version,
                format!("this version does not support the layout {found:?}"),
            ));
        }
        let tokens = uploads::Tokens::open(&backend).await?;
        let resolver = Arc::new(resolve::Resolver::new(backend.clone()));
        let (verdict_ids, mended) = Default::default();
        Ok(Self { backend, resolver, clock, config, tokens, verdict_ids, mended })
    }

    /// A view of this store under the same locks that has nothing in memory. Whoever changes a
    /// name corrects it here and not there, so a view serves for one look.
    fn forgetful(&self) -> Self {
        Self { resolver: Arc::new(self.resolver.forgetful()), ..self.clone() }
    }

    /// Runs a step that makes several calls to the store and waits for nothing else, so for no
    /// lock. On local disk it runs to its end in another thread, even if the caller gives up.
    async fn job<T, F>(&self, step: impl FnOnce(Self) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.backend.job(step(self.clone())).await
    }

    /// How the store keeps things.
    pub fn config(&self) -> &StorageConfig {
        &self.config
    }

    /// How often this process has mended damage: what was read before may have been other bytes.
    pub fn mended(&self) -> u64 {
        self.mended.load(Ordering::Acquire)
    }

    /// The clock that the store tells the time by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
