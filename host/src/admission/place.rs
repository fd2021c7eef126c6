//! Where a push goes to.

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, ready};

use roadstead_oci::{Digest, Manifest, Tag};

use super::{Candidate, Content, ContentError};

/// A repository that something is pushed to, or what stands for one.
pub trait Place: Content {
    /// The manifests that lead, as subject or through an index, to one that is not there yet.
    /// None: more than `max` manifests do. Nothing leads to what is only looked at.
    fn above<'a>(
        &'a self,
        digest: &'a Digest,
        max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Above>>, ContentError>> {
        let _ = (digest, max);
        ready(Ok(Some(Vec::new()))).boxed()
    }
}

/// A manifest that leads to another.
#[derive(Clone, Debug)]
pub struct Above {
    /// its digest
    pub digest: Digest,
    /// all of its tags, if any
    pub tags: Vec<Tag>,
    /// as every client reads it
    pub manifest: Manifest,
    /// the exact bytes
    pub bytes: Bytes,
}

impl Above {
    /// The same as a candidate of the push that is judged.
    pub(super) fn candidate(self, of: &Candidate) -> Candidate {
        let Self { digest, tags, manifest, bytes } = self;
        let Candidate { repository, principal, peer, .. } = of;
        let above = Candidate::new(repository.clone(), (digest, tags), (manifest, bytes));
        Candidate { principal: principal.clone(), peer: *peer, ..above }
    }
}
