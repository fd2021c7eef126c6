//! A plugin that is linked and ready, and a review by it.

use std::{collections::HashSet, fmt, sync::Arc, time::Instant};

use tokio::sync::Semaphore;
use wasmtime::{
    Store, Trap, UpdateDeadline,
    component::{Component, HasSelf, Linker},
};

use roadstead_oci::{Algorithm, Digest};

use crate::{
    Content, Engine, Limits, LoadError, Metadata, Report, Review, ReviewError, Statistics, Target,
    abi,
    limits::{HOSTCALL_FUEL, MESSAGE_BYTES_MAX, Stopped},
    runtime::{TICK, Turn},
    state::State,
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
        let component = compile(&engine, &digest, bytes).await.map_err(invalid)?;
        check_imports(name, &component)?;
        let mut linker = Linker::<State>::new(&engine.wasmtime);
        abi::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(invalid)?;
        let linked = linker.instantiate_pre(&component).map_err(invalid)?;
        let ready = abi::PluginPre::new(linked).map_err(invalid)?;
        let turns = Arc::new(Semaphore::new(engine.reviews_per_plugin_max()));
        let mut plugin =
            Self { name: name.to_owned(), digest, metadata: undescribed(), engine, ready, turns };
        // once now, so that an error of types shows here and not on the first push
        let described = plugin.describe().await.and_then(checked);
        plugin.metadata =
            described.map_err(|source| LoadError::Describe { plugin: name.to_owned(), source })?;
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

    /// Asks the plugin about settings, which are JSON text. The problems, at most 100: a JSON
    /// pointer and what is wrong there.
    pub async fn validate_settings(
        &self,
        settings: &str,
    ) -> Result<Vec<(String, String)>, ReviewError> {
        const PROBLEMS_MAX: usize = 100;
        let state = State::without_target(&self.name, Limits::default());
        let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
            plugin.roadstead_admission_reviewer().call_validate_settings(store, settings).await
        };
        let problems = self.run(state, call).await?.answer?.err().unwrap_or_default();
        let text = |text: &str| abi::line(text, MESSAGE_BYTES_MAX);
        let problems = problems.iter().take(PROBLEMS_MAX);
        Ok(problems.map(|problem| (text(&problem.pointer), text(&problem.message))).collect())
    }

    /// Reviews a target in a sandbox of its own. `settings` are JSON text. Whatever the plugin
    /// does, there is an end within [`Limits::wall`] and the wait for a turn.
    pub async fn review(
        &self,
        target: &Target,
        settings: &str,
        content: Arc<dyn Content>,
        limits: &Limits,
    ) -> Review {
        let state = State::for_review(&self.name, limits.clone(), target, content);
        let call = async |store: &mut Store<State>, plugin: &abi::Plugin| {
            let target = target.into();
            plugin.roadstead_admission_reviewer().call_review(store, &target, settings).await
        };
        let Run { answer, state, statistics } = match self.run(state, call).await {
            Ok(run) => run,
            Err(error) => {
                let statistics = Statistics::default();
                return Review { outcome: Err(error), memoisable: false, statistics };
            }
        };
        // what a host call found out counts more than what the guest made of it
        let outcome = match state.failure {
            Some(failure) => Err(failure),
            None => answer.and_then(|answer| self.outcome(answer)),
        };
        let lasting = outcome.as_ref().err().is_none_or(ReviewError::is_property_of_content);
        Review { outcome, memoisable: state.pure && lasting, statistics }
    }

    /// What the guest answered, if it keeps to the contract.
    fn outcome(
        &self,
        answer: Result<Option<abi::types::Report>, abi::types::Failure>,
    ) -> Result<Option<Report>, ReviewError> {
        let text = |text: String| abi::line(&text, MESSAGE_BYTES_MAX);
        let report = answer.map_err(|failure| match failure {
            abi::types::Failure::Unavailable(why) => ReviewError::Guest(text(why)),
            abi::types::Failure::Internal(why) => ReviewError::Internal(text(why)),
        })?;
        report.map(|report| abi::report(report, &self.metadata)).transpose()
    }

    /// Runs one call in a fresh instance, which is dropped with its store, before its turn ends.
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
            let plugin = match self.ready.instantiate_async(&mut store).await {
                Ok(plugin) => plugin,
                Err(error) => return Err(self.not_started(&error, store.data())),
            };
            let answer = call(&mut store, &plugin).await;
            answer.map_err(|error| self.failure(&error, store.data()))
        });
        let answer = called.await.unwrap_or(Err(ReviewError::Wall { max: wall }));
        let state = store.into_data();
        let statistics = Statistics {
            queue: turn.waited,
            duration: started.elapsed(),
            memory_bytes: state.memory.peak_bytes(),
            read_bytes: state.used.read_bytes,
            host_calls: state.used.host_calls,
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
            state.used.ticks += 1;
            if f64::from(state.used.ticks) > ticks_max {
                return Err(Stopped::Cpu.into());
            }
            // the others get their turn
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }

    /// Where there is no instance the guest has done nothing wrong, unless it was stopped.
    fn not_started(&self, error: &wasmtime::Error, state: &State) -> ReviewError {
        if error.downcast_ref::<Stopped>().is_some() || error.downcast_ref::<Trap>().is_some() {
            return self.failure(error, state);
        }
        ReviewError::Host(abi::line(&format!("{error:#}"), MESSAGE_BYTES_MAX))
    }

    fn failure(&self, error: &wasmtime::Error, state: &State) -> ReviewError {
        if let Some(stopped) = error.downcast_ref::<Stopped>() {
            return match stopped {
                Stopped::Memory => ReviewError::Memory { bytes_max: state.memory.bytes_max },
                Stopped::Cpu => ReviewError::Cpu { max: state.limits.cpu },
                Stopped::Calls => ReviewError::Budget("host calls"),
                Stopped::Context => ReviewError::Trap(stopped.to_string()),
            };
        }
        let text = format!("{error:#}");
        // wasmtime has no type for this one
        if text.contains("fuel allocated for hostcalls") {
            return ReviewError::Output("4 MiB in one call");
        }
        tracing::debug!(plugin = self.name, error = text, "a plugin trapped");
        match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => ReviewError::Panic(state.last_error.clone()),
            Some(trap) => {
                let why = trap.to_string();
                ReviewError::Trap(why.trim_start_matches("wasm trap: ").to_owned())
            }
            None => {
                let why = format!("in a way that makes no sense: {text}");
                ReviewError::Malformed(abi::line(&why, MESSAGE_BYTES_MAX))
            }
        }
    }
}

/// A call that was made, and what the host knows of it.
struct Run<T> {
    answer: Result<T, ReviewError>,
    state: State,
    statistics: Statistics,
}

/// Compiles on a thread that may block: Python takes ten seconds.
async fn compile(
    engine: &Arc<Engine>,
    digest: &Digest,
    bytes: &[u8],
) -> wasmtime::Result<Component> {
    let (engine, digest, bytes) = (Arc::clone(engine), digest.clone(), bytes.to_vec());
    let compile = move || match &engine.cache {
        Some(cache) => cache.load(&engine.wasmtime, &digest, &bytes),
        None => Component::from_binary(&engine.wasmtime, &bytes),
    };
    tokio::task::spawn_blocking(compile).await?
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

/// What it says about itself, if a policy can do something with it.
fn checked(metadata: Metadata) -> Result<Metadata, ReviewError> {
    let malformed = |what: String| Err(ReviewError::Malformed(what));
    let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let name = metadata.name.as_str();
    if name.is_empty() || !name.bytes().all(|letter| plain(letter) || letter == b'-') {
        let name = abi::line(name, 40);
        return malformed(format!("that its name is {name:?}; use lower case, digits and -"));
    }
    if !metadata.manifests && !metadata.blobs {
        return malformed("that it reviews neither manifests nor blobs".to_owned());
    }
    let mut ids = HashSet::new();
    if let Some(twice) = metadata.codes.iter().find(|code| !ids.insert(code.id.as_str())) {
        return malformed(format!("with code {:?} twice", abi::line(&twice.id, 40)));
    }
    Ok(metadata)
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
