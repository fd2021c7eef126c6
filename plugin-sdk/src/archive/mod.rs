//! Tar archives, walked once from start to end within bounds.
//!
//! An archive is read as Go's `archive/tar` reads it, since that is what helm, containerd and most
//! other clients use: POSIX, GNU, star and old headers; the long names of GNU and PAX; names and
//! sizes that a PAX header overrides; two blocks of zeros for an end, or none at all. What readers
//! of tar take differently is an error ([`ArchiveError::Unsupported`]), so that no other program
//! unpacks other files, and whatever follows the end is told by [`Archive::finish`].
//!
//! ```no_run
//! # use roadstead_plugin_sdk::{archive::{Archive, ArchiveError, Limits, Tail}, content};
//! # fn walk(digest: &str) -> Result<(), ArchiveError> {
//! let decoded = content::open_decoded(digest)?;
//! let mut archive = Archive::new(decoded, Limits::default());
//! while let Some(entry) = archive.next_entry()? {
//!     println!("{} {}", entry.path(), entry.size());
//! }
//! assert_eq!(archive.finish()?, Tail::Nothing);
//! # Ok(())
//! # }
//! ```

mod entry;
mod extended;
mod header;
mod pax;

use std::{
    error::Error,
    fmt,
    io::{self, Read},
};

pub use entry::{Entry, Kind};

use crate::{Failure, content::ReadError};
use entry::Meta;
use extended::Extended;
use header::{BLOCK_BYTES, Header};
use pax::Refused;

/// Bytes of a PAX header or a long name, as in Go.
const SPECIAL_BYTES_MAX: u64 = 1 << 20;

/// How much of an archive is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// bytes of the archive, with its headers and whatever follows its end
    pub bytes_max: u64,
    /// entries
    pub entries_max: u32,
}

impl Default for Limits {
    /// 1 GiB and 100,000 entries.
    fn default() -> Self {
        Self { bytes_max: 1 << 30, entries_max: 100_000 }
    }
}

/// Why an archive can't be walked further.
#[derive(Debug)]
pub enum ArchiveError {
    /// it could not be read; [`ReadError::of`] says why
    Read(io::Error),
    /// it is no tar archive, or ends too early
    Malformed {
        /// where, in bytes
        offset: u64,
        /// what is wrong there
        why: &'static str,
    },
    /// Something that readers of tar take differently: a sparse file; a file with a folder's name
    /// or a link's target, or a folder with content; two names or two sizes for one entry; a PAX
    /// header for the whole archive that holds more than a `comment`, which is what `git archive`
    /// writes.
    Unsupported {
        /// of the entry, or of the header before it
        path: String,
        /// what it is
        what: &'static str,
    },
    /// over one of the [`Limits`]
    TooLarge {
        /// of what
        what: &'static str,
        /// how many there may be
        max: u64,
    },
}

/// What follows the end of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// nothing but zeros
    Nothing,
    /// bytes that this reader leaves alone, and others may unpack
    Data {
        /// where they begin
        offset: u64,
    },
}

/// A tar archive that is being walked.
#[derive(Debug)]
pub struct Archive<R> {
    source: R,
    limits: Limits,
    offset: u64,
    entries: u32,
    /// of the entry at hand, not read yet
    data_left: u64,
    /// behind the entry at hand
    padding: u64,
    ended: bool,
}

impl<R: Read> Archive<R> {
    /// Walks what `source` reads. For a compressed layer that is
    /// [`content::open_decoded`](crate::content::open_decoded).
    pub fn new(source: R, limits: Limits) -> Self {
        Self { source, limits, offset: 0, entries: 0, data_left: 0, padding: 0, ended: false }
    }

    /// The next entry, or none at the end. What is left of the one before is skipped.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_, R>>, ArchiveError> {
        let Some(meta) = self.next_meta()? else { return Ok(None) };
        self.entries += 1;
        if self.entries > self.limits.entries_max {
            let max = u64::from(self.limits.entries_max);
            return Err(ArchiveError::TooLarge { what: "entries", max });
        }
        Ok(Some(Entry::new(self, meta)))
    }

    /// Reads what follows the last entry, to the end of the source.
    pub fn finish(mut self) -> Result<Tail, ArchiveError> {
        while self.next_meta()?.is_some() {}
        let mut chunk = vec![0; 32 << 10];
        loop {
            let offset = self.offset;
            let len = self.read(&mut chunk)?;
            if len == 0 {
                return Ok(Tail::Nothing);
            }
            if let Some(at) = chunk[..len].iter().position(|byte| *byte != 0) {
                return Ok(Tail::Data { offset: offset + at as u64 });
            }
        }
    }

    /// Reads headers until one stands for an entry; those before it say more about it.
    fn next_meta(&mut self) -> Result<Option<Meta>, ArchiveError> {
        let mut extended = Extended::default();
        loop {
            self.skip_data()?;
            let offset = self.offset;
            let malformed = |why| ArchiveError::Malformed { offset, why };
            let Some(block) = self.next_block()? else { return Ok(None) };
            let mut header = Header::parse(&block).map_err(malformed)?;
            if header.size < 0 {
                return Err(malformed("a negative size"));
            }
            let refused = match header.type_flag {
                b'g' if extended.is_empty() => {
                    let content = self.special(&header)?;
                    match pax::check_global(&content) {
                        Ok(()) => return Ok(Some(Meta::global())),
                        Err(refused) => refused,
                    }
                }
                b'g' => Refused::Unclear("a header for all entries between one and its own"),
                b'x' | b'L' | b'K' => {
                    let content = self.special(&header)?;
                    match extended.add(header.type_flag, &content) {
                        Ok(()) => continue,
                        Err(refused) => refused,
                    }
                }
                _ => match extended.apply(&mut header) {
                    Ok(()) => return self.start_entry(&header, offset).map(Some),
                    Err(refused) => refused,
                },
            };
            return Err(match refused {
                Refused::Malformed(why) => malformed(why),
                Refused::Unclear(what) => {
                    ArchiveError::Unsupported { path: entry::text(&header.name), what }
                }
            });
        }
    }

    fn start_entry(&mut self, header: &Header, offset: u64) -> Result<Meta, ArchiveError> {
        let negative = |_| ArchiveError::Malformed { offset, why: "a negative size" };
        let size = u64::try_from(header.size).map_err(negative)?;
        if !header.is_without_data() {
            self.set_data(size);
        }
        Ok(Meta::new(header, size))
    }

    /// The content of a header that says more about the next one.
    fn special(&mut self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let size = header.size.unsigned_abs();
        if size > SPECIAL_BYTES_MAX {
            let why = "a header of more than 1 MiB";
            return Err(ArchiveError::Malformed { offset: self.offset, why });
        }
        self.set_data(size);
        let mut bytes = Vec::new();
        let mut chunk = [0; BLOCK_BYTES];
        while self.data_left > 0 {
            let len = self.read_data(&mut chunk)?;
            bytes.extend_from_slice(&chunk[..len]);
        }
        Ok(bytes)
    }

    fn set_data(&mut self, size: u64) {
        self.data_left = size;
        self.padding = size.wrapping_neg() % BLOCK_BYTES as u64;
    }

    /// Reads from the entry at hand; nothing at its end only.
    fn read_data(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let wanted = usize::try_from(self.data_left).map_or(buffer.len(), |n| n.min(buffer.len()));
        let len = self.read(&mut buffer[..wanted])?;
        if len == 0 && wanted > 0 {
            let why = "it ends within a file";
            return Err(ArchiveError::Malformed { offset: self.offset, why });
        }
        self.data_left -= len as u64;
        Ok(len)
    }

    /// Goes to the next header.
    fn skip_data(&mut self) -> Result<(), ArchiveError> {
        let mut chunk = [0; 8 << 10];
        while self.data_left > 0 {
            self.read_data(&mut chunk)?;
        }
        while self.padding > 0 {
            let wanted = usize::try_from(self.padding).unwrap_or(BLOCK_BYTES);
            match self.read(&mut chunk[..wanted])? {
                0 => {
                    let why = "it ends within the padding of a file";
                    return Err(ArchiveError::Malformed { offset: self.offset, why });
                }
                len => self.padding -= len as u64,
            }
        }
        Ok(())
    }

    /// The next header, or none at the end: two blocks of zeros, one and nothing more, or nothing.
    fn next_block(&mut self) -> Result<Option<[u8; BLOCK_BYTES]>, ArchiveError> {
        if self.ended {
            return Ok(None);
        }
        let start = self.offset;
        for zeros in 0..2 {
            let mut block = [0; BLOCK_BYTES];
            let mut filled = 0;
            while filled < BLOCK_BYTES {
                match self.read(&mut block[filled..])? {
                    0 if filled == 0 => {
                        self.ended = true;
                        return Ok(None);
                    }
                    0 => {
                        let why = "it ends within a header";
                        return Err(ArchiveError::Malformed { offset: start, why });
                    }
                    len => filled += len,
                }
            }
            match (zeros, block.iter().all(|byte| *byte == 0)) {
                (0, false) => return Ok(Some(block)),
                (1, false) => {
                    let why = "a header after a single block of zeros";
                    return Err(ArchiveError::Malformed { offset: start, why });
                }
                _ => {}
            }
        }
        self.ended = true;
        Ok(None)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let len = loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(ArchiveError::Read)?,
            }
        };
        self.offset += len as u64;
        if self.offset > self.limits.bytes_max {
            return Err(ArchiveError::TooLarge { what: "bytes", max: self.limits.bytes_max });
        }
        Ok(len)
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Malformed { offset, why } => write!(f, "no tar archive: {why} (byte {offset})"),
            Self::Unsupported { path, what } => write!(f, "{path} is {what}"),
            Self::TooLarge { what, max } => write!(f, "more than {max} {what}"),
        }
    }
}

impl Error for ArchiveError {}

impl From<ReadError> for ArchiveError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.into())
    }
}

/// The error behind one that came from reading an [`Entry`].
impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Read)
    }
}

/// Makes a failure of any error, for `?`: the plugin could not judge. To reject an archive that
/// can't be walked, match on the error and report a finding.
impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) => ReadError::of(&error).into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<ArchiveError> for io::Error {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) => error,
            other => Self::other(other),
        }
    }
}
