//! Bytes that a client sends: hashed and written as they come.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};

use object_store::PutPayload;

use roadstead_oci::Hasher;

use crate::{
    Result, Storage,
    backend::segment::Sink,
    blobs::{INLINE_BYTES_MAX, Segment},
    layout::{Id, Key},
};

/// Why a client's bytes stopped before their end.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// What arrived.
pub(crate) struct Received {
    pub(crate) content: Content,
    /// bytes
    pub(crate) size: u64,
    pub(crate) end: End,
}

/// Where it is now.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// in memory, as little as may stand in a record
    Inline(Bytes),
    /// in memory, until it is written as this object: less than a part of a large one
    Held(Id, PutPayload),
    /// in this object
    Segment(Id),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    /// the client broke off; what arrived is whole as far as it goes
    Broken,
    /// more came than the limit allows
    TooLarge,
}

impl Storage {
    /// Takes a client's bytes, at most `limit` of them, into memory or into a segment.
    pub(crate) async fn receive(
        &self,
        body: impl Stream<Item = std::result::Result<Bytes, BodyError>> + Send,
        hasher: &mut Hasher,
        limit: u64,
    ) -> Result<Received> {
        let mut body = std::pin::pin!(body);
        let mut small = BytesMut::new();
        let mut large = None;
        let mut size = 0;
        let mut end = End::Complete;
        while let Some(frame) = body.next().await {
            let Ok(frame) = frame else {
                end = End::Broken;
                break;
            };
            size += frame.len() as u64;
            if size > limit {
                return Ok(Received {
                    content: Content::Inline(Bytes::new()),
                    size,
                    end: End::TooLarge,
                });
            }
            hasher.update(&frame);
            match &mut large {
                None if small.len() + frame.len() <= INLINE_BYTES_MAX => {
                    small.extend_from_slice(&frame);
                }
                None => {
                    let id = Id::random();
                    let mut sink = Sink::new(&self.backend, Key::Data(&id).path());
                    sink.write(std::mem::take(&mut small).freeze()).await?;
                    sink.write(frame).await?;
                    large = Some((id, sink));
                }
                Some((_, sink)) => sink.write(frame).await?,
            }
        }
        let content = match large {
            None => Content::Inline(small.freeze()),
            Some((id, sink)) => match sink.complete().await? {
                Some(bytes) => Content::Held(id, bytes),
                None => Content::Segment(id),
            },
        };
        Ok(Received { content, size, end })
    }

    /// Writes what is held.
    pub(crate) async fn written(&self, content: Content) -> Result<Content> {
        let Content::Held(id, bytes) = content else { return Ok(content) };
        self.backend.put(&Key::Data(&id).path(), bytes).await?;
        Ok(Content::Segment(id))
    }

    /// Makes sure that the content is a segment.
    pub(crate) async fn as_segment(&self, content: &Content, size: u64) -> Result<Segment> {
        let id = match self.written(content.clone()).await? {
            Content::Segment(id) | Content::Held(id, _) => id,
            Content::Inline(bytes) => {
                let id = Id::random();
                self.backend.put(&Key::Data(&id).path(), bytes).await?;
                id
            }
        };
        Ok(Segment { id: id.to_string(), size })
    }

    /// Throws away what was received and never named by anything.
    pub(crate) async fn forget(&self, content: &Content) {
        if let Content::Segment(id) = content {
            self.backend.discard(&Key::Data(id).path()).await;
        }
    }
}
