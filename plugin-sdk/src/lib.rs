//! Write plugins for Roadstead.
//!
//! A plugin is a type that implements [`Plugin`]; [`export!`] makes a component of it:
//!
//! ```
//! use roadstead_plugin_sdk::{Codes, Finding, Manifest, Metadata, Plugin, Report, Severity};
//!
//! struct NoLatest;
//!
//! const CODES: Codes = &[("NL001", Severity::Error, "the tag `latest` is not allowed", "Name a version.")];
//!
//! impl Plugin for NoLatest {
//!     type Settings = ();
//!
//!     fn metadata() -> Metadata {
//!         Metadata::new("no-latest", "0.1.0", "Refuses the tag latest.", CODES)
//!     }
//!
//!     fn review_manifest(manifest: &Manifest, (): &()) -> Option<Report> {
//!         let mut report = Report::default();
//!         if manifest.tags.iter().any(|tag| tag == "latest") {
//!             report.find(Finding::error("NL001", "tag latest moves; push a version instead"));
//!         }
//!         Some(report)
//!     }
//! }
//!
//! roadstead_plugin_sdk::export!(NoLatest);
//! # fn main() {}
//! ```
//!
//! Plugins see what the manifest names, through [`content`], and nothing else. On the host's own
//! target the same code runs over blobs in memory: see [`testing`].

pub mod archive;
pub mod content;
mod export;
mod report;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use bindings::roadstead::admission::types::{
    Blob, Descriptor, Failure, Manifest, Role, Severity, Target,
};
pub use export::{Codes, Metadata, Plugin};
pub use report::{Annotation, Finding, Report};

#[doc(hidden)]
pub use export::__private;

/// The contract, as wit-bindgen writes it.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit/0.1",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "roadstead_plugin_sdk::bindings",
    });
}
