//! `manifest:`, and the descriptors in it.

use roadstead_oci::media_type;
use roadstead_yaml::Node;
use serde_json::{Map, Value as Json, json};

use super::blobs::{Blobs, FORMS, ReadContent, store};
use crate::{
    fields::Fields,
    source::{CaseError, Source},
};

const KEYS: [&str; 7] =
    ["mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];

/// Forms of content that are a whole manifest, byte for byte.
const RAW: [&str; 4] = ["file", "text", "base64", "json"];

const PART: [&str; 8] =
    ["mediaType", "artifactType", "annotations", "platform", "urls", "digest", "size", "absent"];

/// The exact bytes of a manifest. What it names goes to `blobs`.
pub(super) fn bytes(
    source: &Source<'_>,
    node: &Node,
    blobs: &mut Blobs,
    content: ReadContent,
) -> Result<Vec<u8>, CaseError> {
    let fields = Fields::of(source, node, &[&KEYS, &RAW])?;
    if let Some(raw) = content(&fields, blobs)? {
        return match KEYS.into_iter().find(|key| fields.has(key)) {
            None => Ok(raw),
            Some(key) => {
                let why = format!("{key:?} can't be combined with the content of the manifest");
                Err(fields.error(why))
            }
        };
    }
    let is_index = fields.has("manifests");
    let default = if is_index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
    let mut body = Map::new();
    body.insert("schemaVersion".into(), 2.into());
    let media_type = fields.text("mediaType")?.unwrap_or(default);
    body.insert("mediaType".into(), media_type.into());
    if let Some(artifact_type) = fields.text("artifactType")? {
        body.insert("artifactType".into(), artifact_type.into());
    }
    if !is_index || fields.has("config") {
        let config = fields.get("config").map(|config| part(source, config, blobs, content));
        body.insert("config".into(), config.unwrap_or_else(|| Ok(empty(blobs)))?);
    }
    for (key, is_wanted) in [("layers", !is_index), ("manifests", is_index)] {
        if is_wanted || fields.has(key) {
            let parts = fields.list(key)?.iter().map(|node| part(source, node, blobs, content));
            body.insert(key.into(), parts.collect::<Result<Vec<_>, _>>()?.into());
        }
    }
    if let Some(subject) = fields.get("subject") {
        body.insert("subject".into(), part(source, subject, blobs, content)?);
    }
    let annotations = fields.text_map("annotations")?;
    if !annotations.is_empty() {
        body.insert("annotations".into(), json!(annotations));
    }
    Ok(Json::Object(body).to_string().into_bytes())
}

/// The descriptor of something that a manifest names.
fn part(
    source: &Source<'_>,
    node: &Node,
    blobs: &mut Blobs,
    content: ReadContent,
) -> Result<Json, CaseError> {
    let fields = Fields::of(source, node, &[&PART, &FORMS])?;
    let mut ignored = Blobs::new();
    let stored = if fields.bool("absent")? { &mut ignored } else { blobs };
    let found = content(&fields, stored)?.map(|bytes| (store(&bytes, stored), bytes.len() as u64));
    let digest = fields.text("digest")?.map(ToOwned::to_owned);
    let digest = digest.or(found.as_ref().map(|(digest, _)| digest.to_string()));
    let size = fields.number("size")?.or(found.map(|(_, size)| size));
    let (Some(digest), Some(size)) = (digest, size) else {
        return Err(fields.error(no_content()));
    };
    let default = if fields.has("manifest") { Some(media_type::OCI_MANIFEST) } else { None };
    let media_type = match fields.text("mediaType")?.or(default) {
        Some(media_type) => media_type,
        None => fields.required_text("mediaType")?,
    };
    let mut body = Map::new();
    body.insert("mediaType".into(), media_type.into());
    body.insert("digest".into(), digest.into());
    body.insert("size".into(), size.into());
    for key in ["artifactType", "annotations", "platform", "urls"] {
        if let Some(node) = fields.get(key) {
            body.insert(key.into(), node.value.to_json());
        }
    }
    Ok(body.into())
}

pub(super) fn no_content() -> String {
    format!("the content is missing; write one of {}, or a digest and a size", FORMS.join(", "))
}

/// What image-spec puts where an artifact has no config.
fn empty(blobs: &mut Blobs) -> Json {
    let digest = store(b"{}", blobs);
    json!({ "mediaType": media_type::OCI_EMPTY, "digest": digest, "size": 2 })
}
