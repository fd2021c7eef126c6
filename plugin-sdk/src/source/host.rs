//! In a component: the contract's own imports.

use crate::bindings::roadstead::admission::{content, context, log, push};

pub(crate) use content::{Blob, Decoded, decoded_digest, open, open_decoded};
pub(crate) use context::{annotations, manifest, now, referrers};
pub(crate) use log::write as log;
pub(crate) use push::{has_other_tag, principal, tags};
