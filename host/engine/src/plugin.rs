//! A plugin that is linked and ready, and a review by it.

use std::{fmt, sync::Arc, time::Instant};

use tokio::sync::Semaphore;
use wasmtime::{
    Store, UpdateDeadline,
    component::{Component, HasSelf, Linker},
};

use roadstead_oci::{Algorithm, Digest};

use crate::{
    Content, Engine, Limits, LoadError, Metadata, Review, ReviewError, Statistics, Target, abi,
    imports::State,
    limits::{HOSTCALL_FUEL, MESSAGE_BYTES_MAX, Stopped},
    runtime::{TICK, Turn},
};

/// Everything that a plugin may import lies in this package.
const PACKAGE: &str = "roadstead:admission/";

/// A component, compiled, linked and described. Holds nothing between reviews.
pub struct Plugin {
    name: String,
    digest: Digest,
    metadata: Metadata,
    engine: Arc<Engine>,
    ready: abi::PluginPre<State>,
    turns: Arc<Semaphore>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {})", self.name, self.digest)
    }
}

impl Plugin {
    pub(crate) async fn load(
        engine: Arc<Engine>,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let invalid = |error: wasmtime::Error| LoadError::Invalid {
            plugin: name.to_owned(),
            why: format!("{error:#}"),
        };
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let component = match &engine.cache {
            Some(cache) => cache.load(&engine.wasmtime, &digest, bytes),
            None => Component::from_binary(&engine.wasmtime, bytes),
        };
        let component = component.map_err(invalid)?;
        check_imports(name, &component)?;
        let mut linker = Linker::<State>::new(&engine.wasmtime);
        abi::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(invalid)?;
        let linked = linker.instantiate_pre(&component).map_err(invalid)?;
        let ready = abi::PluginPre::new(linked).map_err(invalid)?;
        let turns = Arc::new(Semaphore::new(engine.reviews_per_plugin_max()));
        let mut plugin =
            Self { name: name.to_owned(), digest, metadata: undescribed(), engine, ready, turns };
        // once now, so that an error of types shows here and not on the first push
        let metadata = plugin.describe().await;
        plugin.metadata =
            metadata.map_err(|source| LoadError::Describe { plugin: name.to_owned(), source })?;
        Ok(plugin)
    }

    /// What the policy calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the component.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What it says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    async fn describe(&self) -> Result<Metadata, ReviewError> {
        let state = State::without_target(&self.name, Limits::default());
        let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
            plugin.roadstead_admission_reviewer().call_describe(store).await
        };
        self.run(state, call).await?.answer.map(Into::into)
    }

    /// Asks the plugin about settings, which are JSON text. The problems: a JSON pointer and what
    /// is wrong there.
    pub async fn validate_settings(
        &self,
        settings: &str,
    ) -> Result<Vec<(String, String)>, ReviewError> {
        let state = State::without_target(&self.name, Limits::default());
        let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
            plugin.roadstead_admission_reviewer().call_validate_settings(store, settings).await
        };
        let problems = self.run(state, call).await?.answer?.err().unwrap_or_default();
        Ok(problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect())
    }

    /// Reviews a target in a sandbox of its own. `settings` are JSON text.
    pub async fn review(
        &self,
        target: &Target,
        settings: &str,
        content: Arc<dyn Content>,
        limits: &Limits,
    ) -> Result<Review, ReviewError> {
        let state = State::for_review(&self.name, limits.clone(), target, content);
        let target = target.into();
        let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
            plugin.roadstead_admission_reviewer().call_review(store, &target, settings).await
        };
        let Run { answer, state, statistics } = self.run(state, call).await?;
        // what a host call found out counts more than what the guest made of it
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        let text = |text| abi::cut(text, MESSAGE_BYTES_MAX);
        let report = answer?.map_err(|failure| match failure {
            abi::types::Failure::Unavailable(why) => ReviewError::Guest(text(why)),
            abi::types::Failure::Internal(why) => ReviewError::Internal(text(why)),
        })?;
        let report = report.map(|report| abi::report(report, &self.metadata)).transpose()?;
        Ok(Review { report, memoisable: state.pure, statistics })
    }

    /// Runs one call in a fresh instance, which is dropped with its store.
    async fn run<T>(
        &self,
        state: State,
        call: impl AsyncFnOnce(&mut Store<State>, &abi::Plugin) -> wasmtime::Result<T>,
    ) -> Result<Run<T>, ReviewError> {
        let turn: Turn = self.engine.turn(&self.turns).await?;
        let wall = state.limits.wall;
        let started = Instant::now();
        let mut store = self.store(state);
        let called = tokio::time::timeout(wall, async {
            let plugin = self.ready.instantiate_async(&mut store).await?;
            call(&mut store, &plugin).await
        });
        let answer = match called.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failure(&error, store.data())),
            Err(_) => Err(ReviewError::Wall { max: wall }),
        };
        let state = store.into_data();
        let statistics = Statistics {
            queue: turn.waited,
            duration: started.elapsed(),
            memory_bytes: state.memory.peak_bytes,
            read_bytes: state.read_bytes,
            host_calls: state.host_calls,
        };
        Ok(Run { answer, state, statistics })
    }

    /// The one place that makes a store, so that each has all its limits.
    fn store(&self, state: State) -> Store<State> {
        let ticks_max = state.limits.cpu.div_duration_f64(TICK).ceil();
        let mut store = Store::new(&self.engine.wasmtime, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(HOSTCALL_FUEL);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            let state = store.data_mut();
            state.ticks += 1;
            if f64::from(state.ticks) > ticks_max {
                return Err(Stopped::Cpu.into());
            }
            // the others get their turn
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }

    fn failure(&self, error: &wasmtime::Error, state: &State) -> ReviewError {
        if let Some(stopped) = error.downcast_ref::<Stopped>() {
            return match stopped {
                Stopped::Memory => ReviewError::Memory { bytes_max: state.limits.memory_bytes_max },
                Stopped::Cpu => ReviewError::Cpu { max: state.limits.cpu },
                Stopped::Calls => ReviewError::Budget("host calls"),
                Stopped::Context => ReviewError::Malformed(stopped.to_string()),
            };
        }
        let text = format!("{error:#}");
        // wasmtime has no type for this one
        if text.contains("fuel allocated for hostcalls") {
            return ReviewError::Output("4 MiB in one call");
        }
        tracing::debug!(plugin = self.name, error = text, "a plugin trapped");
        if error.downcast_ref::<wasmtime::Trap>().is_some() {
            return ReviewError::Panic(state.last_error.clone());
        }
        ReviewError::Malformed(abi::cut(format!("in a way that makes no sense: {text}"), 300))
    }
}

/// A call that was made, and what the host knows of it.
struct Run<T> {
    answer: Result<T, ReviewError>,
    state: State,
    statistics: Statistics,
}

/// Refuses a component that wants more than a plugin gets.
fn check_imports(name: &str, component: &Component) -> Result<(), LoadError> {
    let component_type = component.component_type();
    let engine = component.engine();
    let mut imports = component_type.imports(engine).map(|(import, _)| import);
    let Some(import) = imports.find(|import| !import.starts_with(PACKAGE)) else { return Ok(()) };
    let advice = if import.starts_with("wasi:") {
        "build it for wasm32-unknown-unknown, or with --stub-wasi in other languages"
    } else {
        "remove what needs it"
    };
    Err(LoadError::Import { plugin: name.to_owned(), import: import.to_owned(), advice })
}

/// Stands in until the component has described itself, within [`Plugin::load`].
fn undescribed() -> Metadata {
    Metadata {
        name: String::new(),
        version: String::new(),
        description: String::new(),
        manifests: false,
        blobs: false,
        media_types: Vec::new(),
        settings_schema: None,
        codes: Vec::new(),
    }
}
