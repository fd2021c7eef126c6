//! Files that somebody else may have made: no pipe is waited for, nothing is read without end, and
//! it is noticed when one is saved.

use std::{
    fs::{File, Metadata},
    io::{Error, ErrorKind, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// How a file looks: it looks otherwise when it was saved, by whatever means. The time is that of
/// the last change of any kind, which no program can set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// seconds and nanoseconds
    changed: (i64, i64),
}

impl Stamp {
    /// How the file looks that these data are of.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// How what stands at a path looks now; none: it can't be looked at.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        path.metadata().ok().as_ref().map(Self::of)
    }
}

/// Opens what is a file, or a link to one.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    // before it is opened: to open a pipe waits for whoever writes to it
    match path.metadata()?.is_file() {
        true => File::open(path),
        false => Err(Error::new(ErrorKind::InvalidInput, "it is not a file")),
    }
}

/// All of a file, unless it is larger than that.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    bounded(open(path)?, bytes_max)
}

/// All that is left to read, unless it is more than that.
pub(crate) fn bounded(reader: impl Read, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let why = format!("it has more than {bytes_max} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}
