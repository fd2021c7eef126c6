//! `roadstead plugin`: for whoever writes plugins, or wants to know what one does.

mod inspect;
mod limits;
mod test;

use std::path::Path;

use anyhow::Context;
use clap::Subcommand;

use roadstead_engine::{
    COMPONENT_BYTES_MAX, Engine, EngineConfig, Plugin as Loaded, compile_stdin,
};

use super::{compiled_code, with_compiler};
use crate::file;

#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Shows what a plugin reviews, what it can find, its settings, and what it imports
    Inspect(inspect::Inspect),
    /// Runs cases in the sandbox that production runs, and compares what becomes of them
    Test(test::Test),
    /// Compiles the component on stdin to code on stdout, for the server itself
    #[command(hide = true)]
    Compile {
        /// For an engine that has no room for its pool
        #[arg(long)]
        without_pool: bool,
    },
}

impl Plugin {
    /// Answers whether all is well.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        match self {
            Self::Inspect(inspect) => inspect.run().await.map(|()| true),
            Self::Test(test) => test.run().await,
            Self::Compile { without_pool } => {
                compile_stdin(!without_pool).map(|()| true).map_err(anyhow::Error::msg)
            }
        }
    }
}

/// Loads a component as the server does; also how many bytes it has.
async fn load(path: &Path) -> anyhow::Result<(Loaded, usize)> {
    let bytes = file::read(path, COMPONENT_BYTES_MAX)
        .with_context(|| format!("can't read {}", path.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let config = with_compiler(&EngineConfig::default())?;
    let engine = Engine::new(config, compiled_code().as_deref())?;
    Ok((engine.load(&name, &bytes).await?, bytes.len()))
}
