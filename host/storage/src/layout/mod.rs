//! How the store is laid out: its keys, the names that stand in them, and what is in a record.

mod id;
mod key;
mod names;
mod prefix;
pub(crate) mod record;

pub use id::Id;
pub(crate) use id::{decode, encode, random_bytes, random_text};
pub(crate) use key::{Key, body_of, day_of, slice_of};
pub use names::NameHash;
pub(crate) use names::{Entry, Form, Link, TagKey, VerdictName};
pub(crate) use prefix::{
    MANIFESTS, OVER, Prefix, REFUSALS, UPLOADS, dashed, is_held, undashed, unterminated,
};
