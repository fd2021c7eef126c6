//! `tar:`: an archive, entry by entry.

use roadstead_yaml::{Node, Place, Value};

use crate::{
    Tar,
    content::{Blobs, FORMS, content},
    fields::{Fields, text},
    source::{CaseError, Source},
};

/// What an entry may say beside its content.
const KEYS: [&str; 6] = ["path", "symlink", "hardlink", "directory", "type", "pax"];

/// Longest path that a plain header holds; a longer one goes into a PAX header.
const PATH_BYTES_MAX: usize = 100;

/// A map of paths, or a list of entries with a `path` each, among which one may occur twice.
pub(crate) fn archive(source: &Source<'_>, node: &Node) -> Result<Vec<u8>, CaseError> {
    let mut tar = Tar::new();
    match &node.value {
        Value::Map(entries) => {
            for (path, node) in entries {
                tar = entry(source, tar, (path.spot, Some(&path.value)), node)?;
            }
        }
        Value::List(entries) => {
            for node in entries {
                tar = entry(source, tar, (node.spot, None), node)?;
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
fn entry(
    source: &Source<'_>,
    tar: Tar,
    (at, path): (Place, Option<&String>),
    node: &Node,
) -> Result<Tar, CaseError> {
    if let (Some(path), Value::Text(content)) = (path, &node.value) {
        return named(source, tar, (at, path), (b'0', content.as_bytes(), ""));
    }
    let fields = Fields::of(source, node, &[&KEYS, &FORMS])?;
    let path = match (path, fields.has("path")) {
        (Some(path), false) => path,
        (None, true) => fields.required_text("path")?,
        (None, false) => return Err(fields.error("\"path\" is missing here")),
        (Some(_), true) => return Err(fields.error("the path stands before the colon already")),
    };
    let is_link = fields.has("symlink") || fields.has("hardlink");
    let (flag, target) = match (fields.text("symlink")?, fields.text("hardlink")?) {
        (None, None) if fields.bool("directory")? => (b'5', ""),
        (None, None) => (b'0', ""),
        (Some(target), None) => (b'2', target),
        (None, Some(target)) => (b'1', target),
        (Some(_), Some(_)) => return Err(fields.error("a link is symbolic or hard, not both")),
    };
    let flag = match fields.text("type")?.map(str::as_bytes) {
        None => flag,
        Some([flag]) => *flag,
        Some(_) => return Err(fields.error("a type is one letter, such as \"3\" of a device")),
    };
    let bytes = match content(&fields, &mut Blobs::new())? {
        Some(_) if is_link => return Err(fields.error("a link has no content")),
        bytes => bytes.unwrap_or_default(),
    };
    let tar = match fields.get("pax") {
        None => tar,
        Some(node) => records(source, tar, node)?,
    };
    named(source, tar, (at, path), (flag, &bytes, target))
}

/// What a PAX header says of the entry after it.
fn records(source: &Source<'_>, tar: Tar, node: &Node) -> Result<Tar, CaseError> {
    let Value::Map(entries) = &node.value else {
        return Err(source.error(node.spot, "write a mapping of PAX records, such as path: x"));
    };
    entries.iter().try_fold(tar, |tar, (key, value)| Ok(tar.pax(&key.value, text(source, value)?)))
}

fn named(
    source: &Source<'_>,
    tar: Tar,
    (at, path): (Place, &str),
    (flag, content, target): (u8, &[u8], &str),
) -> Result<Tar, CaseError> {
    if target.len() > PATH_BYTES_MAX {
        return Err(source.error(at, "a link's target has at most 100 bytes here"));
    }
    let (tar, path) = match path.len() > PATH_BYTES_MAX {
        true => (tar.pax("path", path), &path[..path.floor_char_boundary(PATH_BYTES_MAX)]),
        false => (tar, path),
    };
    Ok(match target {
        "" => tar.entry(path, flag, content),
        target => tar.link(path, flag, target),
    })
}
