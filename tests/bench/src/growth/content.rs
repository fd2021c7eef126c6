//! What a store is filled with: names, blobs and manifests, all told apart by a number.

use bytes::Bytes;
use serde_json::{Value, json};

use roadstead_oci::{Algorithm, Digest, media_type};

/// A manifest with a tag for each number, and blobs that no manifest names.
pub(super) const MANY: &str = "growth/many";
/// One manifest, nearly all of whose tags were deleted.
pub(super) const DELETED: &str = "growth/deleted";
/// A manifest with many referrers.
pub(super) const REFERRED: &str = "growth/referred";
/// Where the policy rejects everything.
pub(super) const REFUSED: &str = "growth/refused";
/// An upload of many chunks.
pub(super) const CHUNKS: &str = "growth/chunks";

/// The type of few of the referrers.
pub(super) const RARE_TYPE: &str = "application/vnd.example.rare";
/// How many those are, whatever the size of the store.
pub(super) const RARE: usize = 10;
pub(super) const OCTETS: &str = "application/octet-stream";

/// The blob that is every config, and every layer outside of [`MANY`].
pub(super) fn shared() -> Bytes {
    Bytes::from_static(b"{}")
}

/// The layer of one manifest of [`MANY`].
pub(super) fn layer(number: usize) -> Bytes {
    format!("the layer of number {number}").into()
}

/// A blob that no manifest names.
pub(super) fn spare_blob(number: usize) -> Bytes {
    format!("blob {number}, which no manifest names").into()
}

pub(super) fn tag(number: usize) -> String {
    format!("t{number:08}")
}

/// The path of a manifest by its digest.
pub(super) fn manifest_path(repository: &str, manifest: &[u8]) -> String {
    format!("/v2/{repository}/manifests/{}", Digest::of(Algorithm::Sha256, manifest))
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    let digest = Digest::of(Algorithm::Sha256, blob);
    json!({ "mediaType": media_type, "digest": digest, "size": blob.len() })
}

/// An artifact of a type that no client has.
fn artifact(artifact_type: &str, layer: &[u8], number: usize) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor("application/vnd.oci.empty.v1+json", &shared()),
        "layers": [descriptor(OCTETS, layer)],
        "annotations": { "number": number.to_string() },
    })
}

/// A manifest of [`MANY`].
pub(super) fn manifest(number: usize) -> Bytes {
    artifact("application/vnd.example.many", &layer(number), number).to_string().into()
}

/// The manifest that the referrers name, and that the deleted tags named.
pub(super) fn subject() -> Bytes {
    artifact("application/vnd.example.subject", &shared(), 0).to_string().into()
}

/// A manifest whose subject is [`subject`].
pub(super) fn referrer(number: usize, rare: bool) -> Bytes {
    let artifact_type = if rare { RARE_TYPE } else { "application/vnd.example.frequent" };
    let mut referrer = artifact(artifact_type, &shared(), number);
    referrer["subject"] = descriptor(media_type::OCI_MANIFEST, &subject());
    referrer.to_string().into()
}

pub(super) fn referrers_path() -> String {
    format!("/v2/{REFERRED}/referrers/{}", Digest::of(Algorithm::Sha256, &subject()))
}

/// A manifest that the policy rejects in [`REFUSED`].
pub(super) fn refused(number: usize) -> Bytes {
    artifact("application/vnd.example.refused", &shared(), number).to_string().into()
}

/// An index of these children; another number makes another index of them.
pub(super) fn index(children: &[Bytes], number: usize) -> Bytes {
    let child = |child: &Bytes| descriptor(media_type::OCI_MANIFEST, child);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": children.iter().map(child).collect::<Vec<_>>(),
        "annotations": { "number": number.to_string() },
    });
    index.to_string().into()
}
