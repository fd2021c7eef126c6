//! Why a body is no manifest.

use std::fmt;

/// Why a body is no manifest: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidManifest {
    pointer: String,
    what: String,
}

impl InvalidManifest {
    pub(crate) fn new(pointer: &str, what: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), what: what.into() }
    }

    /// The same of a key of an object.
    pub(crate) fn at_key(key: &str, what: impl Into<String>) -> Self {
        Self::new(&format!("/{}", key.replace('~', "~0").replace('/', "~1")), what)
    }

    /// The same, where what was read stands somewhere in a document.
    pub(crate) fn below(self, pointer: &str) -> Self {
        Self { pointer: format!("{pointer}{}", self.pointer), ..self }
    }

    /// Where, as an RFC 6901 JSON pointer; empty for the whole, `Content-Type` for the header.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }
}

impl fmt::Display for InvalidManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the manifest" } else { &self.pointer };
        write!(f, "{place} {}", self.what)
    }
}

impl std::error::Error for InvalidManifest {}
