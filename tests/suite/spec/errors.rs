//! Errors: a legal code, a sentence that says what to do, and nothing lost.

use bytes::Bytes;
use reqwest::Method;

use roadstead_oci::media_type;

use crate::{
    client::{Repository, descriptor, manifest, sha256},
    harness::Server,
};

#[tokio::test]
async fn d48_every_refusal_has_a_code_and_says_what_to_do() {
    let server = Server::start(&[]);
    let upper = Repository::of(&server, "UP/per");
    assert!(upper.get("tags/list").await.is(400).errors()[0].starts_with("NAME_INVALID: "));
    let repository = Repository::of(&server, "errors");
    let unknown = repository.get("manifests/v1").await.is(404);
    assert_eq!(unknown.errors(), ["NAME_UNKNOWN: there is no repository errors"]);
    repository.push_blob(&Bytes::from_static(b"x")).await.unwrap();
    let unknown = repository.get("manifests/v1").await.is(404);
    assert_eq!(unknown.errors(), ["MANIFEST_UNKNOWN: repository errors has no manifest v1"]);
    let bad = repository.get("blobs/sha256:zz").await.is(400);
    assert!(bad.errors()[0].starts_with("DIGEST_INVALID: "), "{:?}", bad.errors());
    let method = repository.send(Method::PATCH, "tags/list").await.is(405);
    assert_eq!(method.header("allow"), "GET, HEAD");
    let token = repository.get("blobs/uploads/nonsense").await.is(404);
    assert!(token.errors()[0].starts_with("BLOB_UPLOAD_UNKNOWN: "));
    let head = repository.send(Method::HEAD, "manifests/v1").await.is(404);
    assert!(head.body.is_empty());
    let list = repository.get("tags/list?n=-1").await.is(400);
    assert!(list.errors()[0].contains("must be a number"), "{:?}", list.errors());
}

#[tokio::test]
async fn d29_a_missing_blob_is_named_and_a_wrong_size_refused() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "missing");
    let missing = manifest(("application/x", b"{}"), &[("application/y", b"layer")]);
    let refused = repository.put_manifest("v1", &missing).await.is(404);
    assert_eq!(refused.errors().len(), 2);
    let digest = sha256(b"{}");
    let says = format!("MANIFEST_BLOB_UNKNOWN: blob {digest} is not in repository missing");
    assert!(refused.errors()[0].starts_with(&says), "{:?}", refused.errors());
    repository.push("v2", ("application/x", b"{}"), &[("application/y", b"layer")]).await.is(201);
    let mut lying = missing;
    lying["layers"][0]["size"] = 4.into();
    let refused = repository.put_manifest("v1", &lying).await.is(400);
    assert!(refused.errors()[0].contains("has 5 bytes, but the descriptor says 4"));
    repository.get("manifests/v1").await.is(404);
}

#[tokio::test]
async fn d31_a_manifest_is_refused_exactly_when_it_is_too_long() {
    let server = Server::start(&[("MANIFESTS__BYTES_MAX", "2000")]);
    let repository = Repository::of(&server, "long");
    repository.push("small", ("application/x", b"{}"), &[]).await.is(201);
    let body = manifest(("application/x", b"{}"), &[]).to_string();
    let padded = |len: usize| format!("{body}{}", " ".repeat(len - body.len())).into_bytes();
    let kind = media_type::OCI_MANIFEST;
    repository.put("v1", kind, &padded(2000)).await.unwrap().is(201);
    let refused = repository.put("v1", kind, &padded(2001)).await.unwrap().is(413);
    assert!(refused.errors()[0].starts_with("SIZE_INVALID: "), "{:?}", refused.errors());
    let request = repository.request(Method::PUT, "manifests/v1").header("content-type", kind);
    let chunks =
        padded(2001).chunks(100).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    Repository::try_send(request.body(body)).await.unwrap().is(413);
}

#[tokio::test]
async fn a_named_blob_or_child_can_t_be_deleted() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "named");
    let pushed = repository.push("v1", ("application/x", b"{}"), &[]).await.is(201);
    let digest = pushed.header("docker-content-digest").to_owned();
    let blob = format!("blobs/{}", sha256(b"{}"));
    let refused = repository.send(Method::DELETE, &blob).await.is(405);
    assert!(refused.errors()[0].contains(&digest), "{:?}", refused.errors());
    let child = manifest(("application/x", b"{}"), &[]).to_string();
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
        "manifests": [descriptor(media_type::OCI_MANIFEST, child.as_bytes())] });
    let index = repository.put_manifest("index", &index).await.is(201);
    let path = format!("manifests/{digest}");
    repository.send(Method::DELETE, &path).await.is(405);
    let index = format!("manifests/{}", index.header("docker-content-digest"));
    repository.send(Method::DELETE, &index).await.is(202);
    repository.send(Method::DELETE, &path).await.is(202);
    repository.send(Method::DELETE, &blob).await.is(202);
    repository.get(&blob).await.is(404);
    server.is_sound();
}
