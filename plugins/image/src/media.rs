//! Media types of images and of what borrows an image's config.

use roadstead_plugin_sdk::{Descriptor, Manifest, oci::media_type};

/// Who defined a media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Oci,
    Docker,
}

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Tar,
    Gzip,
    Zstd,
    /// by ocicrypt: nobody sees what it is without a key
    Encrypted,
}

impl Packing {
    /// As it reads on after "its media type says".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar, uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Encrypted => "encrypted",
        }
    }
}

/// What a layer's media type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerType {
    pub(crate) family: Family,
    pub(crate) packing: Packing,
    /// a registry may do without it
    pub(crate) is_foreign: bool,
}

const OCI_LAYER: &str = "application/vnd.oci.image.layer.";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.";

/// Types, and prefixes of them, of what is no image although cosign, buildkit and others store it
/// beside a config of an image's type.
const COMPANIONS: [&str; 7] = [
    "application/vnd.in-toto",
    "application/vnd.dsse.envelope.",
    "application/vnd.dev.cosign.",
    "application/vnd.dev.sigstore.",
    "application/vnd.cyclonedx",
    "application/vnd.syft+",
    "text/spdx",
];

/// Types that say nothing, which docker and podman take for an image's config in a manifest of
/// docker's own form: old registries gave them to it.
const VAGUE_CONFIGS: [&str; 3] = ["application/octet-stream", "application/json", "text/html"];

/// Whether runtimes take the manifest's config for an image's.
pub(crate) fn has_config(manifest: &Manifest) -> bool {
    let is_vague = |part: &Descriptor| {
        media_type::essence(&manifest.media_type) == media_type::DOCKER_MANIFEST
            && VAGUE_CONFIGS.contains(&part.media_type_essence().as_str())
    };
    manifest.config().is_some_and(|part| config_family(part).is_some() || is_vague(part))
}

/// Who defined the type of an image's config; none: it is none.
pub(crate) fn config_family(part: &Descriptor) -> Option<Family> {
    match part.media_type_essence().as_str() {
        media_type::OCI_CONFIG => Some(Family::Oci),
        media_type::DOCKER_CONFIG => Some(Family::Docker),
        _ => None,
    }
}

/// Who defined the type of a layer that runtimes unpack into a root file system; none: it is
/// something else.
pub(crate) fn layer_family(layer: &Descriptor) -> Option<Family> {
    let essence = layer.media_type_essence();
    if essence.starts_with(OCI_LAYER) {
        return Some(Family::Oci);
    }
    essence.starts_with(DOCKER_LAYER).then_some(Family::Docker)
}

/// Who defined the type of a manifest.
pub(crate) fn manifest_family(text: &str) -> Option<Family> {
    match media_type::essence(text) {
        media_type::OCI_MANIFEST | media_type::OCI_INDEX => Some(Family::Oci),
        media_type::DOCKER_MANIFEST | media_type::DOCKER_LIST => Some(Family::Docker),
        _ => None,
    }
}

/// Whether the layer is a signature, an attestation or a bill of materials by its type.
pub(crate) fn is_companion(layer: &Descriptor) -> bool {
    let essence = layer.media_type_essence();
    essence == "application/spdx+json"
        || COMPANIONS.iter().any(|prefix| essence.starts_with(prefix))
}

/// Reads a layer's media type; none: it is no type that runtimes know.
pub(crate) fn layer_type(layer: &Descriptor) -> Option<LayerType> {
    let essence = layer.media_type_essence();
    let (family, rest, foreign, tar) = match essence.strip_prefix(OCI_LAYER) {
        Some(rest) => (Family::Oci, rest, "nondistributable.", "v1.tar"),
        None => (Family::Docker, essence.strip_prefix(DOCKER_LAYER)?, "foreign.", "diff.tar"),
    };
    let (rest, is_foreign) = match rest.strip_prefix(foreign) {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let packed = rest.strip_prefix(tar)?;
    let (packed, is_encrypted) = match packed.strip_suffix("+encrypted") {
        Some(packed) => (packed, true),
        None => (packed, false),
    };
    let mark = if tar == "v1.tar" { '+' } else { '.' };
    let packing = match packed.strip_prefix(mark) {
        None if packed.is_empty() => Packing::Tar,
        Some("gzip") => Packing::Gzip,
        Some("zstd") => Packing::Zstd,
        _ => return None,
    };
    let packing = if is_encrypted { Packing::Encrypted } else { packing };
    Some(LayerType { family, packing, is_foreign })
}

#[cfg(test)]
mod tests {
    use roadstead_plugin_sdk::{Role, testing};

    use super::*;

    fn read(media_type: &str) -> Option<(Packing, bool)> {
        let layer = testing::descriptor(Role::Layer, media_type, "", 0);
        layer_type(&layer).map(|found| (found.packing, found.is_foreign))
    }

    #[test]
    fn layers_of_both_families_are_known() {
        let oci = |rest: &str| read(&format!("application/vnd.oci.image.layer.{rest}"));
        let docker = |rest: &str| read(&format!("application/vnd.docker.image.rootfs.{rest}"));
        assert_eq!(oci("v1.tar"), Some((Packing::Tar, false)));
        assert_eq!(oci("v1.tar+gzip"), Some((Packing::Gzip, false)));
        assert_eq!(oci("v1.tar+zstd; a=b"), Some((Packing::Zstd, false)));
        assert_eq!(oci("nondistributable.v1.tar+zstd"), Some((Packing::Zstd, true)));
        assert_eq!(oci("v1.tar+gzip+encrypted"), Some((Packing::Encrypted, false)));
        assert_eq!(docker("diff.tar"), Some((Packing::Tar, false)));
        assert_eq!(docker("diff.tar.gzip"), Some((Packing::Gzip, false)));
        assert_eq!(docker("diff.tar.zstd"), Some((Packing::Zstd, false)));
        assert_eq!(docker("foreign.diff.tar.gzip"), Some((Packing::Gzip, true)));
        for unknown in ["v1.tar.gzip", "v1.tar+xz", "v2.tar", "v1.targzip", "nydus.blob.v1", ""] {
            assert_eq!(oci(unknown), None, "{unknown}");
        }
        assert_eq!(docker("diff.tar+gzip"), None);
        assert_eq!(read("application/vnd.in-toto+json"), None);
    }
}
