//! What is being pushed.

use std::net::IpAddr;

use bytes::Bytes;

use roadstead_oci::{Digest, Manifest, Repository, Tag};

use crate::{
    kind::{Kind, classify},
    principal::Principal,
};

/// A manifest as it was read.
#[derive(Clone, Debug)]
pub struct ReadManifest {
    /// the digest of the bytes, by the algorithm that its client uses
    pub digest: Digest,
    /// as every client reads it
    pub manifest: Manifest,
    /// the exact bytes
    pub bytes: Bytes,
}

/// A manifest that wants in, with everything that a policy may look at.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// where it is pushed to
    pub repository: Repository,
    /// the digest that it is pushed by
    pub digest: Digest,
    /// the tags that it shall have; none for a push by digest
    pub tags: Vec<Tag>,
    /// those of them that plugins are told: of a manifest below the one that is pushed not those
    /// that name it by its digest, since who pulls by such a tag asks for that very manifest
    pub told_tags: Vec<Tag>,
    /// as every client reads it
    pub manifest: Manifest,
    /// the exact bytes
    pub bytes: Bytes,
    /// everything that it is
    pub kinds: Vec<Kind>,
    /// who pushes
    pub principal: Principal,
    /// the address that pushes, which may be a proxy's, if it is known
    pub peer: Option<IpAddr>,
    /// whether an index that is pushed names it, so that the tags are the index's
    pub in_index: bool,
}

impl Candidate {
    /// What is pushed, to be judged. Reads the kinds off the manifest and its tags.
    pub fn new(repository: Repository, read: ReadManifest, tags: Vec<Tag>) -> Self {
        let ReadManifest { digest, manifest, bytes } = read;
        let kinds = classify(&manifest, &tags);
        Self {
            repository,
            digest,
            told_tags: tags.clone(),
            tags,
            manifest,
            bytes,
            kinds,
            principal: Principal::Anonymous,
            peer: None,
            in_index: false,
        }
    }

    /// The same, known to be of one more kind, which names it.
    pub(super) fn also(&self, kind: Kind) -> Self {
        let others = self.kinds.iter().copied();
        let others = others.filter(|other| ![kind, Kind::UNKNOWN].contains(other));
        Self { kinds: std::iter::once(kind).chain(others).collect(), ..self.clone() }
    }

    /// The kind that names it.
    pub fn kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::UNKNOWN)
    }
}
