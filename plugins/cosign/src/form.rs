//! Which of cosign's two forms a manifest has.

use roadstead_plugin_sdk::{Descriptor, Manifest, Role, oci::media_type::essence};

/// A layer of the tag form: the payload that was signed.
pub(crate) const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The config of a signature that has a subject in place of a tag.
pub(crate) const SIGNATURE_CONFIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// How the types of all versions of bundles begin, which is what cosign looks at.
const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// All of them, as globs.
pub(crate) const MEDIA_TYPES: &[&str] =
    &[PAYLOAD, SIGNATURE_CONFIG, "application/vnd.dev.sigstore.bundle*"];

/// What cosign would take a manifest for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Signatures under a tag such as `sha256-<hex>.sig`, or with a subject.
    Tagged,
    /// A sigstore bundle with a subject.
    Bundle,
    /// Both at once.
    Mixed,
}

/// None where it is neither. What a manifest says of itself counts, and what it is made of; a
/// subject says nothing, since anything may refer to a signature.
pub(crate) fn of(manifest: &Manifest) -> Option<Form> {
    let parts = manifest.descriptors.iter().filter(|part| part.role != Role::Subject);
    let types: Vec<String> = parts
        .map(Descriptor::media_type_essence)
        .chain(manifest.artifact_type.iter().map(|own| essence(own).to_ascii_lowercase()))
        .collect();
    let tagged = types.iter().any(|text| text == PAYLOAD || text == SIGNATURE_CONFIG);
    match (tagged, types.iter().any(|text| is_bundle(text))) {
        (true, false) => Some(Form::Tagged),
        (false, true) => Some(Form::Bundle),
        (true, true) => Some(Form::Mixed),
        (false, false) => None,
    }
}

/// Whether it is the type of a bundle, of whatever version.
pub(crate) fn is_bundle(media_type: &str) -> bool {
    media_type.starts_with(BUNDLE_PREFIX)
}
