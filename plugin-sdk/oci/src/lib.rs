//! The vocabulary of the OCI distribution and image specifications: parsed types, no I/O.
//!
//! Both sides of Roadstead use it, the server and the plugins, so it compiles for
//! `wasm32-unknown-unknown` and depends on serde and sha2 alone. A value of one of these types
//! has been checked: an unchecked string never reaches a key of the store.

mod descriptor;
mod digest;
mod error_code;
mod invalid;
pub mod json;
mod manifest;
pub mod media_type;
mod plain;
mod range;
mod read;
mod reference;
mod repository;
mod tag;
mod texts;

pub use descriptor::{Descriptor, Platform};
pub use digest::{Algorithm, Digest, Hasher, InvalidDigest};
pub use error_code::ErrorCode;
pub use invalid::InvalidManifest;
pub use manifest::{Content, Manifest, Role};
pub use plain::{is_plain, plain};
pub use range::{ContentRange, InvalidContentRange, RangeRequest};
pub use reference::{InvalidReference, Reference};
pub use repository::{InvalidRepository, Repository};
pub use tag::{InvalidTag, Tag, TagForm};
pub use texts::{Annotations, Texts};
