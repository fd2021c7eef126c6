//! Content that lies in files.

use std::{collections::HashMap, fs::File, ops::Range, os::unix::fs::FileExt, path::PathBuf};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, ready};
use roadstead_oci::{Digest, Hasher, Manifest};

use crate::admission::{Content, ContentError, Fact, Listed, Place};

/// Blobs and manifests by their digests, in files and in memory.
#[derive(Debug)]
pub struct Local {
    parts: HashMap<Digest, Part>,
    manifests: Vec<(Digest, Manifest, u64)>,
    now: u64,
}

#[derive(Clone, Debug)]
enum Part {
    Memory(Bytes),
    File { path: PathBuf, offset: u64, bytes: u64 },
}

impl Local {
    /// Nothing yet. `now`: seconds since the epoch, for plugins that ask.
    pub fn new(now: u64) -> Self {
        Self { parts: HashMap::new(), manifests: Vec::new(), now }
    }

    pub(super) fn add_bytes(&mut self, digest: Digest, bytes: Bytes) {
        self.parts.insert(digest, Part::Memory(bytes));
    }

    /// A part of a file, which must be what the digest says.
    pub(super) fn add_file(
        &mut self,
        digest: Digest,
        (path, file): (PathBuf, &File),
        (offset, bytes): (u64, u64),
    ) -> anyhow::Result<()> {
        const CHUNK_BYTES: usize = 1 << 20;
        let mut hasher = Hasher::new(digest.algorithm());
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut at = 0;
        while at < bytes {
            let len = chunk.len().min(usize::try_from(bytes - at).unwrap_or(CHUNK_BYTES));
            file.read_exact_at(&mut chunk[..len], offset + at)?;
            hasher.update(&chunk[..len]);
            at += len as u64;
        }
        let found = hasher.finish();
        anyhow::ensure!(found == digest, "blob {digest} holds {found}");
        self.parts.insert(digest, Part::File { path, offset, bytes });
        Ok(())
    }

    /// Has a manifest answer for what plugins ask of `context`.
    pub(super) fn add_manifest(&mut self, digest: Digest, manifest: Manifest, bytes: u64) {
        self.manifests.push((digest, manifest, bytes));
    }

    /// The bytes of something small. None: it is not there.
    pub(super) fn small(&self, digest: &Digest, bytes_max: u64) -> anyhow::Result<Option<Bytes>> {
        let Some(part) = self.parts.get(digest) else { return Ok(None) };
        let bytes = part.bytes();
        anyhow::ensure!(bytes <= bytes_max, "{digest} has {bytes} bytes, more than {bytes_max}");
        Ok(Some(part.read(0..bytes)?))
    }

    fn listed(&self, fits: impl Fn(&Digest, &Manifest) -> bool) -> Vec<Listed> {
        let found = self.manifests.iter().filter(|(digest, manifest, _)| fits(digest, manifest));
        found.map(|(digest, manifest, bytes)| manifest.listed(digest, *bytes)).collect()
    }
}

impl Part {
    fn bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { bytes, .. } => *bytes,
        }
    }

    fn read(&self, range: Range<u64>) -> std::io::Result<Bytes> {
        let cut = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(cut(range.start)..cut(range.end))),
            Self::File { path, offset, .. } => {
                let mut bytes = vec![0; cut(range.end - range.start)];
                File::open(path)?.read_exact_at(&mut bytes, offset + range.start)?;
                Ok(bytes.into())
            }
        }
    }
}

impl Place for Local {}

impl Content for Local {
    fn size<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        ready(Ok(self.parts.get(digest).map(Part::bytes))).boxed()
    }

    fn read<'a>(
        &'a self,
        digest: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        let failed = move |why: String| ContentError(format!("{digest} can't be read: {why}"));
        let Some(part) = self.parts.get(digest).cloned() else {
            return ready(Err(failed("it does not exist".to_owned()))).boxed();
        };
        async move {
            let read = tokio::task::spawn_blocking(move || part.read(range)).await;
            let read = read.map_err(|error| failed(error.to_string()))?;
            read.map_err(|error| failed(error.to_string()))
        }
        .boxed()
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn manifest<'a>(
        &'a self,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        ready(Ok(self.listed(|found, _| found == digest).pop())).boxed()
    }

    fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        _bytes_max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        let refers = |_: &Digest, manifest: &Manifest| {
            let of = manifest.subject.as_ref().is_some_and(|of| &of.digest == subject);
            of && artifact_type.is_none_or(|kind| manifest.effective_artifact_type() == Some(kind))
        };
        ready(Ok(Some(self.listed(refers)))).boxed()
    }

    /// Nothing was recorded about what no registry holds.
    fn annotations<'a>(
        &'a self,
        _manifest: &'a Digest,
        _plugin: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Fact>, ContentError>> {
        ready(Ok(Vec::new())).boxed()
    }
}
