//! The bytes of a blob, in whichever form a case has them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use roadstead_oci::Digest;

use crate::{
    archive::archive,
    fields::{Fields, text},
    manifest,
    source::CaseError,
    tar::gzip,
};

/// What a case stores.
pub(crate) type Blobs = BTreeMap<Digest, Vec<u8>>;

/// The forms of content, of which there may be one.
pub(crate) const FORMS: [&str; 8] =
    ["json", "text", "base64", "file", "tar", "tgz", "gzip", "manifest"];

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
            let what = format!("content is {one:?} or {other:?}, not both");
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
            STANDARD.decode(letters).map_err(|why| error(format!("this is no base64: {why}")))?
        }
        "file" => source.file(node.spot, text(source, node)?)?,
        "tar" => archive(source, node)?,
        "tgz" => gzip(&archive(source, node)?),
        "gzip" => {
            let inner = Fields::of(source, node, &[&FORMS])?;
            let bytes = content(&inner, blobs)?;
            gzip(&bytes.ok_or_else(|| inner.error("there is nothing to compress"))?)
        }
        _ => manifest::bytes(source, node, blobs)?,
    }))
}
