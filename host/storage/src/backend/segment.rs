//! The bytes of blobs on their way in and out, a chunk at a time.
//!
//! Memory is bounded by streams times chunks, never by the size of a blob.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use object_store::{GetResultPayload, MultipartUpload, PutPayload};
use tracing::Instrument;

use super::{Backend, Operation, file};
use crate::{Error, Result};

/// Bytes written at once. Larger ones were slower and took more memory.
const CHUNK_BYTES: usize = 1 << 20;

/// A large object on its way in. Nobody sees it before [`Sink::complete`]; dropped before, it
/// leaves nothing.
pub(crate) struct Sink {
    backend: Backend,
    key: String,
    /// none: it may still be small enough to be put whole
    upload: Option<Box<dyn MultipartUpload>>,
    /// the next part, in the frames that it came in, since copying it costs as much as hashing
    frames: Vec<Bytes>,
    /// bytes in the frames
    waiting: usize,
    /// at most one part is being written while the next one fills
    writing: Option<tokio::task::JoinHandle<object_store::Result<()>>>,
}

impl Sink {
    pub(crate) fn new(backend: &Backend, key: String) -> Self {
        let (backend, frames) = (backend.clone(), Vec::new());
        Self { backend, key, upload: None, frames, waiting: 0, writing: None }
    }

    pub(crate) async fn write(&mut self, frame: Bytes) -> Result<()> {
        // what is whole now may be put without parts
        if self.waiting >= CHUNK_BYTES {
            self.flush().await?;
        }
        self.waiting += frame.len();
        self.frames.push(frame);
        Ok(())
    }

    /// Makes the object visible, durably. One of which nothing was written yet is handed back
    /// instead: it is small, and its bytes can be put with whatever names it.
    pub(crate) async fn complete(mut self) -> Result<Option<PutPayload>> {
        if self.upload.is_none() {
            return Ok(Some(self.taken()));
        }
        self.flush().await?;
        self.settle().await?;
        let Self { backend, key, upload: Some(upload), .. } = &mut self else { return Ok(None) };
        let complete = async {
            upload.complete().await.map_err(|error| Error::backend(key, error))?;
            Ok(None)
        };
        backend.hooked_call(Operation::Complete, key, complete).await
    }

    async fn flush(&mut self) -> Result<()> {
        self.settle().await?;
        let frames = self.taken();
        let Self { backend, key, upload, .. } = self;
        let upload = match upload {
            Some(upload) => upload,
            None => upload.insert(backend.begin(key).await?),
        };
        let part = async { Ok(upload.put_part(frames)) };
        let part = backend.hooked_call(Operation::Part, key, part).await?;
        self.writing = Some(tokio::spawn(part.in_current_span()));
        Ok(())
    }

    fn taken(&mut self) -> PutPayload {
        self.waiting = 0;
        std::mem::take(&mut self.frames).into_iter().collect()
    }

    /// Waits for the part that is being written.
    async fn settle(&mut self) -> Result<()> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let result = writing.await.map_err(|error| Error::corrupt(&self.key, error))?;
        result.map_err(|error| Error::backend(&self.key, error))
    }
}

/// Streams a range of an object in chunks.
pub(crate) fn read(
    backend: Backend,
    key: String,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    let opened = async move {
        let payload = backend.open(&key, range.clone()).await;
        match payload {
            Ok(GetResultPayload::File(file, _)) => file::chunks(key, file, range).boxed(),
            Ok(GetResultPayload::Stream(chunks)) => {
                chunks.map(move |chunk| chunk.map_err(|e| Error::backend(&key, e))).boxed()
            }
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    };
    stream::once(opened).flatten()
}
