//! Bodies, read within bounds.

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt};

use roadstead_storage::BodyError;

use crate::error::Error;

/// Reads a body of at most `limit` bytes: refused exactly when it is longer, with or without a
/// `Content-Length`.
pub(super) async fn read_limited(body: Body, what: &str, limit: usize) -> Result<Bytes, Error> {
    let mut frames: BodyDataStream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|error| Error::broken_off().because(error))?;
        if bytes.len() + frame.len() > limit {
            return Err(Error::too_large(what, limit as u64));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes.freeze())
}

/// A body as the store takes it.
pub(super) fn frames(body: Body) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    body.into_data_stream().map_err(Into::into)
}
