//! One call of a guest: an instance and a store of its own, with all limits.

mod aside;
mod queue;
mod turns;

use std::{collections::HashMap, sync::Arc, time::Instant};

use futures::{FutureExt, future::BoxFuture};
use wasmtime::{
    Store, Trap, UpdateDeadline, WasmBacktrace,
    component::{Component, HasSelf, Linker},
};

pub use queue::Caller;
pub(crate) use turns::Turns;
use turns::{Share, Turn};

use crate::{
    ReviewError, Statistics, abi,
    limits::{HOSTCALL_FUEL, MESSAGE_BYTES_MAX, Stopped},
    line::line,
    state::State,
};

/// Compiled code with everything that it imports, ready to be instantiated.
pub(crate) struct Linked {
    ready: abi::PluginPre<State>,
    turns: Share,
}

/// A call that was made, and what the host knows of it.
pub(crate) struct Run<T> {
    pub(crate) answer: Result<T, ReviewError>,
    pub(crate) state: State,
    pub(crate) statistics: Statistics,
}

/// What is called. It owns what it needs, since a long call moves to another thread.
pub(crate) type Call<T> = Box<
    dyn for<'a> FnOnce(&'a mut Store<State>, &'a abi::Plugin) -> BoxFuture<'a, wasmtime::Result<T>>
        + Send,
>;

impl Linked {
    pub(crate) fn new(component: &Component, turns: &Turns) -> wasmtime::Result<Self> {
        let mut linker = Linker::<State>::new(component.engine());
        abi::Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        let ready = abi::PluginPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { ready, turns: turns.share() })
    }

    /// Waits for the right to have an instance.
    pub(crate) async fn turn(&self, caller: &Caller) -> Result<Turn, ReviewError> {
        self.turns.turn(caller).await
    }

    /// Runs one call in a fresh instance, which is dropped with its store, before its turn ends.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        mut turn: Turn,
        state: State,
        call: Call<T>,
    ) -> Result<Run<T>, ReviewError> {
        let meter = Arc::clone(&state.meter);
        turn.charge_by(&meter);
        let called = Self::called(self.ready.clone(), self.store(state), turn, call);
        let run = aside::run(called.boxed(), &meter).await;
        run.ok_or_else(|| ReviewError::Host("the thread of a review has panicked".to_owned()))
    }

    async fn called<T>(
        ready: abi::PluginPre<State>,
        mut store: Store<State>,
        turn: Turn,
        call: Call<T>,
    ) -> Run<T> {
        let wall = store.data().limits.wall;
        let started = Instant::now();
        let meter = Arc::clone(&store.data().meter);
        let work = meter.charge(async {
            let plugin = match ready.instantiate_async(&mut store).await {
                Ok(plugin) => plugin,
                Err(error) => return Err(Self::not_started(&error, store.data())),
            };
            let answer = call(&mut store, &plugin).await;
            answer.map_err(|error| Self::failure(&error, store.data()))
        });
        let answer = tokio::time::timeout(wall, work).await;
        let answer = answer.unwrap_or(Err(ReviewError::Wall { max: wall }));
        let state = store.into_data();
        let statistics = Statistics {
            queue: turn.waited,
            duration: started.elapsed(),
            memory_bytes: state.memory.peak_bytes(),
            read_bytes: state.used.read_bytes,
            host_calls: state.used.host_calls,
        };
        Run { answer, state, statistics }
    }

    /// The one place that makes a store, so that each has all its limits.
    fn store(&self, state: State) -> Store<State> {
        let mut store = Store::new(self.ready.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(HOSTCALL_FUEL);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            // a deadline that passed while the guest waited for the host is no time of its own
            store.data().check_cpu()?;
            // the others get their turn
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }

    /// Where there is no instance the guest has done nothing wrong, unless it was stopped.
    fn not_started(error: &wasmtime::Error, state: &State) -> ReviewError {
        if error.downcast_ref::<Stopped>().is_some() || error.downcast_ref::<Trap>().is_some() {
            return Self::failure(error, state);
        }
        ReviewError::Host(line(&format!("{error:#}"), MESSAGE_BYTES_MAX))
    }

    fn failure(error: &wasmtime::Error, state: &State) -> ReviewError {
        if let Some(stopped) = error.downcast_ref::<Stopped>() {
            return match stopped {
                Stopped::Memory => ReviewError::Memory { bytes_max: state.memory.bytes_max },
                Stopped::Cpu => ReviewError::Cpu { max: state.limits.cpu },
                Stopped::Calls => {
                    let max = state.limits.host_calls_max;
                    ReviewError::Budget(format!("{max} host calls"))
                }
                Stopped::Context => ReviewError::Trap(stopped.to_string()),
                Stopped::Host => ReviewError::Host(format!("{stopped}: {}", error.root_cause())),
            };
        }
        let why = error.root_cause().to_string();
        // wasmtime has no type for this one
        if why.contains("fuel allocated for hostcalls") {
            return ReviewError::Output("4 MiB in one call");
        }
        // with the backtrace of the guest
        tracing::debug!(plugin = state.plugin, error = format!("{error:#}"), "a plugin trapped");
        match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => ReviewError::Panic(state.last_error.clone()),
            Some(Trap::StackOverflow) => ReviewError::Stack,
            Some(Trap::MemoryOutOfBounds) if recurses(error) => ReviewError::Stack,
            Some(_) => ReviewError::Trap(why.trim_start_matches("wasm trap: ").to_owned()),
            None => {
                let why = format!("with an invalid report: {why}");
                ReviewError::Malformed(line(&why, MESSAGE_BYTES_MAX))
            }
        }
    }
}

/// Whether a trap is deep in a recursion. Compilers keep part of the stack in linear memory, and
/// where that ends a guest meets memory that is not there.
fn recurses(error: &wasmtime::Error) -> bool {
    /// Times that one function is among the innermost ones.
    const DEEP: usize = 5;
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return false };
    let mut calls = HashMap::new();
    for frame in backtrace.frames() {
        *calls.entry((frame.module().name(), frame.func_index())).or_insert(0_usize) += 1;
    }
    calls.values().any(|times| *times >= DEEP)
}
