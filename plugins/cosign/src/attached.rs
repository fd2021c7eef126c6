//! What a tag says that its manifest is attached to.
//!
//! cosign finds what belongs to a manifest by a tag made of its digest, and reads what it finds
//! there whatever its media types say.

use roadstead_plugin_sdk::oci::{Digest, Tag, TagForm};

/// What clients read under a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// `.sig`: payloads with their signatures
    Signatures,
    /// `.att`: envelopes with their statements
    Attestations,
}

/// What is read under the tag, and the manifest that it has to be about.
pub(crate) fn of_tag(tag: &str) -> Option<(Content, Digest)> {
    let TagForm::Attachment { subject, suffix } = Tag::parse(tag).ok()?.form() else { return None };
    match suffix {
        "sig" => Some((Content::Signatures, subject)),
        "att" => Some((Content::Attestations, subject)),
        _ => None,
    }
}
