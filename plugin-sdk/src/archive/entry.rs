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
#[derive(Debug, Default)]
pub(super) struct Meta {
    path: String,
    link: String,
    size: u64,
    mode: i64,
    uid: i64,
    gid: i64,
    user: String,
    group: String,
    type_flag: u8,
}

impl Meta {
    pub(super) fn new(header: &Header, size: u64) -> Self {
        Self {
            path: text(&header.name),
            link: text(&header.link),
            size,
            mode: header.mode,
            uid: header.uid,
            gid: header.gid,
            user: text(&header.user),
            group: text(&header.group),
            type_flag: header.type_flag,
        }
    }

    pub(super) fn global() -> Self {
        Self { type_flag: b'g', ..Self::default() }
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

    /// The target of a symbolic or hard link, as it stands there; empty for all else. What is no
    /// UTF-8 was replaced.
    pub fn link(&self) -> &str {
        &self.meta.link
    }

    /// The permissions, with the set-user, set-group and sticky bits: `0o4755` for a program that
    /// runs as its owner. What the field says of the type is left out.
    pub fn mode(&self) -> u32 {
        u32::try_from(self.meta.mode & 0o7777).unwrap_or_default()
    }

    /// The owner's number. It is negative only where the header says so, and then readers reject
    /// it or take it for another.
    pub fn uid(&self) -> i64 {
        self.meta.uid
    }

    /// The group's number, of which the same is true.
    pub fn gid(&self) -> i64 {
        self.meta.gid
    }

    /// The owner's name, by which most readers go before they go by the number. It may be empty.
    pub fn user(&self) -> &str {
        &self.meta.user
    }

    /// The group's name, of which the same is true.
    pub fn group(&self) -> &str {
        &self.meta.group
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
