//! One entry of an archive.

use std::io::{self, Read};

use super::{Archive, header::Header};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// a regular file
    File,
    /// a folder
    Directory,
    /// a symbolic link
    Symlink,
    /// another name for a file
    Hardlink,
    /// a character or block device
    Device,
    /// a named pipe
    Fifo,
    /// a PAX header for the whole archive, with nothing but a comment in it
    GlobalHeader,
    /// anything else, by its type flag
    Other(u8),
}

/// What the headers say.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) path: String,
    link: String,
    size: u64,
    mode: i64,
    type_flag: u8,
}

impl Meta {
    pub(super) fn new(header: &Header, size: u64) -> Self {
        Self {
            path: text(&header.name),
            link: text(&header.link),
            size,
            mode: header.mode,
            type_flag: header.type_flag,
        }
    }

    pub(super) fn global() -> Self {
        Self { path: String::new(), link: String::new(), size: 0, mode: 0, type_flag: b'g' }
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An entry, whose content is read as from a file. Links, devices and folders have none.
#[derive(Debug)]
pub struct Entry<'a, R> {
    archive: &'a mut Archive<R>,
    meta: Meta,
}

impl<'a, R: Read> Entry<'a, R> {
    pub(super) fn new(archive: &'a mut Archive<R>, meta: Meta) -> Self {
        Self { archive, meta }
    }

    /// Its path as it stands there: it may be absolute, lead out of the archive, or occur twice.
    /// What is no UTF-8 was replaced.
    pub fn path(&self) -> &str {
        &self.meta.path
    }

    /// Where a link leads.
    pub fn link(&self) -> &str {
        &self.meta.link
    }

    /// Bytes, as the header says.
    pub fn size(&self) -> u64 {
        self.meta.size
    }

    /// What it is, by its type flag.
    pub fn kind(&self) -> Kind {
        match self.meta.type_flag {
            b'0' => Kind::File,
            b'1' => Kind::Hardlink,
            b'2' => Kind::Symlink,
            b'3' | b'4' => Kind::Device,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            b'g' => Kind::GlobalHeader,
            other => Kind::Other(other),
        }
    }

    /// Whether its mode says that it is a folder: Go's reader then takes it for one, whatever its
    /// type.
    pub fn has_directory_mode(&self) -> bool {
        /// permissions, set-user, set-group and sticky bits, and those beyond Go's 32
        const OTHER_BITS: i64 = !0xffff_ffff | 0o7777;
        self.meta.mode & !OTHER_BITS == 0o040_000
    }
}

impl<R: Read> Read for Entry<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.archive.read_data(buffer)?)
    }
}
