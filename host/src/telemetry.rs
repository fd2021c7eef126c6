//! What the operator sees.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// `[log]`: what goes to stderr.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Levels, as in `RUST_LOG`, which wins over this. Default: `info`.
    pub filter: String,
    /// `pretty`, `json`, or `auto`: pretty on a terminal and JSON lines otherwise. Default: `auto`.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// pretty on a terminal, JSON lines otherwise
    #[default]
    Auto,
    /// for people
    Pretty,
    /// for machines: one object a line
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Auto }
    }
}

/// Libraries that speak only when they are asked to.
const SILENT: &str = "wasmtime=off,wasmtime_internal_cache=off,cranelift_codegen=off,hyper=off,\
                      hyper_util=off,h2=off,object_store=off";

/// Starts logging to stderr. A filter that can't be read is an error.
pub fn start(config: &LogConfig) -> anyhow::Result<()> {
    let (name, wanted) = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => ("RUST_LOG", filter),
        _ => ("log.filter", config.filter.clone()),
    };
    let filter = EnvFilter::try_new(format!("{SILENT},{wanted}")).map_err(|error| {
        anyhow::anyhow!("{name} is {wanted:?}, which is not a valid filter: {error}")
    })?;
    let pretty = match config.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    if pretty {
        registry.with(lines.with_ansi(std::io::stderr().is_terminal())).init();
    } else {
        registry.with(lines.json().flatten_event(true).with_span_list(false)).init();
    }
    Ok(())
}
