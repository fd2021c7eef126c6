//! Kinds: one name for each known shape of artifact.
//!
//! Whoever pushes chooses every field, so none alone decides, and a manifest can be several things
//! at once: helm, for one, takes its parts by their media types wherever they stand, be it in what
//! a runtime would run, in an index, or as the subject. So a manifest is of every kind that any of
//! its types tells, and each client's rules apply to what that client would read.
//!
//! Some types tell nothing by themselves. Without a config of its own type helm installs nothing,
//! so that an artifact that carries a chart among other things is no chart. Of other manifests than
//! images' own a runtime may run what they hold ([`Runs`]), and that their content decides.
//!
//! Some clients look for a tag and not for types: cosign reads whatever lies under
//! `sha256-<hex>.sig` as signatures. That is of their kind by its tag.
//!
//! Whether a manifest is of a kind *and of nothing else* is another question, for rules that say
//! what may be stored at all: then every type has to fit.

use roadstead_oci::{Content, Manifest, Role, Tag, TagForm, media_type};
use serde::Serialize;

/// A known shape of artifact, or `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Kind(&'static str);

/// A kind with the media types behind it.
#[derive(Debug)]
pub struct Row {
    /// the kind
    pub kind: Kind,
    /// Media types of the artifact or of anything it names; one that ends in `*` is a prefix.
    pub media_types: &'static [&'static str],
    /// Media types that tell nothing, but stand beside those in an artifact of this kind.
    pub beside: &'static [&'static str],
    /// what it is, in a few words
    pub about: &'static str,
}

impl Kind {
    /// What a runtime would run.
    pub const IMAGE: Self = Self("image");
    /// A list of manifests.
    pub const IMAGE_INDEX: Self = Self("image-index");
    /// A Helm chart.
    pub const HELM_CHART: Self = Self("helm-chart");
    /// Signatures as cosign reads them under a tag.
    pub const COSIGN_SIGNATURE: Self = Self("cosign-signature");
    /// What sigstore writes of a signature or an attestation.
    pub const SIGSTORE_BUNDLE: Self = Self("sigstore-bundle");
    /// In-toto statements.
    pub const ATTESTATION: Self = Self("attestation");
    /// A bill of materials.
    pub const SBOM: Self = Self("sbom");
    /// None of the others.
    pub const UNKNOWN: Self = Self("unknown");

    /// Its name in policies and records.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// The kind of that name.
    pub fn of(name: &str) -> Option<Self> {
        Row::all().map(|row| row.kind).find(|kind| kind.name() == name)
    }
}

/// The kinds that media types tell; of several the first names the manifest.
pub const TABLE: [Row; 9] = [
    Row {
        kind: Kind::HELM_CHART,
        media_types: &["application/vnd.cncf.helm.config.v1+json"],
        beside: &[
            "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            "application/vnd.cncf.helm.chart.provenance.v1.prov",
            "application/tar+gzip",
        ],
        about: "a Helm chart, or an artifact from which helm would read a part of a chart",
    },
    Row {
        kind: Kind::COSIGN_SIGNATURE,
        media_types: &[
            "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.dev.cosign.artifact.sig.v1+json",
        ],
        beside: IMAGE_CONFIGS,
        about: "signatures under cosign's tags, also those of podman and skopeo",
    },
    Row {
        kind: Kind::SIGSTORE_BUNDLE,
        media_types: &["application/vnd.dev.sigstore.bundle*"],
        beside: &[],
        about: "a signature or an attestation that refers to what it signs",
    },
    Row {
        kind: Kind::ATTESTATION,
        media_types: &[
            "application/vnd.in-toto*",
            "application/vnd.dsse.envelope.v1+json",
            "application/vnd.docker.attestation.manifest.v1+json",
            "application/vnd.dev.cosign.artifact.att.v1+json",
        ],
        beside: FILES,
        about: "in-toto statements, under cosign's tags or from buildkit in an index",
    },
    Row {
        kind: Kind("notation-signature"),
        media_types: &["application/vnd.cncf.notary.signature"],
        beside: &["application/jose+json", "application/cose"],
        about: "a signature by notation",
    },
    Row {
        kind: Kind::SBOM,
        media_types: &[
            "application/spdx*",
            "text/spdx*",
            "application/vnd.cyclonedx*",
            "application/vnd.syft+json",
            "application/vnd.dev.cosign.artifact.sbom.v1+json",
        ],
        beside: FILES,
        about: "a bill of materials: SPDX, CycloneDX, Syft",
    },
    Row {
        kind: Kind("wasm"),
        media_types: &["application/vnd.wasm.config.v*", "application/wasm"],
        beside: &[
            "application/vnd.wasm.content.layer.v1+wasm",
            "application/vnd.module.wasm.content.layer.v1+wasm",
        ],
        about: "a WebAssembly module or component",
    },
    Row {
        kind: Kind("model"),
        media_types: &[
            "application/vnd.cncf.model.*",
            "application/vnd.docker.ai.*",
            "application/vnd.kitops.modelkit.*",
        ],
        beside: &[],
        about: "an AI model: ModelPack, Docker Model, KitOps",
    },
    Row {
        kind: Kind("flux"),
        media_types: &["application/vnd.cncf.flux.*"],
        beside: &[],
        about: "manifests for Flux",
    },
];

/// The kinds that the shape of a manifest tells, not its types alone.
pub const SHAPES: [Row; 3] = [
    Row {
        kind: Kind::IMAGE,
        media_types: IMAGE_CONFIGS,
        beside: IMAGE_LAYERS,
        about: "anything that a runtime would run, whatever else it carries",
    },
    Row {
        kind: Kind::IMAGE_INDEX,
        media_types: &[media_type::OCI_INDEX, media_type::DOCKER_LIST],
        beside: &[media_type::OCI_MANIFEST, media_type::DOCKER_MANIFEST],
        about: "a list of manifests, such as one for each platform",
    },
    Row { kind: Kind::UNKNOWN, media_types: &[], beside: &["*"], about: "none of the others" },
];

const IMAGE_CONFIGS: &[&str] = &[media_type::OCI_CONFIG, media_type::DOCKER_CONFIG];

/// What docker takes for an image's config as well, since old registries called it so.
const OLD_CONFIGS: &[&str] = &["application/octet-stream", "application/json", "text/html", ""];

/// What a runtime unpacks.
const IMAGE_LAYERS: &[&str] =
    &["application/vnd.oci.image.layer.*", "application/vnd.docker.image.rootfs.*"];

/// What helm unpacks, beside a config of its type.
const CHART_LAYERS: &[&str] =
    &["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

/// What belongs to an image index and is pushed before it by its digest: buildkit's attestations,
/// and the indexes by which SOCI loads layers lazily.
const HELPERS: [&[&str]; 2] = [
    &[
        "application/vnd.in-toto+json",
        "application/vnd.docker.attestation.manifest.v1+json",
        media_type::OCI_CONFIG,
    ],
    &["application/vnd.amazon.soci.index.v*", "application/octet-stream"],
];

/// Whether a container runtime would unpack and run a manifest.
///
/// podman asks for the type of an OCI manifest's config and of a docker manifest for nothing, and
/// unpacks layers of whatever type if it can; docker takes [`OLD_CONFIGS`] and whatever is called
/// docker's or OCI's. So the types of what cosign attaches, and of buildkit's attestations, do not
/// tell them from an image; that their layers are no archives does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// its types say so
    Yes,
    /// its types rule it out
    No,
    /// if each of its layers is an archive
    IfUnpacked,
    /// if besides its config lists layers, as an image's does
    IfListed,
}

/// What stands beside the type of a file that is attached to something: the configs that tools
/// write, and the types that they give a file without one; the second of these is oras's.
const FILES: &[&str] = &[
    media_type::OCI_CONFIG,
    media_type::DOCKER_CONFIG,
    "application/json",
    "application/vnd.oci.image.layer.v1.tar",
];

impl Row {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SHAPES.iter().chain(&TABLE)
    }

    /// Whether a media type may stand in an artifact of this kind.
    fn takes(&self, text: &str) -> bool {
        fits(self.media_types, text) || fits(self.beside, text)
    }
}

/// Everything that the manifest is under these tags, as far as types tell, at least one kind; the
/// first one names it.
pub fn classify(manifest: &Manifest, tags: &[Tag]) -> Vec<Kind> {
    let types: Vec<&str> = every_type(manifest).collect();
    let tells = |row: &Row| types.iter().any(|text| fits(row.media_types, text));
    let tagged: Vec<Kind> = tags.iter().filter_map(of_tag).collect();
    let told = TABLE.iter().filter(|row| tagged.contains(&row.kind) || tells(row));
    let told = told.map(|row| row.kind);
    match &manifest.content {
        Content::Index { .. } => std::iter::once(Kind::IMAGE_INDEX).chain(told).collect(),
        Content::Image { .. } if runs(manifest) == Runs::Yes => {
            std::iter::once(Kind::IMAGE).chain(told).collect()
        }
        Content::Image { config, .. } => {
            let mut kinds: Vec<_> = told.collect();
            if kinds.is_empty() {
                kinds.push(match fits(IMAGE_CONFIGS, &config.media_type) {
                    true => Kind::IMAGE,
                    false => Kind::UNKNOWN,
                });
            }
            kinds
        }
    }
}

/// What the manifest says it is, and the type of everything that it names.
fn every_type(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let own = manifest.artifact_type.iter().map(String::as_str);
    own.chain(manifest.descriptors().map(|(_, _, descriptor)| descriptor.media_type.as_str()))
}

/// What cosign takes everything under this tag for, whatever its types.
fn of_tag(tag: &Tag) -> Option<Kind> {
    let TagForm::Attachment { suffix, .. } = tag.form() else { return None };
    Some(match suffix {
        "sig" => Kind::COSIGN_SIGNATURE,
        "att" => Kind::ATTESTATION,
        _ => Kind::SBOM,
    })
}

/// Whether the manifest is of this kind and of no other, with all its types. The empty config says
/// nothing.
pub fn is_only(manifest: &Manifest, kinds: &[Kind], kind: Kind) -> bool {
    kinds == [kind] && stranger(manifest, kind).is_none()
}

/// The first type of the manifest that does not stand in an artifact of this kind.
pub fn stranger(manifest: &Manifest, kind: Kind) -> Option<&str> {
    let row = Row::all().find(|row| row.kind == kind)?;
    types(manifest).find(|text| !row.takes(text))
}

/// Whether the manifest is what an image index names beside images, and nothing else.
pub fn is_helper(manifest: &Manifest, kinds: &[Kind]) -> bool {
    let is_all = |helper: &&[&str]| {
        types(manifest).any(|text| matches(helper[0], text))
            && types(manifest).all(|text| fits(helper, text))
    };
    matches!(manifest.content, Content::Image { .. })
        && matches!(kinds, [Kind::ATTESTATION | Kind::UNKNOWN])
        && HELPERS.iter().any(is_all)
}

/// What the manifest says it is and what it holds; not what it refers to.
fn types(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let own = manifest.artifact_type.iter().map(String::as_str);
    let parts = manifest.descriptors().filter(|(role, _, _)| *role != Role::Subject);
    own.chain(parts.map(|(_, _, descriptor)| descriptor.media_type.as_str()))
        .filter(|text| *text != media_type::OCI_EMPTY)
}

/// Whether a container runtime would run it.
pub fn runs(manifest: &Manifest) -> Runs {
    let Content::Image { config, layers } = &manifest.content else { return Runs::No };
    let is_docker = manifest.media_type == media_type::DOCKER_MANIFEST;
    let is_image = fits(IMAGE_CONFIGS, &config.media_type);
    let is_old = fits(OLD_CONFIGS, &config.media_type);
    if layers.is_empty() {
        // they run it on what is mounted, and docker takes any config
        return if is_docker || is_image { Runs::Yes } else { Runs::No };
    }
    let has_rootfs = layers.iter().any(|layer| fits(IMAGE_LAYERS, &layer.media_type));
    let familiar = &["application/vnd.docker.*", "application/vnd.oci.image.*"];
    let is_model = matches("application/vnd.docker.ai.*", &config.media_type);
    match (is_docker, has_rootfs) {
        (true, true) => Runs::Yes,
        (false, true) if is_image => Runs::Yes,
        (true, false) => Runs::IfUnpacked,
        (false, false) if is_image => Runs::IfUnpacked,
        _ if is_old || fits(familiar, &config.media_type) && !is_model => Runs::IfListed,
        _ => Runs::No,
    }
}

/// Whether helm would install a chart out of this manifest, if it finds a config of its type in
/// another one that it comes by.
pub fn carries_chart(manifest: &Manifest) -> bool {
    every_type(manifest).any(|text| fits(CHART_LAYERS, text))
}

fn fits(patterns: &[&str], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

/// Without regard to case: docker looks at types so, and whoever does not reads less.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text
            .as_bytes()
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
        None => media_type::essence(text).eq_ignore_ascii_case(pattern),
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

    fn descriptor(media_type: &str) -> Value {
        let digest = format!("sha256:{}", "0".repeat(64));
        json!({ "mediaType": media_type, "digest": digest, "size": 0 })
    }

    fn kinds(manifest: Value, extra: Value) -> Vec<&'static str> {
        kinds_under(&[], manifest, extra)
    }

    fn kinds_under(tags: &[&str], mut manifest: Value, extra: Value) -> Vec<&'static str> {
        manifest.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let manifest = Manifest::parse(manifest.to_string().as_bytes(), None).unwrap();
        let tags: Vec<_> = tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect();
        classify(&manifest, &tags).into_iter().map(Kind::name).collect()
    }

    fn image(config: &str, layers: &[&str], extra: Value) -> Vec<&'static str> {
        kinds(manifest(config, layers), extra)
    }

    fn manifest(config: &str, layers: &[&str]) -> Value {
        let layers: Vec<_> = layers.iter().map(|layer| descriptor(layer)).collect();
        json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": descriptor(config), "layers": layers,
        })
    }

    fn index(children: &[&str], extra: Value) -> Vec<&'static str> {
        let children: Vec<_> = children.iter().map(|child| descriptor(child)).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": children,
        });
        kinds(manifest, extra)
    }

    #[test]
    fn each_client_s_artifacts_have_their_kind() {
        let oci = media_type::OCI_CONFIG;
        for (expected, config, layers) in [
            ("image", oci, &[ROOTFS][..]),
            ("image", oci, &[]),
            ("helm-chart", HELM, &[CHART]),
            ("cosign-signature", oci, &[SIGNING]),
            ("attestation", oci, &["application/vnd.in-toto+json"]),
            (
                "sigstore-bundle",
                media_type::OCI_EMPTY,
                &["application/vnd.dev.sigstore.bundle.v0.3+json"],
            ),
            ("wasm", "application/vnd.wasm.config.v0+json", &["application/wasm"]),
            ("unknown", media_type::OCI_EMPTY, &[ROOTFS]),
            ("unknown", "application/vnd.devcontainers", &["text/plain"]),
            // helm installs nothing without a config of its own
            ("unknown", "application/vnd.ocm.software.component.config.v1+json", &[CHART]),
            ("unknown", media_type::OCI_EMPTY, &[CHART]),
            ("sbom", "application/vnd.dev.cosign.artifact.sbom.v1+json", &["text/spdx+json"]),
        ] {
            assert_eq!(image(config, layers, json!({})), [expected], "{config} {layers:?}");
        }
        assert_eq!(index(&[media_type::OCI_MANIFEST], json!({})), ["image-index"]);
    }

    #[test]
    fn a_disguise_does_not_help() {
        let (oci, empty) = (media_type::OCI_CONFIG, media_type::OCI_EMPTY);
        let helm = json!({ "artifactType": HELM });
        assert_eq!(image(oci, &[ROOTFS], helm.clone()), ["image", "helm-chart"]);
        assert_eq!(image(oci, &[ROOTFS, HELM, CHART], json!({})), ["image", "helm-chart"]);
        assert_eq!(image(oci, &[SIGNING, ROOTFS], json!({})), ["image", "cosign-signature"]);
        let foreign = json!({ "artifactType": "application/vnd.example" });
        assert_eq!(image(HELM, &[CHART], foreign), ["helm-chart"]);
        assert_eq!(image(HELM, &[CHART, SIGNING], json!({})), ["helm-chart", "cosign-signature"]);
        assert_eq!(image(empty, &[HELM, CHART], json!({})), ["helm-chart"]);
        assert_eq!(image(&HELM.to_uppercase(), &[CHART], json!({})), ["helm-chart"]);
        assert_eq!(image(empty, &[], helm), ["helm-chart"]);
        assert_eq!(image(&format!("{HELM}; x=y"), &[CHART], json!({})), ["helm-chart"]);
    }

    #[test]
    fn what_cosign_reads_by_its_tag_is_of_that_kind_whatever_its_types() {
        let hex = "a".repeat(64);
        let (sig, att) = (format!("sha256-{hex}.sig"), format!("sha256-{hex}.att"));
        let (sbom, fallback) = (format!("mine-sha256-{hex}.sbom"), format!("sha256-{hex}"));
        let oci = media_type::OCI_CONFIG;
        let index = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [],
        });
        for (expected, tags, manifest) in [
            (&["cosign-signature"][..], &[&sig][..], manifest(oci, &["text/plain"])),
            (&["cosign-signature"], &[&sig], manifest(oci, &[SIGNING])),
            (&["image", "cosign-signature"], &[&sig], manifest(oci, &[ROOTFS])),
            (&["image-index", "cosign-signature"], &[&sig], index.clone()),
            (&["cosign-signature", "attestation"], &[&sig, &att], manifest(oci, &["a/b"])),
            (&["sbom"], &[&sbom], manifest("text/plain", &["application/json"])),
            (&["image-index"], &[&fallback], index),
            (&["unknown"], &[&format!("{sig}x")], manifest("text/plain", &["text/plain"])),
        ] {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str()).collect();
            assert_eq!(kinds_under(&tags, manifest.clone(), json!({})), expected, "{manifest}");
        }
    }

    fn read(manifest: &Value) -> Manifest {
        Manifest::parse(manifest.to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn what_docker_and_podman_run_is_an_image_whatever_its_types() {
        let (oci, in_toto) = (media_type::OCI_CONFIG, "application/vnd.in-toto+json");
        let docker = |config, layers: &[&str]| {
            let mut manifest = manifest(config, layers);
            manifest["mediaType"] = json!(media_type::DOCKER_MANIFEST);
            manifest
        };
        let chart = manifest(HELM, &[CHART]);
        for (expected, manifest) in [
            (Runs::Yes, manifest(oci, &[ROOTFS])),
            (Runs::Yes, manifest(oci, &["Application/VND.oci.image.layer.v1.tar"])),
            (Runs::Yes, docker("application/octet-stream", &[ROOTFS])),
            (Runs::Yes, docker("application/json", &[ROOTFS, in_toto])),
            (Runs::Yes, docker("text/html", &[])),
            (Runs::Yes, docker("application/vnd.example", &[])),
            (Runs::Yes, manifest(oci, &[])),
            (Runs::No, manifest(media_type::OCI_EMPTY, &[])),
            (Runs::No, manifest("application/vnd.example", &[])),
            (Runs::Yes, docker("", &[ROOTFS])),
            (Runs::Yes, docker("application/vnd.example", &[ROOTFS])),
            (Runs::IfUnpacked, docker("application/vnd.example", &["text/plain"])),
            (Runs::IfUnpacked, manifest(oci, &[in_toto])),
            (Runs::IfUnpacked, manifest(oci, &["text/spdx"])),
            (Runs::IfListed, manifest("application/json", &[ROOTFS])),
            (Runs::IfListed, manifest("application/vnd.docker.plugin.v1+json", &[ROOTFS])),
            (Runs::No, manifest("application/vnd.docker.ai.model.config.v0.1+json", &[ROOTFS])),
            (Runs::No, manifest(media_type::OCI_EMPTY, &[ROOTFS])),
            (Runs::No, chart),
        ] {
            assert_eq!(runs(&read(&manifest)), expected, "{manifest}");
        }
        assert_eq!(kinds(docker("text/html", &[ROOTFS]), json!({})), ["image"]);
        assert_eq!(kinds(docker("", &[in_toto, ROOTFS]), json!({})), ["image", "attestation"]);
    }

    #[test]
    fn a_kind_takes_the_types_that_tools_write_beside_it_and_names_another() {
        let attestation = |layers: &[&str], own: &str| {
            let mut manifest = manifest(media_type::OCI_EMPTY, layers);
            manifest["artifactType"] = json!(own);
            read(&manifest)
        };
        let buildkit = "application/vnd.docker.attestation.manifest.v1+json";
        let in_toto = "application/vnd.in-toto+json";
        let provenance = attestation(&[in_toto], buildkit);
        assert!(is_only(&provenance, &classify(&provenance, &[]), Kind::ATTESTATION));
        assert!(is_helper(&provenance, &classify(&provenance, &[])));
        let other = attestation(&[in_toto, "a/b"], buildkit);
        assert_eq!(stranger(&other, Kind::ATTESTATION), Some("a/b"));
        assert!(!is_helper(&other, &classify(&other, &[])));
        let soci = "application/vnd.amazon.soci.index.v2+json";
        let soci = attestation(&["application/octet-stream"], soci);
        assert!(is_helper(&soci, &classify(&soci, &[])));
        let plain = attestation(&["application/octet-stream"], "application/octet-stream");
        assert!(!is_helper(&plain, &classify(&plain, &[])));
        // as `oras attach` writes a file without a type
        let mut attached =
            manifest(media_type::OCI_EMPTY, &["application/vnd.oci.image.layer.v1.tar"]);
        attached["artifactType"] = json!("application/spdx+json");
        let attached = read(&attached);
        assert!(is_only(&attached, &classify(&attached, &[]), Kind::SBOM));
        let sbom = "application/vnd.dev.cosign.artifact.sbom.v1+json";
        let sbom = read(&manifest(sbom, &["application/vnd.cyclonedx+json"]));
        assert!(is_only(&sbom, &classify(&sbom, &[]), Kind::SBOM));
    }

    #[test]
    fn what_a_client_finds_outside_of_the_layers_counts_as_well() {
        let subject = json!({ "subject": descriptor(HELM) });
        assert_eq!(image("text/plain", &["a/b"], subject.clone()), ["helm-chart"]);
        assert_eq!(index(&[], subject), ["image-index", "helm-chart"]);
        assert_eq!(index(&[HELM], json!({})), ["image-index", "helm-chart"]);
    }
}
