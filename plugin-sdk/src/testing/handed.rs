//! What the host makes of a manifest that is pushed, as a plugin gets it.

use roadstead_oci::{Algorithm, Digest};

use crate::{Descriptor, Manifest, Platform, Property, Role, oci};

/// Hands over a manifest as the host does, pushed without a tag to the repository `example`. Its
/// kind is `unknown`, its media type what it says itself, or the other one given. Whatever a test
/// wants otherwise it may change.
///
/// ```
/// use roadstead_plugin_sdk::{Manifest, testing};
/// let bytes = br#"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:
/// 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
/// let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
/// let handed = testing::handed(&bytes, Some("application/vnd.oci.image.manifest.v1+json"));
/// let pushed = Manifest { kind: "image".to_owned(), ..handed };
/// assert_eq!(pushed.artifact_type.as_deref(), Some("a/b"));
/// assert_eq!(pushed.descriptors[0].size, 2);
/// ```
///
/// # Panics
/// Where the host would take the bytes for no manifest.
pub fn handed(bytes: &[u8], media_type: Option<&str>) -> Manifest {
    let parsed = oci::Manifest::parse(bytes, media_type).expect("the host takes it");
    of_parsed(&parsed, bytes)
}

/// A descriptor of which nothing is known but what each one says.
pub fn descriptor(role: Role, media_type: &str, digest: &str, size: u64) -> Descriptor {
    Descriptor {
        role,
        index: 0,
        media_type: media_type.to_owned(),
        digest: digest.to_owned(),
        size,
        artifact_type: None,
        annotations: Vec::new(),
        platform: None,
        urls: Vec::new(),
        data: None,
    }
}

/// The same as [`handed`], of what is parsed already.
pub(super) fn of_parsed(parsed: &oci::Manifest, bytes: &[u8]) -> Manifest {
    Manifest {
        digest: Digest::of(Algorithm::Sha256, bytes).to_string(),
        media_type: parsed.media_type.clone(),
        artifact_type: parsed.effective_artifact_type().map(ToOwned::to_owned),
        kind: "unknown".to_owned(),
        bytes: bytes.to_vec(),
        annotations: properties(&parsed.annotations),
        descriptors: parsed.descriptors().map(of_part).collect(),
        repository: "example".to_owned(),
        tags: Vec::new().into(),
        principal: None.into(),
        properties: Vec::new(),
    }
}

/// One of a manifest's descriptors, with its place.
pub(super) fn of_part((role, index, part): (oci::Role, usize, &oci::Descriptor)) -> Descriptor {
    let role = match role {
        oci::Role::Config => Role::Config,
        oci::Role::Layer => Role::Layer,
        oci::Role::Manifest => Role::Manifest,
        oci::Role::Subject => Role::Subject,
    };
    Descriptor {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        artifact_type: part.artifact_type.clone(),
        annotations: properties(&part.annotations),
        platform: part.platform.as_deref().map(platform),
        urls: part.urls.iter().map(ToOwned::to_owned).collect(),
        data: part.data.clone(),
        ..descriptor(role, &part.media_type, part.digest.as_str(), part.size)
    }
}

fn platform(platform: &oci::Platform) -> Platform {
    let oci::Platform { os, architecture, variant, os_version, os_features } = platform.clone();
    let os_features = os_features.iter().map(ToOwned::to_owned).collect();
    Platform { os, architecture, variant, os_version, os_features }
}

fn properties(annotations: &oci::Annotations) -> Vec<Property> {
    let property =
        |(key, value): (&str, &str)| Property { key: key.to_owned(), value: value.to_owned() };
    annotations.iter().map(property).collect()
}
