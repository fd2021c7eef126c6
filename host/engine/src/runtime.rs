//! The engine itself: wasmtime's, its pool, its ticker, and what is loaded.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::Duration,
};

use tokio::sync::Semaphore;
use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use roadstead_oci::Digest;

use crate::{
    EngineConfig, LoadError,
    limits::{INSTANCES_MAX, MEMORIES_MAX, MEMORY_BYTES_CEILING, TABLE_ELEMENTS_MAX, TABLES_MAX},
    load::{Cache, Carried, Compiler},
    plugin::Loaded,
    sandbox::Turns,
    settings::{poolless, settings},
};

/// How often a computing guest is looked at.
const TICK: Duration = Duration::from_millis(10);

/// Runs plugins.
#[derive(Debug)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    /// code that the binary carries
    pub(crate) carried: Option<Carried>,
    pub(crate) cache: Option<Cache>,
    /// who compiles; none: this process does
    pub(crate) compiler: Option<Compiler>,
    pub(crate) has_pool: bool,
    /// components are compiled one at a time
    pub(crate) compiling: Semaphore,
    pub(crate) turns: Turns,
    components: Mutex<HashMap<Digest, Weak<Loaded>>>,
}

/// The code in this binary. Where it can't be read plugins are compiled.
fn carried(binary: &Path) -> Option<Carried> {
    let found = Carried::open(binary).inspect_err(|error| {
        tracing::warn!(%error, "the compiled code in this binary can't be read");
    });
    found.ok().flatten()
}

impl Engine {
    /// Starts the engine. Compiled code is kept in the configured folder, else in `cache`, which
    /// only this user can write; without either plugins are compiled at each start.
    pub fn new(config: EngineConfig, cache: Option<&Path>) -> Result<Arc<Self>, LoadError> {
        let failed = |error: &dyn std::fmt::Display| LoadError::Engine(error.to_string());
        let reviews_max = config.reviews_max();
        let mut pooled = settings(true);
        pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(reviews_max)));
        let pooled = wasmtime::Engine::new(&pooled).inspect_err(|error| {
            // the address space is too small for the pool, most often under a ulimit
            tracing::warn!(%error, "plugins run without a memory pool");
        });
        let (has_pool, wasmtime) = match pooled {
            Ok(engine) => (true, engine),
            Err(_) => (false, poolless(false).map_err(|error| failed(&error))?),
        };
        let configured = Some(config.cache.as_path()).filter(|cache| !cache.as_os_str().is_empty());
        let cache = configured
            .or(cache)
            .map(|folder| Cache::open(folder, &wasmtime))
            .transpose()
            .map_err(|error| failed(&error))?;
        let carried = config.compiler.as_ref().and_then(|binary| carried(binary.path()));
        tick(&wasmtime).map_err(|error| failed(&error))?;
        let turns = Turns::new(reviews_max, Duration::from_secs(config.queue_seconds_max));
        Ok(Arc::new(Self {
            wasmtime,
            carried,
            cache,
            compiler: config.compiler,
            has_pool,
            compiling: Semaphore::new(1),
            turns,
            components: Mutex::default(),
        }))
    }

    /// What a component was loaded to, if anything still uses it.
    pub(crate) fn loaded(&self, component: &Digest) -> Option<Arc<Loaded>> {
        self.components().get(component).and_then(Weak::upgrade)
    }

    /// Remembers what a component was loaded to. Of two that were loaded at once the first stays.
    pub(crate) fn keep(&self, loaded: Arc<Loaded>) -> Arc<Loaded> {
        let mut components = self.components();
        components.retain(|_, loaded| loaded.strong_count() > 0);
        if let Some(first) = components.get(&loaded.digest).and_then(Weak::upgrade) {
            return first;
        }
        components.insert(loaded.digest.clone(), Arc::downgrade(&loaded));
        loaded
    }

    fn components(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Loaded>>> {
        self.components.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for as many instances as there are turns, of guests in any language, so that whoever has a
/// turn never meets a full pool.
fn pool(reviews_max: usize) -> PoolingAllocationConfig {
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(narrow(reviews_max))
        .max_core_instances_per_component(narrow(INSTANCES_MAX))
        .total_core_instances(narrow(reviews_max.saturating_mul(INSTANCES_MAX)))
        .max_memories_per_component(narrow(MEMORIES_MAX))
        .total_memories(narrow(reviews_max.saturating_mul(MEMORIES_MAX)))
        .max_tables_per_component(narrow(TABLES_MAX))
        .total_tables(narrow(reviews_max.saturating_mul(TABLES_MAX)))
        .total_stacks(narrow(reviews_max))
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_core_instance_size(4 << 20)
        .max_memory_size(MEMORY_BYTES_CEILING)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Moves the epoch on for as long as the engine lives. A thread of its own, since guests could
/// hold every worker of the runtime.
fn tick(engine: &wasmtime::Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let ticker = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::park_timeout(TICK);
        }
    };
    thread::Builder::new().name("epoch".to_owned()).spawn(ticker).map(drop)
}
