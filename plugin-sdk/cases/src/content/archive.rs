//! `tar:`: an archive, entry by entry.

use roadstead_yaml::{Node, Value};

use super::blobs::{Blobs, FORMS, ReadContent};
use crate::{
    fields::{Fields, text},
    source::{CaseError, Source},
    tar::{Tar, TarHeader},
};

/// What an entry may say beside its content.
const KEYS: [&str; 12] = [
    "path",
    "symlink",
    "hardlink",
    "directory",
    "type",
    "pax",
    "mode",
    "uid",
    "gid",
    "user",
    "group",
    "link",
];

/// Longest path that a plain header holds; a longer one goes into a PAX header.
const PATH_BYTES_MAX: usize = 100;
const NAME_BYTES_MAX: usize = 32;
const OWNER_MAX: u64 = (1 << 56) - 1;

/// A map of paths, or a list of entries with a `path` each, among which one may occur twice.
pub(super) fn archive(
    source: &Source<'_>,
    node: &Node,
    content: ReadContent,
) -> Result<Vec<u8>, CaseError> {
    let mut tar = Tar::new();
    match &node.value {
        Value::Map(entries) => {
            for (path, node) in entries {
                tar = entry(source, tar, (Some(&path.value), node), content)?;
            }
        }
        Value::List(entries) => {
            for node in entries {
                tar = entry(source, tar, (None, node), content)?;
            }
        }
        other => {
            let what = format!("this is {}; write a mapping of paths, or a list", other.what());
            return Err(source.error(node.spot, what));
        }
    }
    Ok(tar.end().bytes().to_vec())
}

/// One entry: text, which is a file's, or a map.
fn entry<'a>(
    source: &'a Source<'a>,
    tar: Tar,
    (path, node): (Option<&'a String>, &'a Node),
    content: ReadContent,
) -> Result<Tar, CaseError> {
    if let (Some(path), Value::Text(content)) = (path, &node.value) {
        return Ok(named(tar, TarHeader::new(path, b'0'), content.as_bytes()));
    }
    let fields = Fields::of(source, node, &[&KEYS, &FORMS])?;
    let path = match (path, fields.has("path")) {
        (Some(path), false) => path,
        (None, true) => fields.required_text("path")?,
        (None, false) => return Err(fields.error("\"path\" is missing here")),
        (Some(_), true) => return Err(fields.error("the path is already before the colon")),
    };
    let mut header = TarHeader::new(path, b'0');
    header = owned(&fields, linked(&fields, header)?)?;
    header.type_flag = match fields.text("type")?.map(str::as_bytes) {
        None => header.type_flag,
        Some([flag]) => *flag,
        Some(_) => {
            return Err(fields.error("a type must be one letter, such as \"3\" for a device"));
        }
    };
    let is_link = fields.has("symlink") || fields.has("hardlink");
    let bytes = match content(&fields, &mut Blobs::new())? {
        Some(_) if is_link => return Err(fields.error("a link can't have content")),
        bytes => bytes.unwrap_or_default(),
    };
    let tar = match fields.get("pax") {
        None => tar,
        Some(node) => records(source, tar, node)?,
    };
    Ok(named(tar, header, &bytes))
}

/// The type, and the target of a link.
fn linked<'a>(fields: &Fields<'a>, header: TarHeader<'a>) -> Result<TarHeader<'a>, CaseError> {
    let kinds = [("symlink", b'2'), ("hardlink", b'1'), ("link", b'0')];
    let mut found = kinds.iter().filter(|(key, _)| fields.has(key));
    let (type_flag, link) = match (found.next(), found.next()) {
        (None, _) if fields.bool("directory")? => (b'5', ""),
        (None, _) => (b'0', ""),
        (Some((key, flag)), None) => (*flag, fields.required_text(key)?),
        (Some(_), Some(_)) => return Err(fields.error("a link must be symbolic or hard, not both")),
    };
    if link.len() > PATH_BYTES_MAX {
        return Err(fields.error("a link's target may have at most 100 bytes here"));
    }
    Ok(TarHeader { type_flag, link, ..header })
}

/// The mode, and whose it is.
fn owned<'a>(fields: &Fields<'a>, mut header: TarHeader<'a>) -> Result<TarHeader<'a>, CaseError> {
    if fields.has("mode") {
        let mode = fields.get("mode").and_then(|node| match &node.value {
            Value::Text(digits) if (1..=7).contains(&digits.len()) && !digits.starts_with('+') => {
                u32::from_str_radix(digits, 8).ok()
            }
            _ => None,
        });
        let wrong = || fields.error("a mode must be octal digits in quotes, such as \"4755\"");
        header.mode = mode.ok_or_else(wrong)?;
    }
    for (key, id) in [("uid", &mut header.uid), ("gid", &mut header.gid)] {
        *id = fields.number(key)?.unwrap_or_default();
        if *id > OWNER_MAX {
            return Err(fields.error(format!("{key} may be at most {OWNER_MAX}")));
        }
    }
    for (key, name) in [("user", &mut header.user), ("group", &mut header.group)] {
        *name = fields.text(key)?.unwrap_or_default();
        if name.len() > NAME_BYTES_MAX {
            return Err(fields.error(format!("{key} may have at most {NAME_BYTES_MAX} bytes")));
        }
    }
    Ok(header)
}

/// What a PAX header says of the entry after it.
fn records(source: &Source<'_>, tar: Tar, node: &Node) -> Result<Tar, CaseError> {
    let Value::Map(entries) = &node.value else {
        return Err(source.error(node.spot, "write a mapping of PAX records, such as path: x"));
    };
    entries.iter().try_fold(tar, |tar, (key, value)| Ok(tar.pax(&key.value, text(source, value)?)))
}

fn named(tar: Tar, header: TarHeader<'_>, content: &[u8]) -> Tar {
    let path = header.path;
    let short = &path[..path.floor_char_boundary(PATH_BYTES_MAX)];
    let tar = if short == path { tar } else { tar.pax("path", path) };
    tar.add(&TarHeader { path: short, ..header }, content)
}
