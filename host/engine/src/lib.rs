//! The engine: runs plugins, each review in a sandbox of its own.
//!
//! It knows neither repositories nor policy. A plugin sees what its target names and what
//! [`Content`] answers, and nothing else: no files, no network, no randomness, and no time but that
//! at which its review began.
//!
//! Three lifetimes, three types: code compiled once per component digest, a [`Plugin`] that is
//! linked and ready, and one store per review that is dropped with it.

mod abi;
mod config;
mod content;
mod decode;
mod decoded;
mod error;
mod imports;
mod limits;
mod line;
mod load;
mod meter;
mod model;
mod plugin;
mod push;
mod runtime;
mod sandbox;
mod settings;
mod state;

pub use config::EngineConfig;
pub use content::{Content, ContentError, Listed};
pub use error::{FAILURES, HostCode, LoadError, ReviewError};
pub use limits::{COMPONENT_BYTES_MAX, Limits};
pub use load::{Compiler, carry, compile_stdin};
pub use model::{
    Annotation, BlobTarget, Code, Finding, Location, ManifestTarget, Metadata, Named, Report,
    Review, SettingsProblem, Severity, Statistics, Target,
};
pub use plugin::Plugin;
pub use push::{Push, Question};
pub use runtime::Engine;
pub use sandbox::Caller;
