//! What plugins read, from the store: so that admission and storage need not know each other.

use std::{ops::Range, pin::pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, future::BoxFuture};

use roadstead_oci::{Descriptor, Digest, Repository};
use roadstead_storage::{Blob, Manifest, Storage};

use crate::admission::{Above, Content, ContentError, Fact, Listed, Place, ReadManifest};

/// A repository as the review of one push sees it.
#[derive(Debug)]
pub struct RepositoryContent {
    storage: Arc<Storage>,
    repository: Repository,
    now: u64,
}

impl RepositoryContent {
    /// The repository's content, at this moment.
    pub fn new(storage: Arc<Storage>, repository: Repository) -> Self {
        let now = u64::try_from(storage.clock().now().as_second()).unwrap_or_default();
        Self { storage, repository, now }
    }

    async fn manifest_bytes(&self, digest: &Digest) -> Result<Option<Bytes>, ContentError> {
        let found = self.storage.manifest(&self.repository, digest).await.map_err(failed)?;
        Ok(found.map(|manifest| manifest.bytes.clone()))
    }

    async fn size(&self, digest: &Digest) -> Result<Option<u64>, ContentError> {
        // an index has up to thousands of children, and each would be looked for as a blob first
        if let Some(manifest) = self.storage.manifest_at_hand(&self.repository, digest) {
            return Ok(Some(manifest.bytes.len() as u64));
        }
        if let Some(blob) = self.storage.blob(&self.repository, digest).await.map_err(failed)? {
            return Ok(Some(blob.size));
        }
        Ok(self.manifest_bytes(digest).await?.map(|bytes| bytes.len() as u64))
    }

    async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<Bytes, ContentError> {
        let at_hand = self.storage.manifest_at_hand(&self.repository, digest);
        let manifest = match at_hand {
            Some(manifest) => manifest.bytes.clone(),
            None => match self.storage.blob(&self.repository, digest).await.map_err(failed)? {
                Some(blob) => return self.read_blob(&blob, range).await,
                None => self.manifest_bytes(digest).await?.unwrap_or_default(),
            },
        };
        let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let part = part.filter(|(_, end)| *end <= manifest.len());
        part.map(|(start, end)| manifest.slice(start..end))
            .ok_or_else(|| ContentError(format!("{digest} is no longer stored")))
    }

    async fn read_blob(&self, blob: &Blob, range: Range<u64>) -> Result<Bytes, ContentError> {
        let mut chunks = pin!(self.storage.read(blob, range).await.map_err(failed)?);
        let first = chunks.next().await.transpose().map_err(failed)?.unwrap_or_default();
        let Some(second) = chunks.next().await else { return Ok(first) };
        let mut bytes = BytesMut::from(first);
        bytes.extend_from_slice(&second.map_err(failed)?);
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.map_err(failed)?);
        }
        Ok(bytes.freeze())
    }

    async fn referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
        bytes_max: usize,
    ) -> Result<Option<Vec<Listed>>, ContentError> {
        let types: Vec<_> = artifact_type.into_iter().collect();
        let found = self.storage.referrers(&self.repository, subject, None, &types).await;
        let mut found = pin!(found.map_err(failed)?);
        let (mut all, mut bytes) = (Vec::new(), 0);
        while let Some((_, descriptor)) = found.try_next().await.map_err(failed)? {
            let Some(listed) = Descriptor::parse(&descriptor) else { continue };
            bytes += descriptor.len();
            if bytes > bytes_max {
                return Ok(None);
            }
            all.push(listed);
        }
        Ok(Some(all))
    }

    async fn above(&self, digest: &Digest, max: usize) -> Result<Option<Vec<Above>>, ContentError> {
        // what is there was judged with what leads to it, whichever came last
        if self.storage.manifest(&self.repository, digest).await.map_err(failed)?.is_some() {
            return Ok(Some(Vec::new()));
        }
        let found = self.storage.above(&self.repository, digest, max).await.map_err(failed)?;
        let Some(found) = found else { return Ok(None) };
        let above = found.into_iter().map(|roadstead_storage::Above { manifest, tags }| {
            Ok(Above { read: read(&manifest)?, tags })
        });
        above.collect::<Result<_, _>>().map(Some)
    }

    async fn annotations(
        &self,
        manifest: &Digest,
        plugin: &str,
    ) -> Result<Vec<Fact>, ContentError> {
        let found = self.storage.manifest(&self.repository, manifest).await.map_err(failed)?;
        let facts = found.map(|manifest| facts(&manifest, plugin));
        Ok(facts.unwrap_or_default())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn failed(error: roadstead_storage::Error) -> ContentError {
    ContentError(error.to_string())
}

/// A stored manifest. It was read before it was let in.
pub(super) fn read(stored: &Manifest) -> Result<ReadManifest, ContentError> {
    let Manifest { digest, bytes, media_type, .. } = stored;
    let manifest = roadstead_oci::Manifest::parse(bytes, Some(media_type));
    let manifest = manifest.map_err(|error| ContentError(error.to_string()))?;
    Ok(ReadManifest { digest: digest.clone(), manifest, bytes: bytes.clone() })
}

/// A stored manifest as a list would show it.
fn described(stored: &Manifest) -> Result<Listed, ContentError> {
    let ReadManifest { digest, manifest, bytes } = read(stored)?;
    Ok(manifest.listed(&digest, bytes.len() as u64))
}

/// What a plugin recorded about a manifest, read from the verdict that let it in.
fn facts(manifest: &Manifest, plugin: &str) -> Vec<Fact> {
    use crate::admission::Annotation;
    let recorded = manifest.record().verdict.get("annotations").cloned().unwrap_or_default();
    let recorded: Vec<Annotation> = serde_json::from_value(recorded).unwrap_or_default();
    let of_plugin = recorded.into_iter().filter(|fact| fact.plugin == plugin);
    let fact = |annotation: Annotation| Fact {
        about: annotation.about.and_then(|about| Digest::parse(&about).ok()),
        authenticated: annotation.authenticated,
        key: annotation.key,
        value: annotation.value,
    };
    of_plugin.map(fact).collect()
}

impl Content for RepositoryContent {
    fn size<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        Box::pin(self.size(digest))
    }

    fn read<'a>(
        &'a self,
        digest: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        Box::pin(self.read(digest, range))
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn mended(&self) -> u64 {
        self.storage.mended()
    }

    fn manifest<'a>(
        &'a self,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        Box::pin(async move {
            let found = self.storage.manifest(&self.repository, digest).await.map_err(failed)?;
            found.map(|manifest| described(&manifest)).transpose()
        })
    }

    fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        bytes_max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        Box::pin(self.referrers(subject, artifact_type, bytes_max))
    }

    fn annotations<'a>(
        &'a self,
        manifest: &'a Digest,
        plugin: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Fact>, ContentError>> {
        Box::pin(self.annotations(manifest, plugin))
    }
}

impl Place for RepositoryContent {
    fn above<'a>(
        &'a self,
        digest: &'a Digest,
        max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Above>>, ContentError>> {
        Box::pin(self.above(digest, max))
    }
}
