//! Archives for tests, entry by entry, so that they can be wrong in any way.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

/// A tar archive in the making.
///
/// ```
/// use roadstead_cases::Tar;
///
/// let layer = Tar::new()
///     .file("web/Chart.yaml", "name: web")
///     .entry("web/link", b'2', b"") // a symbolic link, by its type flag
///     .gzip();
/// assert_eq!(layer[..2], [0x1f, 0x8b]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tar(Vec<u8>);

impl Tar {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular file. Its path has at most 100 bytes.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(path, b'0', content.as_ref())
    }

    /// Adds an entry of any type. Its path has at most 100 bytes.
    #[must_use]
    pub fn entry(self, path: &str, type_flag: u8, content: &[u8]) -> Self {
        self.raw(&header(path, type_flag, content.len(), "")).padded(content)
    }

    /// Adds a link of either type, `1` or `2`. Its path and its target have at most 100 bytes.
    #[must_use]
    pub fn link(self, path: &str, type_flag: u8, target: &str) -> Self {
        self.raw(&header(path, type_flag, 0, target))
    }

    /// Adds a PAX header, which says more about the entry that follows.
    #[must_use]
    pub fn pax(self, key: &str, value: &str) -> Self {
        let rest = format!(" {key}={value}\n");
        let mut len = rest.len() + 1;
        while len != len.to_string().len() + rest.len() {
            len = len.to_string().len() + rest.len();
        }
        self.entry("pax", b'x', format!("{len}{rest}").as_bytes())
    }

    /// Adds bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Ends it with two blocks of zeros. More may follow.
    #[must_use]
    pub fn end(self) -> Self {
        self.raw(&[0; 1024])
    }

    /// The bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Ends it, and compresses it.
    pub fn gzip(self) -> Vec<u8> {
        gzip(self.end().bytes())
    }

    fn padded(mut self, content: &[u8]) -> Self {
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }
}

/// Compresses bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed: io::Result<_> = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.unwrap_or_default() // memory takes all bytes
}

fn header(path: &str, type_flag: u8, size: usize, target: &str) -> [u8; 512] {
    let mut block = [0; 512];
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(b"00000000000\0");
    block[148..156].fill(b' ');
    block[156] = type_flag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
