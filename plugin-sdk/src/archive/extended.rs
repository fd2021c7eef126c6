//! The headers before an entry's own, which say more about it.

use super::{
    header::{self, Header},
    pax::{Records, Refused},
};

/// What they say of one entry. Readers differ in which of several such headers counts, so that one
/// of each kind is all there may be.
#[derive(Debug, Default)]
pub(super) struct Extended {
    records: Option<Records>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl Extended {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_none() && self.long_name.is_none() && self.long_link.is_none()
    }

    /// Adds what a header of the type `x`, `L` or `K` says.
    pub(super) fn add(&mut self, type_flag: u8, content: &[u8]) -> Result<(), Refused> {
        let is_second = match type_flag {
            b'x' => {
                let records = Records::parse(content).map_err(Refused::Malformed)?;
                self.records.replace(records).is_some()
            }
            b'L' => self.long_name.replace(long(content)?).is_some(),
            _ => self.long_link.replace(long(content)?).is_some(),
        };
        if is_second {
            return Err(Refused::Unclear("a second header of its kind for one entry"));
        }
        Ok(())
    }

    /// Puts all of it over what the entry's own header says.
    pub(super) fn apply(self, header: &mut Header) -> Result<(), Refused> {
        let records = self.records.unwrap_or_default();
        let is_twice = |key, long: &Option<Vec<u8>>| long.is_some() && records.has(key);
        if is_twice(b"path", &self.long_name) || is_twice(b"linkpath", &self.long_link) {
            return Err(Refused::Unclear(
                "an entry with a long name in GNU format and another in PAX",
            ));
        }
        let (own_size, is_folder) = (header.size, header.name.ends_with(b"/"));
        records.apply(header)?;
        if header.size != own_size && header.size <= OWN_SIZE_MAX {
            return Err(Refused::Unclear(
                "an entry with one size in its own header and another in PAX",
            ));
        }
        if let Some(name) = self.long_name {
            header.name = name;
        }
        if let Some(link) = self.long_link {
            header.link = link;
        }
        let is_untyped = header.type_flag == 0;
        if is_untyped && is_folder != header.name.ends_with(b"/") {
            return Err(Refused::Unclear("a file by one of its names and a folder by the other"));
        }
        if is_untyped {
            header.type_flag = if header.name.ends_with(b"/") { b'5' } else { b'0' };
        }
        if header.type_flag == b'S' || records.is_sparse() {
            return Err(Refused::Unclear("a sparse file"));
        }
        if !header.link.is_empty() && !matches!(header.type_flag, b'1' | b'2') {
            return Err(Refused::Unclear("a file with the target of a link"));
        }
        if header.type_flag == b'0' && names_a_folder(&header.name) {
            return Err(Refused::Unclear("a file with the name of a folder"));
        }
        if header.is_without_data() && header.size > 0 {
            return Err(Refused::Unclear("a folder, link or device with content"));
        }
        if is_untyped && header.type_flag == b'5' && !header.is_old {
            return Err(Refused::Unclear("a folder that does not have the type of a folder"));
        }
        Ok(())
    }
}

/// Whether a file can't have this name: some readers make a folder of it, some leave out its end.
fn names_a_folder(name: &[u8]) -> bool {
    let last = name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next();
    !name.is_empty() && matches!(last, Some(b"" | b"." | b".."))
}

/// Largest size that eleven octal digits hold. Beyond it a writer has to turn to PAX; below it some
/// readers take the one size and some the other.
const OWN_SIZE_MAX: i64 = 0o777_7777_7777;

/// A long name, which ends with a NUL.
fn long(content: &[u8]) -> Result<Vec<u8>, Refused> {
    let name = header::text(content);
    if name.is_empty() || content[name.len()..].iter().any(|byte| *byte != 0) {
        return Err(Refused::Unclear("a GNU long name that is empty or continues after its end"));
    }
    Ok(name.to_vec())
}
