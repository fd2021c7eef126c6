//! The bytes of a blob or a manifest, in whichever form a case has them.
//!
//! Inside, `blobs` is below `archive` and `manifest`, and this module above both.

mod archive;
mod blobs;
mod manifest;

use base64::{Engine, engine::general_purpose::STANDARD};
use roadstead_oci::Digest;
use roadstead_yaml::Node;

use crate::{
    fields::{Fields, text},
    source::{CaseError, Source},
    tar::gzip,
};
use archive::archive;

pub(crate) use blobs::{Blobs, FORMS};

/// The exact bytes of a manifest. What it names goes to `blobs`.
pub(crate) fn manifest(
    source: &Source<'_>,
    node: &Node,
    blobs: &mut Blobs,
) -> Result<Vec<u8>, CaseError> {
    manifest::bytes(source, node, blobs, content)
}

/// A blob that is reviewed by itself: its type, digest and size.
pub(crate) fn blob(
    source: &Source<'_>,
    node: &Node,
    blobs: &mut Blobs,
) -> Result<(String, Digest, u64), CaseError> {
    let fields = Fields::of(source, node, &[&["mediaType"], &FORMS])?;
    let media_type = fields.required_text("mediaType")?.to_owned();
    let bytes = content(&fields, blobs)?.ok_or_else(|| fields.error(manifest::no_content()))?;
    let (digest, size) = (blobs::store(&bytes, blobs), bytes.len() as u64);
    Ok((media_type, digest, size))
}

/// The bytes, if there is content. What a manifest among it names goes to `blobs`.
pub(crate) fn content(
    fields: &Fields<'_>,
    blobs: &mut Blobs,
) -> Result<Option<Vec<u8>>, CaseError> {
    let found: Vec<_> = FORMS.into_iter().filter(|form| fields.has(form)).collect();
    let (form, node) = match found[..] {
        [] => return Ok(None),
        [form] => match fields.get(form) {
            Some(node) => (form, node),
            None => return Ok(None),
        },
        [one, other, ..] => {
            let what = format!("content must be {one:?} or {other:?}, not both");
            return Err(fields.error(what));
        }
    };
    let source = fields.source;
    let error = |what: String| source.error(node.spot, what);
    Ok(Some(match form {
        "json" => node.value.to_json().to_string().into_bytes(),
        "text" => text(source, node)?.as_bytes().to_vec(),
        "base64" => {
            let letters: String = text(source, node)?.split_whitespace().collect();
            STANDARD
                .decode(letters)
                .map_err(|why| error(format!("this is not valid base64: {why}")))?
        }
        "file" => source.file(node.spot, text(source, node)?)?,
        "tar" => archive(source, node, content)?,
        "tgz" => gzip(&archive(source, node, content)?),
        "gzip" => {
            let inner = Fields::of(source, node, &[&FORMS])?;
            let bytes = content(&inner, blobs)?;
            gzip(&bytes.ok_or_else(|| inner.error("there is nothing to compress"))?)
        }
        _ => manifest(source, node, blobs)?,
    }))
}
