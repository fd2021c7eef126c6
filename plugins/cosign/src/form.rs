//! What cosign reads in a manifest.

use roadstead_plugin_sdk::{Descriptor, Manifest, Role, oci::media_type::essence};

use crate::attached::{self, Content};

/// A layer of the tag form: the payload that was signed.
pub(crate) const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// A layer of what cosign attaches as an attestation.
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The config of a signature that has a subject in place of a tag.
pub(crate) const SIGNATURE_CONFIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// How the types of all versions of bundles begin, which is what cosign looks at.
const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// All of them, as globs.
pub(crate) const MEDIA_TYPES: &[&str] =
    &[PAYLOAD, SIGNATURE_CONFIG, "application/vnd.dev.sigstore.bundle*", ENVELOPE];

/// How cosign reads a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Signatures under a tag such as `sha256-<hex>.sig`, or with a subject.
    Signatures,
    /// Attestations under a tag such as `sha256-<hex>.att`.
    Attestations,
    /// A sigstore bundle with a subject.
    Bundle,
}

/// All that apply. A tag decides whatever stands under it, since cosign reads that whatever its
/// types are; under another tag, or none, the types decide. A subject says nothing, since anything
/// may refer to a signature.
pub(crate) fn of(manifest: &Manifest) -> Vec<Form> {
    let tags = || manifest.tags.iter().filter_map(|tag| attached::of_tag(tag));
    let under = |content| tags().any(|(found, _)| found == content);
    let parts = manifest.descriptors.iter().filter(|part| part.role != Role::Subject);
    let types: Vec<String> = parts
        .map(Descriptor::media_type_essence)
        .chain(manifest.artifact_type.iter().map(|own| essence(own).to_ascii_lowercase()))
        .collect();
    let is_signature = types.iter().any(|text| text == PAYLOAD || text == SIGNATURE_CONFIG);
    let mut forms = Vec::new();
    if under(Content::Signatures) || is_signature {
        forms.push(Form::Signatures);
    }
    if under(Content::Attestations) {
        forms.push(Form::Attestations);
    }
    if forms.is_empty() && types.iter().any(|text| is_bundle(text)) {
        forms.push(Form::Bundle);
    }
    forms
}

/// Whether it is the type of a bundle, of whatever version.
pub(crate) fn is_bundle(media_type: &str) -> bool {
    media_type.starts_with(BUNDLE_PREFIX)
}
