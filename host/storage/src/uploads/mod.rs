//! Uploads: sessions of which each part is an object, created only at its offset.
//!
//! Crash argument: a part is durable before it is acknowledged, its bytes before it. Finishing
//! writes the record, then the link, then that the session is over, and then removes the parts;
//! until the link is there nobody sees the blob, and after any crash the same PUT can be repeated.
//!
//! A session that has parts is over for good once one of them may be gone: a chunk that was on its
//! way meanwhile would otherwise stand behind a gap, with the hash of what had been there.

mod finish;
mod hash_state;
mod receive;
mod token;

use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};

use roadstead_oci::{Algorithm, Hasher, Repository};

use crate::{
    Error, Result, Storage,
    layout::{Id, Key, record},
    resolve::{Arrived, Progress},
};

pub use finish::Finished;
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
        let upload = Upload::fresh(repository, &token, self.tokens.sign(repository, &token));
        let progress = Progress { size: 0, hasher: upload.hasher.clone() };
        self.resolver.has_progressed(&upload.id, progress);
        upload
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
        let upload = upload.clone();
        self.job(|store| async move { store.keep_part(&upload, received, hasher).await }).await
    }

    /// Makes what arrived the upload's next part, unless something else is there by now.
    async fn keep_part(
        &self,
        upload: &Upload,
        mut received: Received,
        hasher: Hasher,
    ) -> Result<Appended> {
        let size = upload.size + received.size;
        received.content = self.written(received.content).await?;
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
            Content::Segment(id) | Content::Held(id, _) => (Some(id.to_string()), Bytes::new()),
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

    /// Cancels an upload for good (end-14).
    pub async fn cancel_upload(&self, upload: &Upload) -> Result<()> {
        self.end(upload).await?;
        match self.resolver.arrived(&upload.repository, &upload.id).await {
            Ok(arrived) => self.discard_parts(upload, &arrived.offsets).await,
            Err(error) => {
                tracing::warn!(%error, "the parts of a cancelled upload could not be removed");
            }
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
