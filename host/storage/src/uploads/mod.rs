//! Uploads: sessions of which each part is an object, created only at its offset.
//!
//! Crash argument: a part is durable before it is acknowledged, its bytes before it. Finishing
//! writes the record, then the link, then that the session is over, and then removes the parts;
//! until the link is there nobody sees the blob, and after any crash the same PUT can be repeated.
//!
//! A session that has parts is over for good once one of them may be gone: a chunk that was on its
//! way meanwhile would otherwise stand behind a gap, with the hash of what had been there.

mod hash_state;
mod receive;
mod token;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use roadstead_oci::{Algorithm, Digest, Hasher, Repository};

use crate::{
    Error, Result, Storage,
    backend::segment,
    blobs::{Blob, BlobRecord, INLINE_BYTES_MAX, Segment},
    layout::{Id, Key, Link, record},
    resolve::{Arrived, Progress, Proof, Sifted},
};

pub use receive::BodyError;
use receive::{Content, End, Received};
use token::Token;
pub(crate) use token::Tokens;

/// An upload that goes on.
#[derive(Clone, Debug)]
pub struct Upload {
    /// names the session in its URL, safe in a path
    pub token: String,
    /// bytes that arrived so far
    pub size: u64,
    repository: Repository,
    id: Id,
    hasher: Hasher,
}

/// The content of one part, and its size in bytes.
type Part = (Content, u64);

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept; the upload has this many bytes now.
    Kept(u64),
    /// The client broke off. What arrived is kept; the upload has this many bytes now.
    Broken(u64),
    /// Its place was taken: the upload has this many bytes, and the chunk is not kept.
    OutOfOrder(u64),
    /// The blob would be larger than is allowed, in bytes.
    TooLarge(u64),
    /// The upload ended meanwhile, and the chunk is not kept.
    Over,
}

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

/// The first line of a part; a small part's bytes follow.
#[derive(Serialize, Deserialize)]
pub(crate) struct PartRecord {
    /// bytes
    pub(crate) size: u64,
    /// none: they follow
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) segment: Option<String>,
    /// the hash of everything up to this part's end
    state: String,
}

impl Upload {
    fn fresh(repository: &Repository, token: &Token, text: String) -> Self {
        Self {
            token: text,
            size: 0,
            repository: repository.clone(),
            id: token.id.clone(),
            hasher: Hasher::new(token.algorithm),
        }
    }
}

impl Storage {
    /// Begins an upload (end-4a). It has no object until its first bytes have arrived.
    pub fn begin_upload(&self, repository: &Repository, algorithm: Algorithm) -> Upload {
        let expires = self.clock.now().as_second() + self.config.upload_seconds_max;
        let token = Token { id: Id::random(), algorithm, expires };
        Upload::fresh(repository, &token, self.tokens.sign(repository, &token))
    }

    /// The upload that a client goes on with (end-13), unless it is unknown, over or too old.
    pub async fn upload(&self, repository: &Repository, text: &str) -> Result<Option<Upload>> {
        let Some(token) = self.tokens.verify(repository, text) else { return Ok(None) };
        if token.expires < self.clock.now().as_second() {
            return Ok(None);
        }
        let mut upload = Upload::fresh(repository, &token, text.to_owned());
        if let Some(Progress { size, hasher }) = self.resolver.progress(&token.id) {
            return Ok(Some(Upload { size, hasher, ..upload }));
        }
        let Arrived { over, offsets } = self.resolver.arrived(repository, &token.id).await?;
        if over {
            return Ok(None);
        }
        if let Some(last) = offsets.last() {
            let Some((record, _)) = self.upload_part(repository, &token.id, *last).await? else {
                return Ok(None);
            };
            upload.size = last + record.size;
            upload.hasher = hash_state::restore(token.algorithm, &record.state)
                .ok_or_else(|| Error::corrupt(text, "its hash state can't be read"))?;
        }
        Ok(Some(upload))
    }

    /// Takes a chunk (end-5) at the upload's end.
    pub async fn append(
        &self,
        upload: &Upload,
        body: impl Stream<Item = std::result::Result<Bytes, BodyError>> + Send,
    ) -> Result<Appended> {
        let mut hasher = upload.hasher.clone();
        let limit = self.config.blob_bytes_max;
        let received = self.receive(body, &mut hasher, limit.saturating_sub(upload.size)).await?;
        let size = upload.size + received.size;
        match received.end {
            End::TooLarge => return Ok(Appended::TooLarge(limit)),
            End::Broken if received.size == 0 => return Ok(Appended::Broken(size)),
            End::Complete if received.size == 0 => return Ok(Appended::Kept(size)),
            End::Complete | End::Broken => {}
        }
        let added = self.add_part(upload, &received, &hasher).await;
        // a failed write may still have stored the part
        self.resolver.has_no_known_progress(&upload.id);
        if !added? {
            self.forget(&received.content).await;
            let now = self.upload(&upload.repository, &upload.token).await?;
            return Ok(now.map_or(Appended::Over, |upload| Appended::OutOfOrder(upload.size)));
        }
        // Remember first, then check whether the upload is over. A request that ends the upload
        // writes `over` first and then drops this, so no state outlives the upload.
        self.resolver.has_progressed(&upload.id, Progress { size, hasher });
        let over = self.resolver.is_over(&upload.repository, &upload.id).await;
        if !matches!(over, Ok(false)) {
            self.resolver.has_no_known_progress(&upload.id);
        }
        if over? {
            // Whoever ended it may not have seen this part. Its bytes stay, for he may have: then
            // they are in a record.
            let key = Key::UploadPart(&upload.repository, &upload.id, upload.size).path();
            self.backend.discard(&key).await;
            return Ok(Appended::Over);
        }
        let kept = received.end == End::Complete;
        Ok(if kept { Appended::Kept(size) } else { Appended::Broken(size) })
    }

    async fn add_part(
        &self,
        upload: &Upload,
        received: &Received,
        hasher: &Hasher,
    ) -> Result<bool> {
        let (segment, inline) = match &received.content {
            Content::Segment(id) => (Some(id.to_string()), Bytes::new()),
            Content::Inline(bytes) => (None, bytes.clone()),
        };
        let state = hash_state::save(hasher);
        let head = PartRecord { size: received.size, segment, state };
        let key = Key::UploadPart(&upload.repository, &upload.id, upload.size).path();
        self.backend.create(&key, record::encode(&head, &inline)).await
    }

    /// A part, unless the upload ended meanwhile and took it along.
    async fn upload_part(
        &self,
        repository: &Repository,
        id: &Id,
        offset: u64,
    ) -> Result<Option<(PartRecord, Content)>> {
        let key = Key::UploadPart(repository, id, offset).path();
        let Some(bytes) = self.backend.read(&key).await? else { return Ok(None) };
        let (head, inline): (PartRecord, _) = record::decode(&key, &bytes)?;
        let content = match &head.segment {
            None => Content::Inline(inline),
            Some(id) => Content::Segment(
                Id::parse(id).ok_or_else(|| Error::corrupt(&key, "it names no segment"))?,
            ),
        };
        Ok(Some((head, content)))
    }

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
        let Some((offsets, parts)) = self.parts_so_far(upload).await? else {
            self.forget(&received.content).await;
            return Ok(Finished::Over);
        };
        let computed = match hasher.algorithm() == digest.algorithm() {
            true => hasher.finish(),
            false => self.rehash(&parts, &received, digest.algorithm()).await?,
        };
        if computed != *digest {
            self.forget(&received.content).await;
            return Ok(Finished::Mismatch(computed));
        }
        let blob = self.store_blob(&upload.repository, digest, &parts, received).await?;
        self.resolver.is_finished(&upload.id);
        // Without parts nothing goes away, and there is nothing to write. That it can't be written
        // is no failure either: then the parts stay, and the session with them.
        if upload.size > 0 {
            match self.end(upload).await {
                Ok(()) => self.discard_parts(upload, &offsets).await,
                Err(error) => tracing::warn!(%error, "a finished upload could not be removed; it \
                                                      stays until it expires"),
            }
        }
        Ok(Finished::Stored(blob))
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

    /// Record, then link. A blob that is stored already only gets its link, if every byte of it is
    /// right: who pushes again may do so since what he gets is damaged. Links to damaged copies go
    /// when the new one is there.
    async fn store_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        parts: &[Part],
        last: Received,
    ) -> Result<Blob> {
        let name = (repository.clone(), digest.clone());
        let Sifted { sound, damaged } = self.resolver.sift(&name, Proof::Hashed).await?;
        let stored = match &sound {
            Some(link) => Some(link.clone()),
            None => self.resolver.sound_record(digest).await?,
        };
        let link = match stored {
            // Only what this request brought may go: a part may be in a record already, if a
            // process died right after it had finished this very upload.
            Some(link) => {
                self.forget(&last.content).await;
                link
            }
            None => self.put_record(digest, parts, last).await?,
        };
        let blob = match sound {
            Some(link) => Blob { digest: digest.clone(), size: link.size, link },
            None => self.link(repository, digest, link).await?,
        };
        self.resolver.remove_links(&name, &damaged).await?;
        if !damaged.is_empty() {
            self.mended.fetch_add(1, Ordering::AcqRel);
        }
        Ok(blob)
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
                Content::Segment(_) => None,
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

    /// Cancels an upload for good (end-14).
    pub async fn cancel_upload(&self, upload: &Upload) -> Result<()> {
        self.end(upload).await?;
        match self.resolver.arrived(&upload.repository, &upload.id).await {
            Ok(arrived) => self.discard_parts(upload, &arrived.offsets).await,
            Err(error) => tracing::warn!(%error, "the parts of a cancelled upload could not be \
                                                  removed"),
        }
        Ok(())
    }

    /// Writes the key that ends an upload. It is never removed, because the token alone would
    /// revive the upload. It is written before the first part is removed, or a chunk in flight
    /// could follow a gap.
    async fn end(&self, upload: &Upload) -> Result<()> {
        let key = Key::UploadOver(&upload.repository, &upload.id).path();
        let over = self.backend.create(&key, Bytes::new()).await;
        self.resolver.has_no_known_progress(&upload.id);
        over.map(|_| ())
    }

    async fn discard_parts(&self, upload: &Upload, offsets: &[u64]) {
        for offset in offsets {
            let key = Key::UploadPart(&upload.repository, &upload.id, *offset).path();
            self.backend.discard(&key).await;
        }
    }
}
