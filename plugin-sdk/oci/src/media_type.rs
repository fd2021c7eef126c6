//! Media types: the names that matter, and their grammar.

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

/// Whether the text is a media type: RFC 6838 names, perhaps with parameters.
pub(crate) fn is_valid(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let graphic = parameters.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let names: Vec<&str> = essence.split('/').collect();
    graphic && text.len() <= 300 && names.len() == 2 && names.iter().all(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    let mark = |byte: u8| b"!#$&^_.+-".contains(&byte);
    text.len() <= 127
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_field_are_valid() {
        for good in [
            OCI_EMPTY,
            "application/vnd.devcontainers",
            "application/vnd.dev.sigstore.bundle+json;version=0.1",
            "text/plain; charset=utf-8",
        ] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "application", "a/b/c", "/a", "a/", "a b/c", "a/b;\n", "-a/b", "a/bä"] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert_eq!(essence("a/b; c=d"), "a/b");
    }
}
