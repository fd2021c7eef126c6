//! Tar archives, entry by entry, within bounds.
//!
//! Where readers could disagree about an archive it is refused rather than guessed: entries after
//! the archive's end, two names for one entry, a PAX size that is not the header's, and GNU's
//! sparse files in PAX clothes.

use std::io::{self, Read};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// a regular file
    File,
    /// a folder
    Folder,
    /// a PAX header for the whole archive, which holds no content
    Header,
    /// a link, a device, or anything else; the word says which
    Other(&'static str),
}

/// An entry's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// as the archive has it
    pub name: String,
    /// what it is
    pub form: Form,
    /// bytes
    pub size: u64,
}

/// Bytes of an extension header: a long name, or PAX records.
const EXTENSION_BYTES_MAX: u64 = 1 << 20;
const BLOCK_BYTES: u64 = 512;

/// Walks through an archive. `visit` gets each entry's head and its content, and ends the walk by
/// answering false.
pub fn walk(
    reader: impl Read,
    mut visit: impl FnMut(&Head, &mut dyn Read) -> io::Result<bool>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    archive.set_ignore_zeros(true);
    let mut extension = Extension::default();
    let mut expected = 0;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let (position, size) = (entry.raw_header_position(), entry.size());
        if position != expected {
            return Err(invalid("it goes on after its end, where most readers stop"));
        }
        expected = position + BLOCK_BYTES + size.next_multiple_of(BLOCK_BYTES);
        match entry.header().entry_type() {
            tar::EntryType::GNULongName => extension.long_name(&extension_bytes(&mut entry)?)?,
            tar::EntryType::XHeader => extension.pax(&extension_bytes(&mut entry)?)?,
            tar::EntryType::GNULongLink => {}
            entry_type => {
                let name = extension.apply(&entry.path_bytes(), size)?;
                let head = Head { form: form(entry_type, &name), size, name };
                if !visit(&head, &mut entry)? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// What the headers before an entry say of it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extension {
    fn long_name(&mut self, bytes: &[u8]) -> io::Result<()> {
        let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        self.rename(name)
    }

    fn pax(&mut self, bytes: &[u8]) -> io::Result<()> {
        for record in tar::PaxExtensions::new(bytes) {
            let record = record?;
            match record.key_bytes() {
                b"path" => self.rename(record.value_bytes())?,
                b"size" => {
                    let size = record.value().ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(|| invalid("a PAX size is no number"))?);
                }
                key if key.starts_with(b"GNU.sparse") => {
                    return Err(invalid("it has sparse files"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn rename(&mut self, name: &[u8]) -> io::Result<()> {
        if name.is_empty() || name.contains(&0) || self.name.is_some() {
            return Err(invalid("one of its entries has two names, or none"));
        }
        self.name = Some(name.to_vec());
        Ok(())
    }

    fn apply(&mut self, name: &[u8], size: u64) -> io::Result<String> {
        let Self { name: longer, size: other } = std::mem::take(self);
        if other.is_some_and(|other| other != size) {
            return Err(invalid("an entry has two sizes"));
        }
        let name = longer.unwrap_or_else(|| name.to_vec());
        String::from_utf8(name).map_err(|_| invalid("a name is not UTF-8"))
    }
}

fn extension_bytes(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(EXTENSION_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > EXTENSION_BYTES_MAX {
        return Err(invalid("an extension header is too long"));
    }
    Ok(bytes)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// By the type, and for old archives by the slash at the end, as everybody reads them.
fn form(entry_type: tar::EntryType, name: &str) -> Form {
    use tar::EntryType;
    match entry_type {
        EntryType::Regular if name.ends_with('/') => Form::Folder,
        EntryType::Regular | EntryType::Continuous => Form::File,
        EntryType::Directory => Form::Folder,
        EntryType::XGlobalHeader => Form::Header,
        EntryType::Symlink => Form::Other("a symbolic link"),
        EntryType::Link => Form::Other("a hard link"),
        EntryType::Char | EntryType::Block => Form::Other("a device"),
        EntryType::Fifo => Form::Other("a named pipe"),
        EntryType::GNUSparse => Form::Other("a sparse file"),
        _ => Form::Other("an entry of an unknown type"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_order_with_their_content() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        builder.append_data(&mut header, "a/b", &b"hi"[..]).unwrap();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, "a/c", "/etc/passwd").unwrap();
        let long = format!("a/{}", "x".repeat(200));
        header.set_entry_type(tar::EntryType::Regular);
        builder.append_data(&mut header, &long, &b""[..]).unwrap();
        let mut seen = Vec::new();
        walk(builder.into_inner().unwrap().as_slice(), |head, content| {
            let mut text = String::new();
            content.read_to_string(&mut text)?;
            seen.push((head.name.clone(), head.form, text));
            Ok(true)
        })
        .unwrap();
        assert_eq!(seen[0], ("a/b".into(), Form::File, "hi".into()));
        assert_eq!(seen[1].1, Form::Other("a symbolic link"));
        assert_eq!(seen[2].0, long);
    }

    fn plain(name: &str) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, name, &b""[..]).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn what_readers_could_disagree_about_is_refused() {
        let refused = |archive: &[u8]| walk(archive, |_, _| Ok(true)).unwrap_err().to_string();
        let (first, second) = (plain("a"), plain("b"));
        assert!(refused(&[first.as_slice(), &second].concat()).contains("after its end"));
        let unended = &first[..512];
        let mut names = Vec::new();
        walk([unended, &second].concat().as_slice(), |head, _| {
            names.push(head.name.clone());
            Ok(true)
        })
        .unwrap();
        assert_eq!(names, ["a", "b"]);
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("size", &b"7"[..])]).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, "a", &b""[..]).unwrap();
        assert!(refused(&builder.into_inner().unwrap()).contains("two sizes"));
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("GNU.sparse.name", &b"x"[..])]).unwrap();
        builder.append_data(&mut header, "a", &b""[..]).unwrap();
        assert!(refused(&builder.into_inner().unwrap()).contains("sparse"));
    }
}
