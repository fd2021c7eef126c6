//! Helm's view of a chart's metadata: how it reads `Chart.yaml`, and what `helm push` makes of it.
//!
//! The server builds the manifest that Helm would push, and the `helm` plugin judges what was
//! pushed. Both must agree with Go's YAML and JSON decoders, so they share this code. It does no
//! I/O and compiles for `wasm32-unknown-unknown`.
//!
//! ```
//! let chart = b"apiVersion: v2\nname: web\nversion: 1.10\n".to_vec();
//! let metadata = roadstead_chart::Metadata::read(&[chart], &[]).unwrap();
//! assert_eq!(metadata.text("version"), "1.1");
//! assert_eq!(metadata.to_config(), r#"{"name":"web","version":"1.1","apiVersion":"v2"}"#);
//! ```

mod go;
mod metadata;
mod text;
pub mod yaml;

pub use go::{escaped, to_go_json};
pub use metadata::{
    DEPENDENCIES, METADATA, Metadata, Shape, Text, Unreadable, Value, decode, field_named, to_json,
};
pub use text::sanitised;
