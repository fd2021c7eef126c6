//! Archives for tests, entry by entry, so that they can be wrong in any way.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

/// A tar archive in the making.
///
/// ```
/// use roadstead_cases::{Tar, TarHeader};
///
/// let layer = Tar::new()
///     .file("web/Chart.yaml", "name: web")
///     .entry("web/link", b'2', b"") // a symbolic link, by its type flag
///     .add(&TarHeader { mode: 0o4755, ..TarHeader::new("web/run", b'0') }, b"#!/bin/sh")
///     .gzip();
/// assert_eq!(layer[..2], [0x1f, 0x8b]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tar(Vec<u8>);

/// What the header of an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TarHeader<'a> {
    /// at most 100 bytes
    pub path: &'a str,
    /// such as `b'0'` for a regular file
    pub type_flag: u8,
    /// the target of a link, whatever the type; at most 100 bytes
    pub link: &'a str,
    /// permissions, with the set-user, set-group and sticky bits: at most `0o7777777`
    pub mode: u32,
    /// the owner's number, at most 2^56 - 1
    pub uid: u64,
    /// the group's number, at most 2^56 - 1
    pub gid: u64,
    /// the owner's name, at most 32 bytes
    pub user: &'a str,
    /// the group's name, at most 32 bytes
    pub group: &'a str,
}

impl<'a> TarHeader<'a> {
    /// Returns that of an entry of root's with mode 644.
    pub fn new(path: &'a str, type_flag: u8) -> Self {
        Self { path, type_flag, link: "", mode: 0o644, uid: 0, gid: 0, user: "", group: "" }
    }

    fn block(&self, size: usize) -> [u8; 512] {
        let mut block = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, self.path.as_bytes());
        put(100, format!("{:07o}\0", self.mode).as_bytes());
        put(108, &owner(self.uid));
        put(116, &owner(self.gid));
        put(124, format!("{size:011o}\0").as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[self.type_flag]);
        put(157, self.link.as_bytes());
        put(257, b"ustar\x0000");
        put(265, self.user.as_bytes());
        put(297, self.group.as_bytes());
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }
}

/// Seven octal digits or, beyond them, a binary number as GNU tar writes it.
fn owner(id: u64) -> [u8; 8] {
    if id > 0o777_7777 {
        return (id | 0x80 << 56).to_be_bytes();
    }
    let mut field = [0; 8];
    field[..7].copy_from_slice(format!("{id:07o}").as_bytes());
    field
}

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
        self.add(&TarHeader::new(path, type_flag), content)
    }

    /// Adds a link of either type, `1` or `2`. Its path and its target have at most 100 bytes.
    #[must_use]
    pub fn link(self, path: &str, type_flag: u8, target: &str) -> Self {
        self.add(&TarHeader { link: target, ..TarHeader::new(path, type_flag) }, b"")
    }

    /// Adds an entry with a header that says more.
    ///
    /// # Panics
    /// Where a field has no room for its value.
    #[must_use]
    pub fn add(self, header: &TarHeader<'_>, content: &[u8]) -> Self {
        self.raw(&header.block(content.len())).padded(content)
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
