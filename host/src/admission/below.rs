//! What an index wraps, judged with the index's tags.
//!
//! What a manifest below an index has to be was decided when it was pushed, except for rules about
//! tags: it had none of these then. Without this, wrapping an image in an index would be a way
//! round such a rule.

use std::collections::{HashSet, VecDeque};

use roadstead_engine::{Content, ContentError};
use roadstead_oci::{Content as Named, Digest, Manifest, media_type};

use super::Candidate;
use crate::policy::{Policy, Rule};

/// Manifests below one index that are looked at.
const BELOW_MAX: usize = 1000;
/// Largest of them, in bytes.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// Goes down from an index, one manifest at a time.
pub(super) struct Below<'a> {
    index: &'a Candidate,
    seen: HashSet<Digest>,
    ahead: VecDeque<(Digest, String)>,
}

/// Why there is no candidate.
#[derive(Debug)]
pub(super) enum Hidden {
    /// too many are below the index
    TooMany,
    /// not stored, or damaged
    Unreadable(Digest),
    /// the store failed; a retry may cure it
    Failed(ContentError),
}

/// The rules about the tags of an index that hold for what it wraps.
pub(super) fn rules<'a>(policy: &'a Policy, candidate: &Candidate) -> Vec<&'a Rule> {
    let wraps =
        matches!(&candidate.manifest.content, Named::Index { manifests } if !manifests.is_empty());
    let about = |rule: &&Rule| {
        let of = &rule.about;
        let tags = of
            .tags
            .as_ref()
            .is_some_and(|globs| candidate.tags.iter().any(|tag| globs.fit(tag.as_str())));
        tags && of
            .repositories
            .as_ref()
            .is_none_or(|globs| globs.fit(candidate.repository.as_str()))
    };
    if wraps { policy.rules().iter().filter(about).collect() } else { Vec::new() }
}

impl<'a> Below<'a> {
    pub(super) fn new(index: &'a Candidate) -> Self {
        let mut below = Self { index, seen: HashSet::new(), ahead: VecDeque::new() };
        below.add(&index.manifest);
        below
    }

    fn add(&mut self, manifest: &Manifest) {
        let Named::Index { manifests } = &manifest.content else { return };
        for child in manifests.iter().filter(|child| media_type::is_manifest(&child.media_type)) {
            if self.seen.insert(child.digest.clone()) {
                self.ahead.push_back((child.digest.clone(), child.media_type.clone()));
            }
        }
    }

    /// The next manifest, as if it had been pushed with the index's tags. None: there are no more.
    pub(super) async fn next(
        &mut self,
        content: &dyn Content,
    ) -> Option<Result<Candidate, Hidden>> {
        let (digest, media_type) = self.ahead.pop_front()?;
        if self.seen.len() > BELOW_MAX {
            self.ahead.clear();
            return Some(Err(Hidden::TooMany));
        }
        let read = read(&digest, &media_type, content).await;
        Some(read.map(|(manifest, bytes)| {
            self.add(&manifest);
            let Candidate { repository, tags, principal, .. } = self.index;
            let named = (digest, tags.clone());
            let below = Candidate::new(repository.clone(), named, (manifest, bytes));
            Candidate { principal: principal.clone(), ..below }
        }))
    }
}

async fn read(
    digest: &Digest,
    media_type: &str,
    content: &dyn Content,
) -> Result<(Manifest, bytes::Bytes), Hidden> {
    let unreadable = || Hidden::Unreadable(digest.clone());
    let size = content.size(digest).await.map_err(Hidden::Failed)?;
    let size = size.filter(|size| *size <= MANIFEST_BYTES_MAX).ok_or_else(unreadable)?;
    let bytes = content.read(digest, 0..size).await.map_err(Hidden::Failed)?;
    match Manifest::parse(&bytes, Some(media_type)) {
        Ok(manifest) => Ok((manifest, bytes)),
        Err(_) => Err(unreadable()),
    }
}
