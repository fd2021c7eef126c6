//! Reading what the target names: its config, layers, children and subject, or a blob itself.
//!
//! [`Blob`] reads any part; [`Decoded`] reads from start to end what the host has decompressed, at
//! native speed and within its own bounds.

use std::{
    error::Error,
    fmt,
    io::{self, BufRead, Read, Seek, SeekFrom},
};

use crate::{
    Failure, archive::ArchiveError, bindings::roadstead::admission::content as wire, source,
};

/// Bytes asked for at once.
const CHUNK_BYTES: u32 = 256 << 10;

/// Why content can't be read. As an [`io::Error`]'s cause it is found by [`ReadError::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// the target does not name that digest
    NotNamed(String),
    /// Named, but not stored here: a foreign layer, a subject or a child not pushed yet. A plugin
    /// that can't judge without it should say so with a finding: as a failure it stays one for as
    /// long as nobody pushes it.
    Absent(String),
    /// the review's budget of bytes or calls is spent; the review is a failure
    Budget,
    /// the store failed and a retry may cure it; the review is a failure
    Io(String),
    /// not valid gzip or zstd
    Encoding(String),
    /// over a limit on decoded size or ratio
    TooLarge(String),
}

/// Content that can be read anywhere.
#[derive(Debug)]
pub struct Blob {
    source: source::Blob,
    size: u64,
    position: u64,
}

/// Content without its compression, read once from start to end.
#[derive(Debug)]
pub struct Decoded {
    source: source::Decoded,
    ready: Vec<u8>,
    taken: usize,
}

/// Opens content for reading anywhere.
pub fn open(digest: &str) -> Result<Blob, ReadError> {
    let source = source::open(digest)?;
    let size = source.size();
    Ok(Blob { source, size, position: 0 })
}

/// Opens content from which the host removes gzip (all members) or zstd (all frames). What is not
/// compressed passes through.
pub fn open_decoded(digest: &str) -> Result<Decoded, ReadError> {
    Ok(Decoded { source: source::open_decoded(digest)?, ready: Vec::new(), taken: 0 })
}

/// The sha256 of the decoded content, such as an image's `diff_id`.
pub fn decoded_digest(digest: &str) -> Result<String, ReadError> {
    Ok(source::decoded_digest(digest)?)
}

/// All of a small blob; one over `bytes_max` is [`ReadError::TooLarge`].
pub fn read(digest: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
    let mut blob = open(digest)?;
    if blob.size > bytes_max {
        return Err(ReadError::TooLarge(format!("{} bytes, more than {bytes_max}", blob.size)));
    }
    let mut bytes = Vec::new();
    blob.read_to_end(&mut bytes).map_err(|error| ReadError::of(&error))?;
    Ok(bytes)
}

impl Blob {
    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Up to `len` bytes from `offset`; fewer only at the end.
    pub fn read_at(&self, offset: u64, len: u32) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        while bytes.len() < len as usize {
            let missing = len - u32::try_from(bytes.len()).unwrap_or(len);
            let more = self.source.read(offset + bytes.len() as u64, missing)?;
            if more.is_empty() {
                break;
            }
            bytes.extend(more);
        }
        Ok(bytes)
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX).min(CHUNK_BYTES);
        let bytes = self.source.read(self.position, len).map_err(ReadError::from)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for Blob {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

impl Decoded {
    /// Leaves out `len` bytes, and answers how many: fewer only at the end.
    pub fn skip(&mut self, len: u64) -> Result<u64, ReadError> {
        let left = self.ready.len() - self.taken;
        let buffered = usize::try_from(len).map_or(left, |len| len.min(left));
        self.taken += buffered;
        let rest = len - buffered as u64;
        if rest == 0 {
            return Ok(len);
        }
        Ok(buffered as u64 + self.source.skip(rest)?)
    }
}

impl BufRead for Decoded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.ready.len() {
            self.ready = self.source.read(CHUNK_BYTES).map_err(ReadError::from)?;
            self.taken = 0;
        }
        Ok(&self.ready[self.taken..])
    }

    fn consume(&mut self, len: usize) {
        self.taken = (self.taken + len).min(self.ready.len());
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let len = ready.len().min(buffer.len());
        buffer[..len].copy_from_slice(&ready[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl ReadError {
    /// The error behind one that came through [`Read`].
    pub fn of(error: &io::Error) -> Self {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Self>());
        cause.cloned().unwrap_or_else(|| Self::Encoding(error.to_string()))
    }

    /// Whether it says nothing about the content, so that the review can't be finished.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Budget | Self::Io(_))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNamed(digest) => write!(f, "{digest} is not named by the target"),
            Self::Absent(digest) => write!(f, "{digest} is not stored here"),
            Self::Budget => f.write_str("the budget for reading is spent"),
            Self::Io(why) => write!(f, "the store failed: {why}"),
            Self::Encoding(why) => write!(f, "it can't be decompressed: {why}"),
            Self::TooLarge(why) => write!(f, "it is too large: {why}"),
        }
    }
}

impl Error for ReadError {}

impl From<wire::ReadError> for ReadError {
    fn from(error: wire::ReadError) -> Self {
        match error {
            wire::ReadError::NotNamed(digest) => Self::NotNamed(digest),
            wire::ReadError::Absent(digest) => Self::Absent(digest),
            wire::ReadError::Budget => Self::Budget,
            wire::ReadError::Io(why) => Self::Io(why),
            wire::ReadError::Encoding(why) => Self::Encoding(why),
            wire::ReadError::TooLarge(why) => Self::TooLarge(why),
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        Self::other(error)
    }
}

/// What a plugin that does not care about the kind of error says with `?`.
impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Budget | ReadError::Io(_) | ReadError::Absent(_) => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// The same for what [`Read`] says, be it of content or of an archive's entry.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        ArchiveError::from(error).into()
    }
}
