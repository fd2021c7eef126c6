//! Kinds: one name for each known shape of artifact.
//!
//! Whoever pushes chooses every field, so none alone decides: what a runtime would run is an
//! image, whatever else the manifest carries; after that the first row of which any descriptor
//! or type of the manifest has a media type. helm, for one, finds its config among the layers too.

use roadstead_oci::{Content, Manifest, Role, media_type};
use serde::Serialize;

/// A known shape of artifact, or `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Kind(&'static str);

/// A kind with the media types behind it.
#[derive(Debug)]
pub struct Row {
    /// the kind
    pub kind: Kind,
    /// Media types of the artifact, the config or a layer; one that ends in `*` is a prefix.
    pub media_types: &'static [&'static str],
}

impl Kind {
    /// What a runtime would run.
    pub const IMAGE: Self = Self("image");
    /// A list of manifests.
    pub const IMAGE_INDEX: Self = Self("image-index");
    /// A Helm chart.
    pub const HELM_CHART: Self = Self("helm-chart");
    /// None of the others.
    pub const UNKNOWN: Self = Self("unknown");

    /// Its name in policies and records.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// The kinds that media types tell, the first match wins.
pub const TABLE: [Row; 9] = [
    Row { kind: Kind::HELM_CHART, media_types: &["application/vnd.cncf.helm.config.v1+json"] },
    Row {
        kind: Kind("cosign-signature"),
        media_types: &[
            "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.dev.cosign.artifact.sig.v1+json",
        ],
    },
    Row { kind: Kind("sigstore-bundle"), media_types: &["application/vnd.dev.sigstore.bundle*"] },
    Row {
        kind: Kind("attestation"),
        media_types: &["application/vnd.in-toto*", "application/vnd.dsse.envelope.v1+json"],
    },
    Row {
        kind: Kind("notation-signature"),
        media_types: &["application/vnd.cncf.notary.signature"],
    },
    Row {
        kind: Kind("sbom"),
        media_types: &[
            "application/spdx+json",
            "text/spdx*",
            "application/vnd.cyclonedx*",
            "application/vnd.syft+json",
        ],
    },
    Row {
        kind: Kind("wasm"),
        media_types: &["application/vnd.wasm.config.v*", "application/wasm"],
    },
    Row {
        kind: Kind("model"),
        media_types: &[
            "application/vnd.cncf.model.*",
            "application/vnd.docker.ai.*",
            "application/vnd.kitops.modelkit.*",
        ],
    },
    Row { kind: Kind("flux"), media_types: &["application/vnd.cncf.flux.*"] },
];

/// What the manifest is.
pub fn classify(manifest: &Manifest) -> Kind {
    let Content::Image { config, .. } = &manifest.content else { return Kind::IMAGE_INDEX };
    if is_runnable(manifest) {
        return Kind::IMAGE;
    }
    let own = manifest.artifact_type.iter().map(String::as_str);
    let named = manifest.descriptors().filter(|(role, ..)| *role != Role::Subject);
    let types: Vec<&str> =
        own.chain(named.map(|(_, _, descriptor)| descriptor.media_type.as_str())).collect();
    let row = TABLE.iter().find(|row| {
        row.media_types.iter().any(|pattern| types.iter().any(|text| matches(pattern, text)))
    });
    match row {
        Some(row) => row.kind,
        None if is_image_config(&config.media_type) => Kind::IMAGE,
        None => Kind::UNKNOWN,
    }
}

/// Whether a container runtime would unpack and run it.
pub fn is_runnable(manifest: &Manifest) -> bool {
    let Content::Image { config, layers } = &manifest.content else { return false };
    is_image_config(&config.media_type)
        && layers.iter().any(|layer| {
            let media_type = media_type::essence(&layer.media_type);
            media_type.starts_with("application/vnd.oci.image.layer.")
                || media_type.starts_with("application/vnd.docker.image.rootfs.")
        })
}

fn is_image_config(text: &str) -> bool {
    matches!(media_type::essence(text), media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => media_type::essence(text) == pattern,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HELM: &str = "application/vnd.cncf.helm.config.v1+json";
    const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    const ROOTFS: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

    fn kind(config: &str, layers: &[&str], extra: Value) -> &'static str {
        let descriptor = |media_type: &str| {
            let digest = format!("sha256:{}", "0".repeat(64));
            json!({ "mediaType": media_type, "digest": digest, "size": 0 })
        };
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": descriptor(config),
            "layers": layers.iter().map(|layer| descriptor(layer)).collect::<Vec<_>>(),
        });
        manifest.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        classify(&Manifest::parse(manifest.to_string().as_bytes(), None).unwrap()).name()
    }

    #[test]
    fn each_client_s_artifacts_have_their_kind() {
        let image = media_type::OCI_CONFIG;
        for (expected, config, layers) in [
            ("image", image, &[ROOTFS][..]),
            ("image", image, &[]),
            ("helm-chart", HELM, &[CHART]),
            ("cosign-signature", image, &[SIGNING]),
            ("attestation", image, &["application/vnd.in-toto+json"]),
            (
                "sigstore-bundle",
                media_type::OCI_EMPTY,
                &["application/vnd.dev.sigstore.bundle.v0.3+json"],
            ),
            ("wasm", "application/vnd.wasm.config.v0+json", &["application/wasm"]),
            ("unknown", media_type::OCI_EMPTY, &[ROOTFS]),
            ("unknown", "application/vnd.devcontainers", &["text/plain"]),
        ] {
            assert_eq!(kind(config, layers, json!({})), expected, "{config} {layers:?}");
        }
    }

    #[test]
    fn a_disguise_does_not_help() {
        let image = media_type::OCI_CONFIG;
        let helm = json!({ "artifactType": HELM });
        assert_eq!(kind(image, &[ROOTFS], helm), "image");
        assert_eq!(kind(image, &[SIGNING, ROOTFS], json!({})), "image");
        let foreign = json!({ "artifactType": "application/vnd.example" });
        assert_eq!(kind(HELM, &[CHART], foreign), "helm-chart");
        assert_eq!(kind(media_type::OCI_EMPTY, &[HELM, CHART], json!({})), "helm-chart");
        assert_eq!(kind(media_type::OCI_EMPTY, &[], json!({ "artifactType": HELM })), "helm-chart");
        assert_eq!(kind(&format!("{HELM}; x=y"), &[CHART], json!({})), "helm-chart");
    }
}
