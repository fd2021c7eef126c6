//! Gzip inside of something else, such as a chart inside of an archive. Of a blob that is gzip
//! itself the host removes it, natively: [`content::open_decoded`](crate::content::open_decoded).
//!
//! ```no_run
//! use roadstead_plugin_sdk::{
//!     archive::{Archive, ArchiveError, Limits},
//!     content,
//!     gzip::{self, Gunzip},
//! };
//!
//! fn charts_in_it(bundle: &str) -> Result<(), ArchiveError> {
//!     let mut outer = Archive::new(content::open_decoded(bundle)?, Limits::default());
//!     while let Some(entry) = outer.next_entry()? {
//!         if entry.path().ends_with(".tgz") {
//!             let decoded = Gunzip::new(entry, gzip::Limits::default());
//!             let mut inner = Archive::new(decoded, Limits::default());
//!             while let Some(entry) = inner.next_entry()? {
//!                 println!("{}", entry.path());
//!             }
//!         }
//!     }
//!     Ok(())
//! }
//! ```

use std::io::{self, BufRead, BufReader, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::content::ReadError;

/// Bytes of a name or a comment in a header, with the NUL at its end: what Go reads.
const TEXT_BYTES_MAX: usize = 512;
/// Below it no ratio counts.
const FREE_BYTES: u64 = 1 << 20;

/// How much is decoded, as the host bounds it for a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// decoded bytes
    pub bytes_max: u64,
    /// decoded bytes for each encoded one, once a MiB was decoded
    pub ratio_max: u64,
}

impl Default for Limits {
    /// 1 GiB, and 1000.
    fn default() -> Self {
        Self { bytes_max: 1 << 30, ratio_max: 1000 }
    }
}

/// Reads gzip: all members, one after the other, each with a header that Go and gzip both accept.
///
/// What is no gzip, or has something else behind it, is [`ReadError::Encoding`]; what is over a
/// limit [`ReadError::TooLarge`]. [`ReadError::of`] finds either in the [`io::Error`].
#[derive(Debug)]
pub struct Gunzip<R> {
    source: BufReader<Counted<R>>,
    inflate: Decompress,
    /// of the member at hand
    sum: Crc,
    stage: Stage,
    limits: Limits,
    decoded_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// at the first header
    Start,
    Content,
    Trailer,
    /// at the next header, or at the end
    Between,
    End,
    /// nothing can be read after an error
    Failed,
}

impl<R: Read> Gunzip<R> {
    /// Removes gzip from what `source` holds.
    pub fn new(source: R, limits: Limits) -> Self {
        Self {
            source: BufReader::new(Counted { source, bytes: 0 }),
            inflate: Decompress::new(false),
            sum: Crc::new(),
            stage: Stage::Start,
            limits,
            decoded_bytes: 0,
        }
    }

    /// Reads the header of a member, or finds the end.
    fn header(&mut self) -> io::Result<Stage> {
        if self.stage == Stage::Between && self.source.fill_buf()?.is_empty() {
            return Ok(Stage::End);
        }
        header::read(&mut self.source)?;
        self.inflate.reset(false);
        self.sum.reset();
        Ok(Stage::Content)
    }

    fn content(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = self.source.fill_buf()?;
        let (came, gave) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, buffer, FlushDecompress::None);
        let status = status.map_err(|error| wrong(&error.to_string()))?;
        let is_at_end = input.is_empty();
        let gone = |total: u64, before| usize::try_from(total - before).unwrap_or(usize::MAX);
        self.source.consume(gone(self.inflate.total_in(), came));
        let len = gone(self.inflate.total_out(), gave);
        self.sum.update(&buffer[..len]);
        match status {
            Status::StreamEnd => self.stage = Stage::Trailer,
            _ if len == 0 && is_at_end => return Err(wrong("it ends too early")),
            _ => {}
        }
        Ok(len)
    }

    /// Compares the sum and the length.
    fn trailer(&mut self) -> io::Result<Stage> {
        let mut trailer = [0; 8];
        exactly(&mut self.source, &mut trailer)?;
        let sums = [self.sum.sum().to_le_bytes(), self.sum.amount().to_le_bytes()].concat();
        if trailer[..] != sums[..] {
            return Err(wrong("its checksum is wrong"));
        }
        Ok(Stage::Between)
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            match self.stage {
                Stage::Start | Stage::Between => self.stage = self.header()?,
                Stage::Trailer => self.stage = self.trailer()?,
                Stage::End => break,
                Stage::Failed => return Err(wrong("it could not be read up to here")),
                Stage::Content => {
                    let len = self.content(buffer)?;
                    self.decoded_bytes += len as u64;
                    self.check_limits()?;
                    if len > 0 {
                        return Ok(len);
                    }
                }
            }
        }
        Ok(0)
    }

    fn check_limits(&self) -> io::Result<()> {
        let Limits { bytes_max, ratio_max } = self.limits;
        if self.decoded_bytes > bytes_max {
            let what = format!("more than {bytes_max} bytes when decompressed");
            return Err(ReadError::TooLarge(what).into());
        }
        let encoded_bytes = self.source.get_ref().bytes;
        if self.decoded_bytes > encoded_bytes.saturating_mul(ratio_max).max(FREE_BYTES) {
            let what = format!("more than {ratio_max} times its size when decompressed");
            return Err(ReadError::TooLarge(what).into());
        }
        Ok(())
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decode(buffer);
        if read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.stage = Stage::Failed;
        }
        read
    }
}

/// Reads the header of a member: ten bytes, then the parts that its flags name.
mod header {
    use super::{BufRead, Crc, TEXT_BYTES_MAX, exactly, io, wrong};

    const SUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    /// Go leaves them alone, and gzip rejects them.
    const RESERVED: u8 = 0xe0;

    pub(super) fn read(source: &mut impl BufRead) -> io::Result<()> {
        let mut sum = Crc::new();
        let mut take = |bytes: &mut [u8]| {
            exactly(&mut *source, bytes)?;
            sum.update(bytes);
            io::Result::Ok(())
        };
        let mut start = [0; 10];
        take(&mut start[..3])?;
        if start[..3] != [0x1f, 0x8b, 8] {
            return Err(wrong("it is not gzip, or something else follows it"));
        }
        take(&mut start[3..])?;
        let flags = start[3];
        if flags & RESERVED != 0 {
            return Err(wrong("a header has flags that gzip does not know"));
        }
        if flags & EXTRA != 0 {
            let mut len = [0; 2];
            take(&mut len)?;
            take(&mut vec![0; u16::from_le_bytes(len).into()])?;
        }
        for flag in [NAME, COMMENT] {
            let mut byte = [u8::from(flags & flag != 0)];
            let mut len = 0;
            while byte != [0] {
                take(&mut byte)?;
                len += 1;
                if len > TEXT_BYTES_MAX {
                    return Err(wrong("a header has a name or comment of more than 511 bytes"));
                }
            }
        }
        if flags & SUM != 0 {
            let wanted = (sum.sum() & 0xffff) as u16;
            let mut found = [0; 2];
            exactly(source, &mut found)?;
            if u16::from_le_bytes(found) != wanted {
                return Err(wrong("the checksum of a header is wrong"));
            }
        }
        Ok(())
    }
}

fn exactly(source: &mut impl Read, bytes: &mut [u8]) -> io::Result<()> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => wrong("it ends too early"),
        _ => error,
    })
}

/// Without a cause, so that it can't be taken for an error of the source: [`ReadError::of`] calls
/// it [`ReadError::Encoding`].
fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Counts what is read.
#[derive(Debug)]
struct Counted<R> {
    source: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.source.read(buffer)?;
        self.bytes += len as u64;
        Ok(len)
    }
}
