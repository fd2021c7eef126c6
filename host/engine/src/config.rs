//! `[engine]` of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Compiler;

/// `[engine]`: how plugins run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Reviews at once for each processor core; more wait. One plugin may hold half of them.
    /// Default: 4.
    pub reviews_per_core_max: usize,
    /// Seconds that a review may wait for its turn before the push is answered 503. Default: 10.
    pub queue_seconds_max: u64,
    /// Folder of compiled plugins, for this user alone. Default: none, which is `cache` in the data
    /// folder, and for commands the user's own folder for such things.
    pub cache: PathBuf,
    /// Who compiles plugins. None: this process, which then has no bound on what that takes, so
    /// that the components should be your own.
    #[serde(skip)]
    pub compiler: Option<Compiler>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            reviews_per_core_max: 4,
            queue_seconds_max: 10,
            cache: PathBuf::new(),
            compiler: None,
        }
    }
}

impl EngineConfig {
    /// Reviews at once on this machine, at least two.
    pub(crate) fn reviews_max(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (cores * self.reviews_per_core_max).max(2)
    }
}
