//! Where a push goes to.

use futures::future::{BoxFuture, FutureExt, ready};

use roadstead_oci::{Digest, Tag};

use super::{Candidate, Content, ContentError, ReadManifest};

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
    /// what it is
    pub read: ReadManifest,
    /// all of its tags, if any
    pub tags: Vec<Tag>,
}

impl Above {
    /// The same as a candidate of the push that is judged.
    pub(super) fn candidate(self, of: &Candidate) -> Candidate {
        let Candidate { repository, principal, peer, .. } = of;
        let above = Candidate::new(repository.clone(), self.read, self.tags);
        Candidate { principal: principal.clone(), peer: *peer, ..above }
    }
}
