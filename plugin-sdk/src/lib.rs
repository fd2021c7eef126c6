//! Write admission plugins for Roadstead in Rust.
//!
//! A plugin looks at what is being pushed, reads what it names, and says what it found:
//!
//! ```
//! use roadstead_plugin_sdk::prelude::*;
//!
//! struct NoLatest;
//!
//! const LATEST: Code = Code::error(
//!     "NL001",
//!     "the tag latest is not allowed",
//!     "It says nothing about what is behind it. Push a version, such as `1.4.0`.",
//! );
//!
//! impl Plugin for NoLatest {
//!     type Settings = NoSettings;
//!
//!     fn describe() -> Metadata {
//!         Metadata::new("no-latest", "0.1.0", "Refuses the tag latest")
//!             .reviews_manifests()
//!             .codes(&[LATEST])
//!     }
//!
//!     fn review(target: &Target, _: &NoSettings) -> Review {
//!         let Target::Manifest(manifest) = target else { return Ok(None) };
//!         let mut report = Report::new();
//!         if manifest.tags.iter().any(|tag| tag == "latest") {
//!             report.find(&LATEST, "the tag latest is not allowed; push a version such as 1.4.0");
//!         }
//!         Ok(Some(report))
//!     }
//! }
//!
//! export!(NoLatest);
//! # fn main() {}
//! ```
//!
//! | I want to | look at |
//! |---|---|
//! | know what is pushed | [`Target`], [`Manifest`], [`Descriptor`] |
//! | read a config or a layer | [`content`], [`archive`] |
//! | read gzip inside of an archive | [`gzip`], behind the feature of that name |
//! | refuse, warn, record a fact | [`Report`], [`Finding`], [`Annotation`] |
//! | have settings | [`Plugin::Settings`] |
//! | look at other manifests | [`context`] |
//! | test it on my own machine | [`testing`], behind the feature of that name |
//!
//! Errors of the plugin are no rejections: [`Failure`] says that it could not judge.

pub mod archive;
mod asked;
pub mod bindings;
pub mod content;
pub mod context;
mod export;
#[cfg(feature = "gzip")]
pub mod gzip;
pub mod log;
mod metadata;
mod plugin;
#[cfg(target_family = "wasm")]
mod random;
mod report;
mod source;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
mod text;

pub use asked::Asked;
pub use bindings::roadstead::admission::types::{
    Blob as BlobTarget, Descriptor, Failure, Platform, Property, Role, Severity,
};
pub use export::Exported;
pub use metadata::{Code, Metadata};
pub use plugin::{NoSettings, Plugin, Review, SettingsProblem};
pub use report::{Annotation, Finding, Report};
/// The vocabulary of the OCI specifications: digests, media types, manifests.
pub use roadstead_oci as oci;
pub use target::{Manifest, Target};
pub use text::Quoted;

/// The README's plugin is one that compiles, and its test one that passes.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// What nearly every plugin needs.
pub mod prelude {
    pub use crate::{
        Code, Failure, Metadata, NoSettings, Plugin, Quoted, Report, Review, SettingsProblem,
        Target, export,
    };
}
