//! What is several things at once is judged as each of them.

use bytes::Bytes;
use serde_json::{Value, json};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};

use super::charts::{CHART, CONFIG, chart, config};
use crate::{
    client::{Repository, descriptor, manifest, sha256},
    harness::Server,
};

const ROOTFS: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A chart that helm must never get.
fn evil() -> Vec<u8> {
    chart(&[("web/values.yaml", "no Chart.yaml")])
}

async fn repository(server: &Server) -> Repository {
    let repository = Repository::of(server, "polyglot");
    for blob in [b"{}".to_vec(), config().to_string().into(), evil()] {
        repository.push_blob(&Bytes::from(blob)).await.unwrap();
    }
    repository
}

fn index(children: &[Value]) -> Value {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children })
}

#[tokio::test]
async fn a_chart_that_helm_would_find_is_judged_wherever_its_parts_stand() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let config = config().to_string();
    let (evil, helm) = (evil(), config.as_bytes());
    let image = manifest((OCI_CONFIG, b"{}"), &[(ROOTFS, &evil)]);
    let beside = manifest((OCI_CONFIG, b"{}"), &[(ROOTFS, &evil), (CONFIG, helm), (CHART, &evil)]);
    let mut about_config = manifest((OCI_EMPTY, b"{}"), &[(CHART, &evil)]);
    about_config["subject"] = descriptor(CONFIG, helm);
    let mut in_index = index(&[descriptor(CONFIG, helm)]);
    in_index["subject"] = descriptor(CHART, &evil);
    let mut claims = image.clone();
    claims["artifactType"] = json!(CONFIG);
    claims["subject"] = descriptor(OCI_MANIFEST, b"somewhere");
    for (name, polyglot) in [
        ("beside an image's layers", beside),
        ("with the config as subject", about_config),
        ("in an index", in_index),
        ("an image that says it is a chart", claims),
    ] {
        let signature = format!("sha256-{}.sig", sha256(b"x").hex());
        for tag in ["v1", signature.as_str()] {
            let refused = repository.put_manifest(tag, &polyglot).await;
            assert_eq!(refused.status, 403, "{name}: {}", String::from_utf8_lossy(&refused.body));
            repository.get(&format!("manifests/{tag}")).await.is(404);
        }
    }
    repository.put_manifest("v1", &image).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn an_index_names_what_was_let_in() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let image = manifest((OCI_CONFIG, b"{}"), &[]).to_string();
    let refused = manifest((CONFIG, b"{}"), &[(CHART, &evil())]).to_string();
    let digest = sha256(refused.as_bytes()).to_string();
    repository.put(&digest, OCI_MANIFEST, refused.as_bytes()).await.unwrap().is(403);
    let wrapped = index(&[descriptor(OCI_MANIFEST, refused.as_bytes())]);
    repository.put_manifest("refused", &wrapped).await.is(404);
    repository.put("image", OCI_MANIFEST, image.as_bytes()).await.unwrap().is(201);
    let wrapped = index(&[descriptor(OCI_MANIFEST, image.as_bytes())]);
    repository.put_manifest("image-index", &wrapped).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn a_build_cache_lists_blobs() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let cache = "application/vnd.buildkit.cacheconfig.v0";
    let listed = index(&[descriptor(ROOTFS, &evil()), descriptor(cache, b"{}")]);
    repository.put_manifest("cache", &listed).await.is(201);
    let absent = index(&[descriptor(ROOTFS, b"absent"), descriptor(cache, b"{}")]);
    let refused = repository.put_manifest("cache", &absent).await.is(404);
    assert!(refused.errors()[0].starts_with("MANIFEST_BLOB_UNKNOWN: blob "));
    repository.send(reqwest::Method::DELETE, &format!("blobs/{}", sha256(b"{}"))).await.is(405);
    server.is_sound();
}
