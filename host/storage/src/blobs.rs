//! Blobs: records of segments, and the links by which a repository serves them.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};

use roadstead_oci::{Digest, Repository};

use crate::{
    Error, Result, Storage,
    backend::segment,
    layout::{Form, Id, Key, Link, Prefix},
    resolve::Proof,
};

/// Blobs up to this many bytes stand in their record, which saves them a write and a read.
pub(crate) const INLINE_BYTES_MAX: usize = 8 << 10;

/// A blob that a repository serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// its digest, in the algorithm that was asked for
    pub digest: Digest,
    /// bytes
    pub size: u64,
    pub(crate) link: Link,
}

/// What became of the request to delete something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// It was not there.
    Absent,
    /// It stays, since this manifest names it.
    Named(Digest),
}

/// The first line of a blob's record.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct BlobRecord {
    /// bytes
    pub(crate) size: u64,
    /// empty when the bytes follow
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) id: String,
    /// bytes
    pub(crate) size: u64,
}

impl Segment {
    fn id(&self) -> Result<Id> {
        Id::parse(&self.id).ok_or_else(|| Error::corrupt(&self.id, "it is not a segment's id"))
    }
}

impl Blob {
    pub(crate) fn of(digest: &Digest, link: Link) -> Self {
        Self { digest: digest.clone(), size: link.size, link }
    }
}

impl BlobRecord {
    pub(crate) fn form(&self) -> Form {
        match self.segments.len() {
            0 => Form::Inline,
            1 => Form::One,
            _ => Form::Many,
        }
    }

    /// Its segments and their bytes.
    pub(crate) fn parts(&self) -> Result<Vec<(Id, u64)>> {
        self.segments.iter().map(|segment| Ok((segment.id()?, segment.size))).collect()
    }
}

impl Storage {
    /// The blob, if the repository serves it and it can be read: one whose bytes are gone or
    /// short is absent, so that clients push it again (end-2).
    pub async fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Blob>> {
        let link = self.resolver.link(repository, digest, Proof::Readable).await?;
        Ok(link.map(|link| Blob::of(digest, link)))
    }

    /// The same for whoever skips a push of it: its record can be read as well, and up to 16 MiB
    /// every byte is right.
    pub async fn whole_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Blob>> {
        let link = self.resolver.link(repository, digest, Proof::Whole).await?;
        Ok(link.map(|link| Blob::of(digest, link)))
    }

    /// Streams a range of the blob's bytes, in chunks of at most 1 MiB.
    pub async fn read(
        &self,
        blob: &Blob,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + 'static + use<>> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let link = &blob.link;
        if link.form == Form::One {
            let key = Key::Data(&link.record).path();
            return Ok(segment::read(self.backend.clone(), key, range).boxed());
        }
        let (record, inline) = self.resolver.blob_record(&blob.digest, &link.record).await?;
        if record.segments.is_empty() {
            let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let part = part.filter(|(_, end)| *end <= inline.len());
            let part = part.map(|(start, end)| Ok(inline.slice(start..end)));
            let short = || {
                let key = Key::BlobRecord(&blob.digest, &link.record).path();
                Err(Error::corrupt(&key, "it is shorter than its link says"))
            };
            return Ok(stream::iter([part.unwrap_or_else(short)]).boxed());
        }
        let backend = self.backend.clone();
        let parts = parts_of(&record.segments, range)?;
        let parts = parts
            .into_iter()
            .map(move |(id, range)| segment::read(backend.clone(), Key::Data(&id).path(), range));
        Ok(stream::iter(parts).flatten().boxed())
    }

    /// Lets the repository serve a blob that another one serves already (end-11).
    ///
    /// Without `from`, whichever repository serves it will do, as far as a bounded search finds
    /// one. `None`: not possible, upload it.
    pub async fn mount(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: Option<&Repository>,
    ) -> Result<Option<Blob>> {
        if let Some(blob) = self.whole_blob(repository, digest).await? {
            return Ok(Some(blob));
        }
        let source = match from {
            Some(from) => self.whole_blob(from, digest).await?,
            None => self.search(digest).await?,
        };
        let Some(source) = source else { return Ok(None) };
        let Link { form, record, size, .. } = source.link;
        let link = Link { id: Id::random(), form, record, size };
        self.link(repository, digest, link).await.map(Some)
    }

    /// Makes the link by which the repository serves a record; the last write of every upload.
    pub(crate) async fn link(
        &self,
        repository: &Repository,
        digest: &Digest,
        link: Link,
    ) -> Result<Blob> {
        let _shared = self.resolver.refer(repository).await;
        self.resolver.ensure_repository(repository).await?;
        self.resolver.add_link((repository.clone(), digest.clone()), link.clone()).await?;
        Ok(Blob::of(digest, link))
    }

    /// A repository among the first thousand that serves the blob.
    async fn search(&self, digest: &Digest) -> Result<Option<Blob>> {
        const REPOSITORIES_MAX: usize = 1000;
        if self.resolver.names(&Prefix::BlobRecords(digest)).await?.is_empty() {
            return Ok(None);
        }
        for repository in self.repositories(None, REPOSITORIES_MAX).await?.items {
            if let Some(blob) = self.whole_blob(&repository, digest).await? {
                return Ok(Some(blob));
            }
        }
        Ok(None)
    }

    /// Stops serving the blob (end-10), unless a manifest of the repository names it.
    pub async fn delete_blob(&self, repository: &Repository, digest: &Digest) -> Result<Deleted> {
        // before anybody has to wait
        let known = self.resolver.names_known(repository).await?;
        let _alone = self.resolver.remove(repository).await;
        let links = self.resolver.links(repository, digest).await?;
        if links.is_empty() {
            return Ok(Deleted::Absent);
        }
        if let Some(manifest) = self.resolver.manifest_naming(repository, digest, known).await? {
            return Ok(Deleted::Named(manifest));
        }
        self.resolver.remove_links(&(repository.clone(), digest.clone()), &links).await?;
        Ok(Deleted::Done)
    }
}

/// Which part of which segment a range of the blob covers.
fn parts_of(segments: &[Segment], range: Range<u64>) -> Result<Vec<(Id, Range<u64>)>> {
    let mut parts = Vec::new();
    let mut offset = 0;
    for segment in segments {
        let start = range.start.max(offset);
        let end = range.end.min(offset + segment.size);
        if start < end {
            parts.push((segment.id()?, start - offset..end - offset));
        }
        offset += segment.size;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_covers_parts_of_several_segments() {
        let (a, b) = (Id::random(), Id::random());
        let segments = [&a, &b].map(|id| Segment { id: id.to_string(), size: 10 });
        assert_eq!(parts_of(&segments, 3..7).unwrap(), [(a.clone(), 3..7)]);
        assert_eq!(parts_of(&segments, 10..11).unwrap(), [(b.clone(), 0..1)]);
        assert_eq!(parts_of(&segments, 9..20).unwrap(), [(a, 9..10), (b, 0..10)]);
    }
}
