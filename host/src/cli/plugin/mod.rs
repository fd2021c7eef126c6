//! `roadstead plugin`: for whoever writes plugins, or wants to know what one does.

mod inspect;
mod limits;
mod test;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Subcommand;

use roadstead_engine::{
    COMPONENT_BYTES_MAX, Engine, EngineConfig, Limits, Plugin as Loaded, carry, compile_stdin,
};

use super::{compiled_code, with_compiler};
use crate::{app::BUNDLED, file, nearest::nearest, policy::Bundled};

#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Shows what a plugin reviews, its codes, settings, limits and imports
    Inspect(inspect::Inspect),
    /// Runs test cases in the same sandbox as production
    Test(test::Test),
    /// Compiles the component on stdin to code on stdout, for the server itself
    #[command(hide = true)]
    Compile {
        /// For an engine that has no room for its pool
        #[arg(long)]
        without_pool: bool,
    },
    /// Writes a copy of this binary that carries its own plugins compiled, so that no server has to
    /// compile them at its first start
    #[command(hide = true)]
    Carry {
        /// Where to; this binary itself will do
        #[arg(long, value_name = "FILE")]
        into: PathBuf,
        /// Where compiled code is kept for the next time
        #[arg(long, value_name = "DIR")]
        cache: PathBuf,
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
            Self::Carry { into, cache } => {
                let binary = std::env::current_exe().context("this binary can't be found")?;
                let components = BUNDLED.map(|bundled| bundled.component);
                let carried = carry(&binary, &components, &into, &cache);
                carried.map(|()| true).map_err(anyhow::Error::msg)
            }
        }
    }
}

/// A component that was loaded.
struct Component {
    plugin: Loaded,
    bytes: usize,
    /// what a review may use where a policy sets nothing
    limits: Limits,
}

/// Loads a component as the server does: a file, or by its name alone a built-in one, which a file
/// of that name does not hide.
async fn load(path: &Path) -> anyhow::Result<Component> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let given = path.to_string_lossy();
    let named = given.strip_prefix("builtin:").unwrap_or(&given);
    let bundled = BUNDLED.iter().find(|bundled| bundled.name == named);
    let bytes = match bundled {
        Some(bundled) => Cow::Borrowed(bundled.component),
        None => Cow::Owned(read(path)?),
    };
    let config = with_compiler(&EngineConfig::default())?;
    let engine = Engine::new(config, compiled_code().as_deref())?;
    let limits = bundled.map(Bundled::limits).unwrap_or_default();
    let plugin = engine.load(&name, &bytes).await?;
    Ok(Component { plugin, bytes: bytes.len(), limits })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display().to_string();
    file::read(path, COMPONENT_BYTES_MAX).with_context(|| {
        let known = BUNDLED.iter().map(|bundled| bundled.name);
        match nearest(&shown, known.clone()) {
            Some(near) => format!("can't read {shown}; did you mean the built-in {near}?"),
            None => format!(
                "can't read {shown}; name a component's file, or a built-in plugin: {}",
                known.collect::<Vec<_>>().join(", ")
            ),
        }
    })
}
