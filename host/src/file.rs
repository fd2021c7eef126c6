//! Files that somebody else may have made: no pipe is waited for, and nothing is read without end.

use std::{
    fs::File,
    io::{Error, ErrorKind, Read},
    path::Path,
};

/// Opens what is a file, or a link to one.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    // before it is opened: to open a pipe waits for whoever writes to it
    match path.metadata()?.is_file() {
        true => File::open(path),
        false => Err(Error::new(ErrorKind::InvalidInput, "it is no file")),
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
