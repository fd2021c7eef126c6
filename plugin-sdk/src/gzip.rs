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

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use crate::content::ReadError;

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

/// What is left when gzip is removed: all members, one after the other. What is no gzip, or goes on
/// with something else, is [`ReadError::Encoding`]; what is over a limit [`ReadError::TooLarge`].
/// [`ReadError::of`] finds either in the [`io::Error`].
#[derive(Debug)]
pub struct Gunzip<R> {
    decoder: MultiGzDecoder<Counted<R>>,
    limits: Limits,
    decoded_bytes: u64,
}

/// Below it no ratio counts.
const FREE_BYTES: u64 = 1 << 20;

impl<R: Read> Gunzip<R> {
    /// Removes gzip from what `source` holds.
    pub fn new(source: R, limits: Limits) -> Self {
        let counted = Counted { source, bytes: 0 };
        Self { decoder: MultiGzDecoder::new(counted), limits, decoded_bytes: 0 }
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Limits { bytes_max, ratio_max } = self.limits;
        let len = self.decoder.read(buffer)?;
        self.decoded_bytes += len as u64;
        let encoded_bytes = self.decoder.get_ref().bytes;
        if self.decoded_bytes > bytes_max {
            let what = format!("more than {bytes_max} bytes when decompressed");
            return Err(ReadError::TooLarge(what).into());
        }
        let fair = encoded_bytes.saturating_mul(ratio_max).max(FREE_BYTES);
        if self.decoded_bytes > fair {
            let what = format!("more than {ratio_max} times its size when decompressed");
            return Err(ReadError::TooLarge(what).into());
        }
        Ok(len)
    }
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
