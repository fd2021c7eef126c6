//! `<tag-or-digest>` of the manifest endpoints.

use std::fmt;

use crate::{Digest, InvalidDigest, InvalidTag, Tag};

/// How a request names a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By a tag, which may move.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
}

impl Reference {
    /// Reads a reference: what has a colon is a digest, since no tag can have one (D-03).
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        if text.contains(':') {
            Digest::parse(text).map(Self::Digest).map_err(InvalidReference::Digest)
        } else {
            Tag::parse(text).map(Self::Tag).map_err(InvalidReference::Tag)
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// A string that is neither a tag nor a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidReference {
    /// It has a colon and is no digest.
    Digest(InvalidDigest),
    /// It has none and is no tag.
    Tag(InvalidTag),
}

impl fmt::Display for InvalidReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(invalid) => invalid.fmt(f),
            Self::Tag(invalid) => invalid.fmt(f),
        }
    }
}

impl std::error::Error for InvalidReference {}
