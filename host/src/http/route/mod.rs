//! A request line in, what it asks for out, and back. Pure.

mod action;
mod place;
mod query;

use roadstead_oci::{InvalidDigest, InvalidReference, InvalidRepository};

use crate::error::Methods;
pub use action::Action;
pub use query::{Query, percent_encoded};

/// Why a request line asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unroutable {
    /// The path belongs to nothing.
    Path,
    /// The path names something, of which only these methods ask anything.
    Method(Methods),
    /// The repository name is malformed.
    Repository(InvalidRepository),
    /// The tag or digest of a manifest is malformed.
    Reference(InvalidReference),
    /// The digest is malformed.
    Digest(InvalidDigest),
    /// What verdicts are asked by is no digest.
    Verdicts,
    /// What a verdict is asked by is no id.
    Verdict,
}
