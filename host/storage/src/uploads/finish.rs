//! The end of an upload: what arrived becomes a blob of its repository.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::{Stream, StreamExt};

use roadstead_oci::{Algorithm, Digest, Hasher, Repository};

use super::{
    BodyError, Upload,
    receive::{Content, End, Received},
};
use crate::{
    Error, Result, Storage,
    backend::segment,
    blobs::{Blob, BlobRecord, INLINE_BYTES_MAX, Segment},
    layout::{Id, Key, Link, record},
    resolve::{Arrived, Proof, Sifted},
};

/// The content of one part, and its size in bytes.
type Part = (Content, u64);

/// What became of the end of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The repository serves the blob.
    Stored(Blob),
    /// The content has this digest, and not the one that was announced. Nothing changed.
    Mismatch(Digest),
    /// The client broke off. Nothing changed.
    Broken,
    /// The blob would be larger than is allowed, in bytes. Nothing changed.
    TooLarge(u64),
    /// The upload ended meanwhile. Nothing changed.
    Over,
}

/// What became of the record of a blob.
enum Recording {
    /// The store has it. The repository may serve it already or not.
    Done {
        /// where the upload's parts begin, in bytes
        offsets: Vec<u64>,
        /// the repository's links to copies of the blob: one that is sound, and the damaged ones
        links: Sifted,
        /// the link that the repository is to have where none is sound
        link: Link,
    },
    /// There is none, and the upload ends with this.
    Not(Finished),
}

impl Storage {
    /// Takes the last bytes and makes the upload a blob (end-6), or a whole blob at once (end-4b).
    pub async fn finish(
        &self,
        upload: &Upload,
        body: impl Stream<Item = std::result::Result<Bytes, BodyError>> + Send,
        digest: &Digest,
    ) -> Result<Finished> {
        let mut hasher = upload.hasher.clone();
        if upload.size == 0 {
            hasher = Hasher::new(digest.algorithm());
        }
        let limit = self.config.blob_bytes_max;
        let received = self.receive(body, &mut hasher, limit.saturating_sub(upload.size)).await?;
        match received.end {
            End::TooLarge => return Ok(Finished::TooLarge(limit)),
            End::Broken => {
                self.forget(&received.content).await;
                return Ok(Finished::Broken);
            }
            End::Complete => {}
        }
        let (session, wanted) = (upload.clone(), digest.clone());
        let recorded = self
            .job(|store| async move { store.record(&session, received, hasher, &wanted).await });
        let (offsets, links, link) = match recorded.await? {
            Recording::Done { offsets, links, link } => (offsets, links, link),
            Recording::Not(finished) => return Ok(finished),
        };
        let blob = self.serve_recorded(&upload.repository, digest, links, link).await?;
        self.resolver.is_finished(&upload.id);
        // Without parts nothing goes away, and there is nothing to write. That it can't be written
        // is no failure either: then the parts stay, and the session with them.
        if upload.size > 0 {
            let session = upload.clone();
            self.job(|store| async move {
                match store.end(&session).await {
                    Ok(()) => store.discard_parts(&session, &offsets).await,
                    Err(error) => {
                        let message =
                            "a finished upload could not be removed; it stays until it expires";
                        tracing::warn!(%error, message);
                    }
                }
            })
            .await;
        }
        Ok(Finished::Stored(blob))
    }

    /// Verifies the digest of everything that arrived, and writes the record of the blob, unless
    /// the store has a sound one. What was only just received is dropped where it is not needed.
    async fn record(
        &self,
        upload: &Upload,
        received: Received,
        hasher: Hasher,
        digest: &Digest,
    ) -> Result<Recording> {
        let Some((offsets, parts)) = self.parts_so_far(upload).await? else {
            self.forget(&received.content).await;
            return Ok(Recording::Not(Finished::Over));
        };
        let computed = match hasher.algorithm() == digest.algorithm() {
            true => hasher.finish(),
            false => self.rehash(&parts, &received, digest.algorithm()).await?,
        };
        if computed != *digest {
            self.forget(&received.content).await;
            return Ok(Recording::Not(Finished::Mismatch(computed)));
        }
        let name = (upload.repository.clone(), digest.clone());
        let links = self.resolver.sift(&name, Proof::Hashed).await?;
        let stored = match &links.sound {
            Some(link) => Some(link.clone()),
            None => self.resolver.sound_record(digest).await?,
        };
        let link = match stored {
            // Only what this request brought may go: a part may be in a record already, if a
            // process died right after it had finished this very upload.
            Some(link) => {
                self.forget(&received.content).await;
                link
            }
            None => self.put_record(digest, &parts, received).await?,
        };
        Ok(Recording::Done { offsets, links, link })
    }

    /// Lets the repository serve the blob. One that it serves already stays as it is, if every byte
    /// of it is right: who pushes again may do so since what he gets is damaged. Links to damaged
    /// copies go when the new one is there.
    async fn serve_recorded(
        &self,
        repository: &Repository,
        digest: &Digest,
        Sifted { sound, damaged }: Sifted,
        link: Link,
    ) -> Result<Blob> {
        let blob = match sound {
            Some(link) => Blob::of(digest, link),
            None => self.link(repository, digest, link).await?,
        };
        self.resolver.remove_links(&(repository.clone(), digest.clone()), &damaged).await?;
        if !damaged.is_empty() {
            self.mended.fetch_add(1, Ordering::AcqRel);
        }
        Ok(blob)
    }

    /// Returns the offsets of all parts, and the parts that make up the upload's size. Returns
    /// `None` if the upload has ended.
    async fn parts_so_far(&self, upload: &Upload) -> Result<Option<(Vec<u64>, Vec<Part>)>> {
        if upload.size == 0 {
            return Ok(Some((Vec::new(), Vec::new())));
        }
        let Arrived { over, offsets } =
            self.resolver.arrived(&upload.repository, &upload.id).await?;
        if over {
            return Ok(None);
        }
        let (mut parts, mut end) = (Vec::new(), 0);
        // a later chunk is not part of the content that this request announces
        for offset in offsets.iter().take_while(|offset| **offset < upload.size) {
            if *offset != end {
                break;
            }
            let part = self.upload_part(&upload.repository, &upload.id, *offset).await?;
            let Some((head, content)) = part else { return Ok(None) };
            end += head.size;
            parts.push((content, head.size));
        }
        if end == upload.size {
            return Ok(Some((offsets, parts)));
        }
        // a listing taken while another request removes the parts can miss `over`
        if self.resolver.is_over(&upload.repository, &upload.id).await? {
            return Ok(None);
        }
        let key = Key::UploadPart(&upload.repository, &upload.id, end).path();
        Err(Error::corrupt(&key, "the parts do not add up to the size of the upload"))
    }

    /// Reads everything again, for a digest of an algorithm that nobody announced.
    async fn rehash(
        &self,
        parts: &[Part],
        last: &Received,
        algorithm: Algorithm,
    ) -> Result<Digest> {
        let mut hasher = Hasher::new(algorithm);
        let last = (last.content.clone(), last.size);
        for (content, size) in parts.iter().chain([&last]) {
            match content {
                Content::Inline(bytes) => hasher.update(bytes),
                Content::Held(_, bytes) => bytes.iter().for_each(|frame| hasher.update(frame)),
                Content::Segment(id) => {
                    let key = Key::Data(id).path();
                    let mut chunks =
                        std::pin::pin!(segment::read(self.backend.clone(), key, 0..*size));
                    while let Some(chunk) = chunks.next().await {
                        hasher.update(&chunk?);
                    }
                }
            }
        }
        Ok(hasher.finish())
    }

    /// Writes the record of what arrived, and answers the link that leads there.
    async fn put_record(&self, digest: &Digest, parts: &[Part], last: Received) -> Result<Link> {
        let (head, inline) = self.assemble(parts, last).await?;
        let record = match head.segments.as_slice() {
            [only] => Id::parse(&only.id).unwrap_or_else(Id::random),
            _ => Id::random(),
        };
        let link = Link { id: Id::random(), form: head.form(), record, size: head.size };
        let key = Key::BlobRecord(digest, &link.record).path();
        self.backend.put(&key, record::encode(&head, &inline)).await?;
        Ok(link)
    }

    async fn assemble(&self, parts: &[Part], last: Received) -> Result<(BlobRecord, Bytes)> {
        let all: Vec<_> = parts.iter().cloned().chain([(last.content, last.size)]).collect();
        let size = all.iter().map(|(_, size)| size).sum();
        let inline: Option<Vec<&[u8]>> = all
            .iter()
            .map(|(content, _)| match content {
                Content::Inline(bytes) => Some(bytes.as_ref()),
                Content::Held(..) | Content::Segment(_) => None,
            })
            .collect();
        if let Some(inline) = inline.filter(|_| size <= INLINE_BYTES_MAX as u64) {
            return Ok((BlobRecord { size, segments: Vec::new() }, inline.concat().into()));
        }
        let mut segments: Vec<Segment> = Vec::new();
        for (content, size) in all.iter().filter(|(_, size)| *size > 0) {
            segments.push(self.as_segment(content, *size).await?);
        }
        Ok((BlobRecord { size, segments }, Bytes::new()))
    }
}
