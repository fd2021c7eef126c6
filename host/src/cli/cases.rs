//! Cases: what they store, what they push, and how it is told what became of them.

use std::ops::Range;

use bytes::Bytes;
use futures::future::{BoxFuture, ready};

use roadstead_cases::{Case, Push};
use roadstead_engine::{Annotation, Content, ContentError, Listed};
use roadstead_oci::Digest;

use super::answer;
use crate::{
    admission::{Candidate, Place, ReadManifest},
    principal::Principal,
};

/// What a case pushes, or that it is of another kind than it says.
pub(super) fn candidate(push: &Push) -> Result<Candidate, String> {
    let push = push.clone();
    let Push { digest, manifest, .. } = push;
    let read = ReadManifest { digest, manifest, bytes: push.bytes.into() };
    let candidate = Candidate::new(push.repository, read, push.tags);
    let kind = candidate.kind().name();
    if let Some(expected) = push.kind.filter(|expected| *expected != kind) {
        return Err(format!("expected kind {expected}, found {kind}"));
    }
    let principal = push.principal.as_deref().map(Principal::user).unwrap_or_default();
    Ok(Candidate { principal, ..candidate })
}

/// Counts cases, and tells of each.
#[derive(Debug, Default)]
pub(super) struct Tally {
    all: usize,
    failed: usize,
}

impl Tally {
    /// Tells what became of a case, and what of that is otherwise than expected.
    pub(super) fn tell(
        &mut self,
        name: &str,
        place: &str,
        found: &str,
        differences: &[String],
    ) -> anyhow::Result<()> {
        self.all += 1;
        self.failed += usize::from(!differences.is_empty());
        let sign = if differences.is_empty() { "ok  " } else { "FAIL" };
        answer(&format!("{sign}  {name}{found}"))?;
        if !differences.is_empty() {
            answer(&format!("      at {place}\n      {}", differences.join("\n      ")))?;
        }
        Ok(())
    }

    /// Tells the sum. Answers whether every case became what it expects.
    pub(super) fn end(self) -> anyhow::Result<bool> {
        answer(&match (self.all, self.failed) {
            (1, 0) => "the case passed".to_owned(),
            (all, 0) => format!("all {all} cases passed"),
            (all, failed) => format!("{failed} of {all} cases failed"),
        })?;
        Ok(self.failed == 0)
    }
}

/// The content of a case, which never answers more than `piece_bytes_max` at once.
pub(super) struct Stored {
    pub(super) case: Case,
    pub(super) piece_bytes_max: usize,
}

/// The clock where a case does not say: the beginning of 2026, as in native tests.
const NOW: u64 = 1_767_225_600;

impl Stored {
    fn piece(&self, digest: &Digest, range: Range<u64>) -> Result<Bytes, ContentError> {
        let bytes = self.case.blobs.get(digest).map(Vec::as_slice).unwrap_or_default();
        let [start, end] = [range.start, range.end].map(usize::try_from);
        let start = start.unwrap_or(usize::MAX);
        let end = end.unwrap_or(usize::MAX).min(start.saturating_add(self.piece_bytes_max));
        let piece = bytes.get(start..end.min(bytes.len()));
        let piece = piece.ok_or_else(|| ContentError(format!("{digest} ends before {start}")))?;
        Ok(Bytes::copy_from_slice(piece))
    }
}

impl Place for Stored {}

impl Content for Stored {
    fn size<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        let bytes = self.case.blobs.get(digest);
        Box::pin(ready(Ok(bytes.map(|bytes| bytes.len() as u64))))
    }

    fn read<'a>(
        &'a self,
        digest: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        Box::pin(ready(self.piece(digest, range)))
    }

    fn now(&self) -> u64 {
        self.case.now.unwrap_or(NOW)
    }

    fn manifest<'a>(
        &'a self,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        let mut listed = self.case.manifests().into_iter().map(|(listed, _)| listed);
        Box::pin(ready(Ok(listed.find(|listed| listed.digest == *digest))))
    }

    fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        _bytes_max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        let of_subject = self.case.manifests().into_iter();
        let of_subject = of_subject.filter(|(_, named)| named.as_ref() == Some(subject));
        let of_type = of_subject.map(|(listed, _)| listed).filter(|listed| {
            artifact_type.is_none() || artifact_type == listed.artifact_type.as_deref()
        });
        Box::pin(ready(Ok(Some(of_type.collect()))))
    }

    fn annotations<'a>(
        &'a self,
        _manifest: &'a Digest,
        _plugin: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Annotation>, ContentError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}
