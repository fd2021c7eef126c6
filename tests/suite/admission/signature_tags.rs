//! What lies under a tag that cosign reads as signatures or attestations, with
//! policies/signed.yaml: cosign goes by the tag and not by media types, so no other type is a way
//! round.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fs, path::PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};

use crate::{
    client::{Answer, Repository, sha256},
    harness::Server,
};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A server that wants the key of policies/release.pub.
fn server() -> Server {
    Server::start(&[("POLICY__PATH", root().join("policies/signed.yaml").to_str().unwrap())])
}

/// What cosign made, with what it is about.
struct Made {
    manifest: Value,
    blobs: Vec<Vec<u8>>,
    about: String,
}

impl Made {
    fn of(case: &str) -> Self {
        let folder = root().join("plugins/cosign/tests/real").join(case);
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let blobs: Vec<_> = files.map(|path| fs::read(path).unwrap()).collect();
        let manifest = fs::read(folder.join("manifest.json")).unwrap();
        let about = blobs.iter().find_map(|blob| about(blob)).unwrap();
        Self { manifest: serde_json::from_slice(&manifest).unwrap(), blobs, about }
    }

    fn tag(&self, suffix: &str) -> String {
        format!("sha256-{}.{suffix}", self.about)
    }

    /// Another type of each layer.
    fn typed(mut self, media_type: &str) -> Self {
        for layer in self.manifest["layers"].as_array_mut().unwrap() {
            layer["mediaType"] = media_type.into();
        }
        self
    }

    async fn push_blobs(&self, repository: &Repository) {
        for blob in self.blobs.iter().map(Vec::as_slice).chain([&b"{}"[..]]) {
            repository.push_blob(&Bytes::copy_from_slice(blob)).await.unwrap();
        }
    }

    async fn push(&self, repository: &Repository, reference: &str) -> Answer {
        self.push_blobs(repository).await;
        repository.put_manifest(reference, &self.manifest).await
    }
}

/// The digest, in hexadecimal digits, that a payload or an envelope is about.
fn about(blob: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(blob).ok()?;
    let payload = value["critical"]["image"]["docker-manifest-digest"].as_str();
    let of_payload = payload.and_then(|digest| digest.strip_prefix("sha256:"));
    let of_envelope = || {
        let payload = STANDARD.decode(value["payload"].as_str()?.as_bytes()).ok()?;
        let statement: Value = serde_json::from_slice(&payload).ok()?;
        statement["subject"][0]["digest"]["sha256"].as_str().map(ToOwned::to_owned)
    };
    of_payload.map(ToOwned::to_owned).or_else(of_envelope)
}

#[track_caller]
fn refused(answer: Answer, code: &str) {
    let errors = answer.is(403).errors();
    assert!(errors.iter().any(|error| error.contains(code)), "{code}: {errors:?}");
}

#[tokio::test]
async fn an_unknown_key_s_signature_is_refused_whatever_its_type() {
    let server = server();
    let repository = Repository::of(&server, "app");
    let (known, unknown) = ("sign-tag-p256", "sign-tag-rsa");
    for other in [
        "application/vnd.dev.cosign.simplesigning.v1+json",
        "Application/Vnd.Dev.Cosign.SimpleSigning.V1+JSON",
        "text/plain",
        "application/octet-stream",
    ] {
        let made = Made::of(unknown).typed(other);
        refused(made.push(&repository, &made.tag("sig")).await, "RSC060");
        repository.get(&format!("manifests/{}", made.tag("sig"))).await.is(404);
        refused(made.push(&repository, &format!("team-{}", made.tag("sig"))).await, "RSC060");
        let made = Made::of(known).typed(other);
        made.push(&repository, &made.tag("sig")).await.is(201);
    }
    // no client reads it there
    let elsewhere = Made::of(unknown).typed("text/plain");
    elsewhere.push(&repository, "latest").await.is(201);
    server.is_sound();
}

/// cosign takes the child of an index for what lies under the tag.
#[tokio::test]
async fn an_index_is_no_way_round() {
    let server = server();
    let repository = Repository::of(&server, "app");
    for case in ["sign-tag-rsa", "sign-tag-p256"] {
        let made = Made::of(case).typed("text/plain");
        let body = made.manifest.to_string();
        let child = sha256(body.as_bytes());
        made.push(&repository, child.as_str()).await.is(201);
        for platform in [Value::Null, json!({ "os": "linux", "architecture": "amd64" })] {
            let mut entry =
                json!({ "mediaType": OCI_MANIFEST, "digest": child, "size": body.len() });
            if !platform.is_null() {
                entry["platform"] = platform;
            }
            let index = json!({
                "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry],
            });
            refused(repository.put_manifest(&made.tag("sig"), &index).await, "RSC001");
            let nested = sha256(index.to_string().as_bytes());
            repository.put_manifest(nested.as_str(), &index).await.is(201);
            let outer = json!({
                "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{
                    "mediaType": OCI_INDEX, "digest": nested, "size": index.to_string().len(),
                }],
            });
            refused(repository.put_manifest(&made.tag("sig"), &outer).await, "RSC001");
        }
    }
    server.is_sound();
}

#[tokio::test]
async fn nothing_else_takes_the_place_of_signatures() {
    let server = server();
    let repository = Repository::of(&server, "app");
    let made = Made::of("sign-tag-p256");
    made.push(&repository, &made.tag("sig")).await.is(201);
    let image = (OCI_CONFIG, &b"{}"[..]);
    let layers = [("application/vnd.oci.image.layer.v1.tar", &b"layer"[..])];
    for suffix in ["sig", "att"] {
        refused(repository.push(&made.tag(suffix), image, &layers).await, "RSC005");
    }
    let file = (OCI_EMPTY, &b"{}"[..]);
    let layers = [("text/plain", &b"hello"[..])];
    refused(repository.push(&made.tag("sig"), file, &layers).await, "RSC005");
    repository.push("latest", image, &layers).await.is(201);
    let stored = repository.get(&format!("manifests/{}", made.tag("sig"))).await.is(200);
    assert_eq!(stored.json(), made.manifest, "the signature is what it was");
    server.is_sound();
}

#[tokio::test]
async fn attestations_are_judged_under_their_tag() {
    let server = server();
    let repository = Repository::of(&server, "app");
    for media_type in ["application/vnd.dsse.envelope.v1+json", "text/plain"] {
        let made = Made::of("attest-tag").typed(media_type);
        made.push(&repository, &made.tag("att")).await.is(201);
        refused(made.push(&repository, &made.tag("sig")).await, "RSC060");
        // by the key of another, as far as anybody can tell
        let mut changed = Made::of("attest-tag").typed(media_type);
        let envelope = changed.blobs.iter_mut().find(|blob| about(blob).is_some()).unwrap();
        let mut value: Value = serde_json::from_slice(envelope).unwrap();
        let other = Made::of("sign-tag-p256").manifest["layers"][0]["annotations"]
            ["dev.cosignproject.cosign/signature"]
            .clone();
        value["signatures"][0]["sig"] = other;
        *envelope = value.to_string().into_bytes();
        changed.manifest["layers"][0]["digest"] = json!(sha256(envelope));
        changed.manifest["layers"][0]["size"] = envelope.len().into();
        refused(changed.push(&repository, &changed.tag("att")).await, "RSC060");
    }
    server.is_sound();
}

/// With the policy that is built in: cosign passes these over, and verifies the image.
#[tokio::test]
async fn the_signature_of_a_file_may_be_attached() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "app");
    let image = repository.push("v1", (OCI_EMPTY, b"{}"), &[("text/plain", b"hello")]).await;
    let subject = image.is(201);
    let body = repository.get("manifests/v1").await.is(200).body;
    let subject = json!({
        "mediaType": OCI_MANIFEST, "size": body.len(),
        "digest": subject.header("docker-content-digest"),
    });
    let signed = json!({
        "mediaType": BUNDLE,
        "verificationMaterial": { "publicKey": { "hint": "release" } },
        "messageSignature": {
            "messageDigest": {
                "algorithm": "SHA2_256", "digest": STANDARD.encode([7; 32]),
            },
            "signature": STANDARD.encode([7; 64]),
        },
    });
    let signed = signed.to_string().into_bytes();
    let push = async |layers: &[(&str, &[u8])], has_subject: bool| {
        for (_, bytes) in layers {
            repository.push_blob(&Bytes::copy_from_slice(bytes)).await.unwrap();
        }
        let mut manifest = crate::client::manifest((OCI_EMPTY, b"{}"), layers);
        manifest["artifactType"] = BUNDLE.into();
        if has_subject {
            manifest["subject"] = subject.clone();
        }
        let digest = sha256(manifest.to_string().as_bytes());
        repository.put_manifest(digest.as_str(), &manifest).await.is(201)
    };
    let bundle = (BUNDLE, &signed[..]);
    for (layers, has_subject, code) in [
        (&[bundle][..], true, "RSC055"),
        (&[bundle], false, "RSC041"),
        (&[bundle, ("text/plain", b"hello")], true, "RSC040"),
    ] {
        let answer = push(layers, has_subject).await;
        let warnings = answer.headers.get_all("warning").iter();
        let told = warnings.map(|text| text.to_str().unwrap()).collect::<String>();
        assert!(told.contains(code), "{code}: {told}");
    }
    server.is_sound();
}
