//! A file on local disk on its way out.
//!
//! `object_store`'s own stream of a file reads 8 KiB at a time. Here memory is used again, since
//! fresh memory for each chunk costs its zeroing and its page faults, as much as the reading; and
//! what the kernel has in memory is read where it is sent, and is in that core's cache then.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicUsize, Ordering},
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};

use super::blocking;
use crate::{Error, Result};

/// Most bytes read at once; with fewer, calls cost more than caches give back.
const CHUNK_BYTES: usize = 1 << 20;
/// Chunks of one stream that wait to be sent, at most, for their memory to be used again.
const SENT_MAX: usize = 3;
/// About as many bytes as all streams hold together: where there are many, each reads fewer at
/// once. A client that takes nothing holds what its stream has read.
const ALL_BYTES: usize = 64 << 20;
const CHUNK_BYTES_MIN: usize = 32 << 10;

/// Streams of the process that are under way.
static STREAMS: AtomicUsize = AtomicUsize::new(0);

/// One of them.
struct Counted;

impl Counted {
    fn new() -> Self {
        STREAMS.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        STREAMS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes that a stream reads at once now.
fn chunk_bytes() -> usize {
    let streams = STREAMS.load(Ordering::Relaxed).max(1);
    (ALL_BYTES / SENT_MAX / streams).clamp(CHUNK_BYTES_MIN, CHUNK_BYTES)
}

/// Streams a range of a file, within its size.
pub(crate) fn chunks(
    key: String,
    file: File,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    let chunks = Chunks { file, rest: range, sent: VecDeque::new(), _counted: Counted::new() };
    stream::try_unfold((key, chunks), |(key, mut chunks)| async move {
        if chunks.rest.is_empty() {
            return Ok(None);
        }
        let chunk = if let Some(chunk) = chunks.at_hand() {
            chunk
        } else {
            let next = move || chunks.next().map(|chunk| (chunks, chunk));
            let chunk;
            (chunks, chunk) = blocking(next).await.map_err(|error| Error::io(&key, error))?;
            chunk
        };
        Ok(Some((chunk, (key, chunks))))
    })
}

struct Chunks {
    file: File,
    rest: Range<u64>,
    /// what was sent last: its memory is free again once the connection has written it
    sent: VecDeque<Bytes>,
    _counted: Counted,
}

impl Chunks {
    /// What comes next, if that takes no waiting for the disk.
    fn at_hand(&mut self) -> Option<Bytes> {
        let mut memory = self.free_memory();
        let len = read_cached(&self.file, &mut memory, self.rest.start);
        if len == 0 {
            self.sent.push_front(memory.freeze());
            return None;
        }
        memory.truncate(len);
        Some(self.send(memory))
    }

    /// What comes next. Blocks.
    fn next(&mut self) -> io::Result<Bytes> {
        let mut memory = self.free_memory();
        self.file.read_exact_at(&mut memory, self.rest.start)?;
        Ok(self.send(memory))
    }

    fn send(&mut self, memory: BytesMut) -> Bytes {
        let chunk = memory.freeze();
        self.rest.start += chunk.len() as u64;
        self.sent.push_back(chunk.clone());
        chunk
    }

    /// As much memory as the next chunk takes.
    fn free_memory(&mut self) -> BytesMut {
        let chunk_bytes = chunk_bytes();
        let mut memory = match self.sent.pop_front().map(Bytes::try_into_mut) {
            None => BytesMut::new(),
            // of a time when there were fewer streams
            Some(Ok(free)) if free.capacity() > 2 * chunk_bytes => BytesMut::new(),
            Some(Ok(free)) => free,
            Some(Err(held)) => {
                if self.sent.len() < SENT_MAX {
                    self.sent.push_front(held);
                }
                BytesMut::new()
            }
        };
        let left = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX);
        memory.resize(left.min(chunk_bytes), 0);
        memory
    }
}

/// How much of the file is at hand, into memory. Nothing is no error: whoever waits will see.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, memory: &mut [u8], offset: u64) -> usize {
    use rustix::io::{ReadWriteFlags, preadv2};

    let mut into = [io::IoSliceMut::new(memory)];
    preadv2(file, &mut into, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

/// Elsewhere nobody can tell.
#[cfg(not(target_os = "linux"))]
fn read_cached(_: &File, _: &mut [u8], _: u64) -> usize {
    0
}
