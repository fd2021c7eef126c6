//! How a chart is compressed.

use std::io::{self, Read};

use roadstead_plugin_sdk::{
    content::ReadError,
    gzip::{Gunzip, Limits},
};

/// Bytes at the start of a file by which it is known: of the one method that there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
pub(crate) const MAGIC_BYTES: u32 = 3;
/// Bytes of an archive within that are read before any is decompressed: where the archive around it
/// ends early, that is found first, and not taken for damage to the one within.
pub(crate) const START_BYTES: u64 = 64 << 10;

/// The archives within share a bound of their own.
pub(crate) const NO_LIMITS: Limits = Limits { bytes_max: u64::MAX, ratio_max: u64::MAX };

/// A layer without its gzip. Its errors are those of content, so that they are not blamed on an
/// archive within.
#[derive(Debug)]
pub(crate) struct Decoded<R>(Gunzip<R>);

impl<R: Read> Decoded<R> {
    pub(crate) fn new(source: R) -> Self {
        Self(Gunzip::new(source, Limits::default()))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| ReadError::of(&error).into())
    }
}

/// What is wrong with `what`, which begins so, and what to do. The rest is left to whoever
/// decompresses it.
pub(crate) fn problem(start: &[u8], what: &str) -> Option<String> {
    let message = || format!("{what} is not gzip, which helm needs; push the .tgz of helm package");
    (!start.starts_with(&MAGIC)).then(message)
}
