//! What is being pushed.

use bytes::Bytes;

use roadstead_oci::{Digest, Manifest, Repository, Tag};

use super::kind::{Kind, classify};

/// A manifest that wants in, with everything that a policy may look at.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// where it is pushed to
    pub repository: Repository,
    /// the digest that it is pushed by
    pub digest: Digest,
    /// the tags that it shall have; none for a push by digest
    pub tags: Vec<Tag>,
    /// as every client reads it
    pub manifest: Manifest,
    /// the exact bytes
    pub bytes: Bytes,
    /// who pushes, if that is known
    pub principal: Option<String>,
}

impl Candidate {
    /// What it is.
    pub fn kind(&self) -> Kind {
        classify(&self.manifest)
    }
}
