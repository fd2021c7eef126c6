//! Bodies: read within bounds, and accompanied to their end.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt};
use hyper::body::{Frame, SizeHint};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tracing::Span;

use roadstead_storage::BodyError;

use crate::error::{Case, Error};

/// Bytes of a manifest that always has room. Most have a few KiB, and whoever pushes one waits for
/// nobody who pushes a large one; there are no more of them at once than connections.
const SMALL_BYTES_MAX: usize = 64 << 10;
/// KiB of all large manifests at once. What is made of them takes up to six times as much again
/// (`plugin-sdk/oci/tests/memory.rs`).
const LARGE_KIB_MAX: u32 = 64 << 10;
/// Longest wait for room. Whoever waits longer is asked to come again.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Room for large manifests, which are in memory from their first byte until they are stored or
/// refused.
#[derive(Debug)]
pub(super) struct Room(Semaphore);

impl Room {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(LARGE_KIB_MAX as usize))
    }

    /// Waits until there is room for a manifest of so many bytes, before any of it is read. None:
    /// it needs none.
    ///
    /// # Errors
    ///
    /// [`Case::Unavailable`] if there is none for ten seconds.
    pub(super) async fn of(&self, bytes: usize) -> Result<Option<SemaphorePermit<'_>>, Error> {
        if bytes <= SMALL_BYTES_MAX {
            return Ok(None);
        }
        let kib = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        let room = timeout(WAIT_MAX, self.0.acquire_many(kib.min(LARGE_KIB_MAX))).await;
        let room = room.ok().and_then(Result::ok);
        let busy = "too many large manifests are being judged; push it again";
        room.map(Some).ok_or_else(|| Error::new(Case::Unavailable, busy))
    }
}

/// The bytes that a body will have; none where its client does not say.
pub(super) fn announced(body: &Body) -> Option<usize> {
    body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Reads a body of at most `limit` bytes: refused exactly when it is longer, with or without a
/// `Content-Length`.
pub(super) async fn read_limited(body: Body, what: &str, limit: usize) -> Result<Bytes, Error> {
    if announced(&body).is_some_and(|bytes| bytes > limit) {
        // before any of it is read: a client that waits for 100 then never sends it
        return Err(Error::too_large(what, limit as u64));
    }
    // growing on its own it would have up to twice the room that it needs
    let mut bytes = BytesMut::with_capacity(announced(&body).unwrap_or_default().min(limit));
    let mut frames: BodyDataStream = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|error| Error::broken_off().because(error))?;
        if bytes.len() + frame.len() > limit {
            return Err(Error::too_large(what, limit as u64));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes.freeze())
}

/// Goes along with an answer's body, and is dropped with it: when its last byte has been taken, or
/// the client is gone.
pub(super) trait Companion: Send + Unpin + 'static {
    /// Sees how many bytes pass.
    fn passed(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// What the body's bytes are made in.
    fn span(&self) -> Span {
        Span::none()
    }
}

/// The same body with a companion.
pub(super) fn accompanied(body: Body, companion: impl Companion) -> Body {
    Body::new(Accompanied { body, companion })
}

struct Accompanied<C> {
    body: Body,
    companion: C,
}

impl<C: Companion> HttpBody for Accompanied<C> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let span = self.companion.span();
        let frame = span.in_scope(|| Pin::new(&mut self.body).poll_frame(context));
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.companion.passed(data.len());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body as the store takes it.
pub(super) fn frames(body: Body) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    body.into_data_stream().map_err(Into::into)
}
