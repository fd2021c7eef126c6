//! What docker or podman would run is an image, whatever its types; what they would not is none.

use bytes::Bytes;
use serde_json::{Value, json};

use roadstead_oci::media_type::{DOCKER_MANIFEST, OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};

use super::policies::Policy;
use crate::{
    client::{Answer, Repository, descriptor, manifest, sha256},
    harness::Server,
};

const ROOTFS: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const IN_TOTO: &str = "application/vnd.in-toto+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const BUILDKIT: &str = "application/vnd.docker.attestation.manifest.v1+json";
const SOCI: &str = "application/vnd.amazon.soci.index.v2+json";
const STATEMENT: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1"}"#;
const IMAGE: &[u8] = br#"{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

/// An archive with a file, as a runtime unpacks it.
fn tar() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(5);
    header.set_cksum();
    builder.append_data(&mut header, "bin/sh", &b"shell"[..]).unwrap();
    builder.into_inner().unwrap()
}

async fn push(server: &Server, repository: &str, reference: Option<&str>, body: &Value) -> Answer {
    let repository = Repository::of(server, repository);
    for blob in [&b"{}"[..], STATEMENT, IMAGE, &tar()] {
        repository.push_blob(&Bytes::copy_from_slice(blob)).await.unwrap();
    }
    let text = body.to_string();
    let digest = sha256(text.as_bytes()).to_string();
    let of = body["mediaType"].as_str().unwrap_or(OCI_MANIFEST);
    repository.put(reference.unwrap_or(&digest), of, text.as_bytes()).await.unwrap()
}

/// Asserts what was told of a refusal, or that there was none.
fn came_to(what: &str, answer: &Answer, told: Option<&str>) {
    let said = String::from_utf8_lossy(&answer.body);
    match told {
        None => assert_eq!(answer.status, 201, "{what}: {said}"),
        Some(told) => {
            assert_eq!(answer.status, 403, "{what}");
            assert!(answer.errors()[0].contains(told), "{what}: {said}");
        }
    }
}

#[tokio::test]
async fn a_manifest_whose_layers_a_runtime_unpacks_is_an_image() {
    let file = Policy::new(
        "version: 1\nrules:\n  - { name: evidence, match: { repositories: [evidence] }, \
         acceptOnly: [attestation, sbom] }\n  - { name: any, match: { repositories: [any], kinds: \
         [image] }, acceptOnly: [wasm] }\n",
    );
    let server = file.serve();
    let tar = tar();
    let docker = |config: (&str, &[u8])| {
        let mut body = manifest(config, &[(ROOTFS, &tar)]);
        body["mediaType"] = json!(DOCKER_MANIFEST);
        body
    };
    for (what, body, told) in [
        ("cosign's", manifest((OCI_CONFIG, IMAGE), &[(ENVELOPE, STATEMENT)]), None),
        ("buildkit's", manifest((OCI_CONFIG, IMAGE), &[(IN_TOTO, STATEMENT)]), None),
        ("a bill", manifest((OCI_CONFIG, IMAGE), &[("text/spdx", b"{}")]), None),
        (
            "an image that says it is one",
            manifest((OCI_CONFIG, IMAGE), &[(IN_TOTO, &tar)]),
            Some("this is image and attestation"),
        ),
        (
            "an image as a bill",
            manifest((OCI_CONFIG, IMAGE), &[("text/spdx", &tar)]),
            Some("this is image and sbom"),
        ),
        ("an old one", docker(("text/html", IMAGE)), Some("this is image (text/html)")),
    ] {
        came_to(what, &push(&server, "evidence", Some("1"), &body).await, told);
    }
    let json_config = |config| manifest(("application/json", config), &[(ROOTFS, &tar)]);
    for (what, body, told) in [
        ("docker's octets", docker(("application/octet-stream", IMAGE)), Some("this is image")),
        ("docker's JSON", docker(("application/json", IMAGE)), Some("this is image")),
        ("docker's of no type", docker(("", IMAGE)), Some("this is image")),
        ("podman's of any type", docker(("a/b", b"{}")), Some("this is image")),
        ("OCI's, with JSON that lists layers", json_config(IMAGE), Some("this is image")),
        ("files with a config of their own", json_config(b"{}"), None),
        ("an attestation", manifest((OCI_CONFIG, IMAGE), &[(IN_TOTO, STATEMENT)]), None),
    ] {
        came_to(what, &push(&server, "any", Some("1"), &body).await, told);
    }
    server.is_sound();
}

#[tokio::test]
async fn an_index_s_helpers_belong_to_it_and_a_type_that_does_not_is_named() {
    let file = Policy::new(
        "version: 1\nrules:\n  - { name: images, match: { repositories: [app] }, acceptOnly: \
         [image, image-index] }\n  - { name: tagged, match: { repositories: [tagged], tags: \
         [\"*\"] }, acceptOnly: [image, image-index] }\n  - { name: evidence, match: { \
         repositories: [evidence] }, acceptOnly: [image, image-index, attestation, sbom] }\n",
    );
    let server = file.serve();
    let tar = tar();
    let image = manifest((OCI_CONFIG, IMAGE), &[(ROOTFS, &tar)]);
    let of = |own: &str, config: &str, layer: &str| {
        let mut body = manifest((config, b"{}"), &[(layer, STATEMENT)]);
        body["artifactType"] = json!(own);
        body
    };
    let provenance = of(BUILDKIT, OCI_EMPTY, IN_TOTO);
    let soci = of(SOCI, SOCI, "application/octet-stream");
    let plain = manifest((OCI_CONFIG, IMAGE), &[(IN_TOTO, STATEMENT)]);
    let foreign = of("application/vnd.example", OCI_EMPTY, IN_TOTO);
    let children = [&image, &provenance, &soci, &plain];
    let children = children.map(|child| descriptor(OCI_MANIFEST, child.to_string().as_bytes()));
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
    for repository in ["app", "tagged"] {
        for child in [&image, &provenance, &soci, &plain] {
            push(&server, repository, None, child).await.is(201);
        }
        push(&server, repository, Some("v1"), &index).await.is(201);
    }
    let told = Some("accepts only image, image-index; this is attestation");
    came_to("by a tag", &push(&server, "app", Some("v2"), &provenance).await, told);
    came_to("another's", &push(&server, "app", None, &foreign).await, told);
    let sbom = "application/vnd.dev.cosign.artifact.sbom.v1+json";
    let sbom = manifest((sbom, b"{}"), &[("application/vnd.cyclonedx+json", STATEMENT)]);
    for (what, body, told) in [
        ("buildkit's", &provenance, None),
        ("cosign's", &sbom, None),
        (
            "what claims to be another thing",
            &foreign,
            Some(
                "this is attestation, but the type \"application/vnd.example\" does not belong \
                 in attestation",
            ),
        ),
    ] {
        came_to(what, &push(&server, "evidence", Some("1"), body).await, told);
    }
    server.is_sound();
}
