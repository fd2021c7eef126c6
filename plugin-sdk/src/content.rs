//! Reading what the target names.

use std::io::{self, Read};

#[cfg(target_family = "wasm")]
use crate::bindings::roadstead::admission::content as host;
#[cfg(not(target_family = "wasm"))]
use crate::testing as host;

/// Why content can't be read.
pub use crate::bindings::roadstead::admission::content::ReadError;

/// Bytes asked for at once.
const CHUNK_BYTES: u32 = 256 << 10;

/// A blob, read from its start.
#[derive(Debug)]
pub struct Blob {
    blob: host::Blob,
    offset: u64,
}

/// A blob without its gzip or zstd, which the host has removed within its own limits.
#[derive(Debug)]
pub struct Decoded {
    reader: host::Decoded,
    chunk: Vec<u8>,
    taken: usize,
}

/// Opens a blob that the target names.
pub fn open(digest: &str) -> Result<Blob, ReadError> {
    Ok(Blob { blob: host::open(digest)?, offset: 0 })
}

/// Opens a blob that the target names, decompressed if it is compressed.
pub fn open_decoded(digest: &str) -> Result<Decoded, ReadError> {
    Ok(Decoded { reader: host::open_decoded(digest)?, chunk: Vec::new(), taken: 0 })
}

/// A whole blob of at most `bytes_max`; a larger one is `too-large`.
pub fn read_small(digest: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
    let mut blob = open(digest)?;
    let size = blob.size();
    if size > bytes_max {
        return Err(ReadError::TooLarge(format!("{size} bytes; at most {bytes_max} are read")));
    }
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size {
        let chunk = blob.blob.read(blob.offset, CHUNK_BYTES)?;
        blob.offset += chunk.len() as u64;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl Blob {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.blob.size()
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = u32::try_from(buffer.len()).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let chunk = self.blob.read(self.offset, wanted).map_err(io::Error::other)?;
        buffer[..chunk.len()].copy_from_slice(&chunk);
        self.offset += chunk.len() as u64;
        Ok(chunk.len())
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.chunk.len() {
            self.chunk = self.reader.read(CHUNK_BYTES).map_err(io::Error::other)?;
            self.taken = 0;
        }
        let ready = &self.chunk[self.taken..];
        let len = ready.len().min(buffer.len());
        buffer[..len].copy_from_slice(&ready[..len]);
        self.taken += len;
        Ok(len)
    }
}

/// The reason behind an error of a reader, if the host gave one.
pub fn reason(error: &io::Error) -> Option<&ReadError> {
    error.get_ref()?.downcast_ref()
}
