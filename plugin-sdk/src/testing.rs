//! Plugins on the host's own target, over blobs in memory: for their tests, and for a debugger.
//!
//! ```
//! use roadstead_plugin_sdk::{content, testing};
//!
//! let digest = testing::add(b"hello");
//! assert_eq!(content::read_small(&digest, 100).unwrap(), b"hello");
//! ```

use std::{cell::RefCell, collections::HashMap, io::Read, rc::Rc};

use flate2::read::MultiGzDecoder;

use roadstead_oci::{Algorithm, Digest};

use crate::content::ReadError;

thread_local! {
    static BLOBS: RefCell<HashMap<String, Rc<[u8]>>> = RefCell::default();
}

/// Adds a blob for this thread, and answers its digest.
pub fn add(bytes: &[u8]) -> String {
    let digest = Digest::of(Algorithm::Sha256, bytes).to_string();
    BLOBS.with_borrow_mut(|blobs| blobs.insert(digest.clone(), bytes.into()));
    digest
}

/// A blob in memory.
#[derive(Debug)]
pub(crate) struct Blob(Rc<[u8]>);

/// A blob in memory, decompressed.
#[derive(Debug)]
pub(crate) struct Decoded(RefCell<Box<dyn DebugRead>>);

pub(crate) trait DebugRead: Read + std::fmt::Debug {}
impl<T: Read + std::fmt::Debug> DebugRead for T {}

pub(crate) fn open(digest: &str) -> Result<Blob, ReadError> {
    let blob = BLOBS.with_borrow(|blobs| blobs.get(digest).cloned());
    blob.map(Blob).ok_or_else(|| ReadError::NotNamed(digest.to_owned()))
}

pub(crate) fn open_decoded(digest: &str) -> Result<Decoded, ReadError> {
    let bytes = std::io::Cursor::new(open(digest)?.0);
    let gzip = bytes.get_ref().starts_with(&[0x1f, 0x8b]);
    let reader: Box<dyn DebugRead> =
        if gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
    Ok(Decoded(RefCell::new(reader)))
}

impl Blob {
    pub(crate) fn size(&self) -> u64 {
        self.0.len() as u64
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the host's own")]
    pub(crate) fn read(&self, offset: u64, len: u32) -> Result<Vec<u8>, ReadError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = self.0.len().min(start.saturating_add(len as usize));
        Ok(self.0[start..end].to_vec())
    }
}

impl Decoded {
    pub(crate) fn read(&self, len: u32) -> Result<Vec<u8>, ReadError> {
        let mut chunk = Vec::new();
        let mut reader = self.0.borrow_mut();
        let read = reader.by_ref().take(u64::from(len)).read_to_end(&mut chunk);
        read.map_err(|error| ReadError::Encoding(error.to_string()))?;
        Ok(chunk)
    }
}
