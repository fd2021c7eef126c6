//! How loading and reviewing fail.

mod failure;

use std::time::Duration;

pub use failure::{FAILURES, HostCode};

/// Why a component can't be a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine itself could not start.
    #[error("the plugin engine can't start: {0}")]
    Engine(String),
    /// Not a component that this engine runs.
    #[error("plugin {plugin} can't be loaded: {why}")]
    Invalid {
        /// the policy's name for it
        plugin: String,
        /// what is wrong
        why: String,
    },
    /// It wants something that no plugin gets.
    #[error(
        "plugin {plugin} imports {import}, but a plugin may import only roadstead:admission; \
         {advice}"
    )]
    Import {
        /// the policy's name for it
        plugin: String,
        /// what it wants
        import: String,
        /// how to build it without
        advice: &'static str,
    },
    /// It could not describe itself.
    #[error("plugin {plugin} failed to describe itself: {source}")]
    Describe {
        /// the policy's name for it
        plugin: String,
        /// how it failed
        #[source]
        source: ReviewError,
    },
}

/// Why a plugin did not judge. Never a rejection: the policy's `failurePolicy` decides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// It panicked; the last line that it logged as an error, if any.
    #[error("the plugin panicked{}", .0.as_deref().map(|m| format!(": {m}")).unwrap_or_default())]
    Panic(Option<String>),
    /// Its calls went deeper than its stack, most often by endless recursion.
    #[error("the plugin was stopped by a stack overflow: its calls nest too deeply")]
    Stack,
    /// It did something else that WebAssembly or the host stops.
    #[error("the plugin was stopped: {0}")]
    Trap(String),
    /// It asked for more memory than it may have.
    #[error("the plugin needs more than its {bytes_max} bytes of memory")]
    Memory {
        /// the limit
        bytes_max: usize,
    },
    /// It computed for too long.
    #[error("the plugin used more than {max:?} of CPU time")]
    Cpu {
        /// the limit
        max: Duration,
    },
    /// It made more host calls, read more, or held more open than it may.
    #[error("the plugin exceeded its limit of {0}")]
    Budget(String),
    /// It answered more than it may.
    #[error("the plugin answered with more than {0}")]
    Output(&'static str),
    /// It answered something that makes no sense.
    #[error("the plugin answered {0}")]
    Malformed(String),
    /// It says that it can't judge.
    #[error("the plugin failed: {0}")]
    Internal(String),
    /// A host call failed and may not the next time.
    #[error("content could not be read: {0}")]
    Content(String),
    /// It says that something was unavailable.
    #[error("the plugin could not judge now: {0}")]
    Guest(String),
    /// The engine could not run it, for lack of memory most likely.
    #[error("the engine could not run the plugin: {0}")]
    Host(String),
    /// All in all it took too long.
    #[error("the review took longer than {max:?}")]
    Wall {
        /// the limit
        max: Duration,
    },
    /// Too many reviews wait already.
    #[error("too many reviews are waiting")]
    Busy,
}

impl ReviewError {
    /// Whether the same content would fail in the same way again: then a retry is of no use, and
    /// who pushes it must not be able to make the plugin look broken.
    pub fn is_property_of_content(&self) -> bool {
        match self {
            Self::Panic(_)
            | Self::Stack
            | Self::Trap(_)
            | Self::Memory { .. }
            | Self::Cpu { .. }
            | Self::Budget(_)
            | Self::Output(_)
            | Self::Malformed(_)
            | Self::Internal(_) => true,
            Self::Content(_) | Self::Guest(_) | Self::Host(_) | Self::Wall { .. } | Self::Busy => {
                false
            }
        }
    }

    /// What the finding is called that a failure becomes.
    pub fn code(&self) -> &'static HostCode {
        match self {
            Self::Panic(_) => &failure::PANIC,
            Self::Memory { .. } => &failure::MEMORY,
            Self::Cpu { .. } => &failure::CPU,
            Self::Budget(_) => &failure::BUDGET,
            Self::Output(_) => &failure::OUTPUT,
            Self::Malformed(_) => &failure::MALFORMED,
            Self::Internal(_) => &failure::INTERNAL,
            Self::Content(_) => &failure::CONTENT,
            Self::Guest(_) => &failure::GUEST,
            Self::Wall { .. } => &failure::WALL,
            Self::Busy => &failure::BUSY,
            Self::Stack | Self::Trap(_) => &failure::TRAP,
            Self::Host(_) => &failure::HOST,
        }
    }
}
