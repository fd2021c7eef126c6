//! Media types: the names that matter.

/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Prefix of docker's schema 1, which nobody runs any more.
pub(crate) const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+";
/// An OCI image's configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// A docker image's configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// The empty descriptor, `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Layers that a registry need not hold.
const FOREIGN: [&str; 5] = [
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// Whether it is a foreign (non-distributable) layer's type.
pub(crate) fn is_foreign_layer(media_type: &str) -> bool {
    FOREIGN.contains(&essence(media_type))
}

/// What a foreign layer would be called if everybody could have it; any other type as it is.
pub fn distributable(media_type: &str) -> String {
    if !is_foreign_layer(media_type) {
        return media_type.to_owned();
    }
    essence(media_type).replace(".nondistributable.", ".").replace(".foreign.", ".")
}

/// Whether it is a manifest's type, of those that a registry takes.
pub fn is_manifest(media_type: &str) -> bool {
    [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].contains(&essence(media_type))
}

/// The type without its parameters, which a registry ignores (D-27).
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_no_part_of_a_type() {
        assert_eq!(essence("a/b; c=d"), "a/b");
        assert_eq!(essence("application/vnd.dev.sigstore.bundle+json;version=0.1").len(), 40);
        assert_eq!(essence("text"), "text");
        assert_eq!(essence(""), "");
    }
}
