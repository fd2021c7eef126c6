//! Manifests, and the tags that a push sets.

use reqwest::Method;
use roadstead_oci::{
    Algorithm, Digest,
    media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST},
};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Repository, descriptor, manifest, sha256},
    harness::Server,
};

#[tokio::test]
async fn d33_a_push_by_digest_sets_the_tags_that_it_names() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "tags");
    repository.push("seed", ("application/x", b"{}"), &[]).await.is(201);
    let body = manifest(("application/x", b"{}"), &[]).to_string() + " ";
    let digest = Digest::of(Algorithm::Sha512, body.as_bytes());
    let put = async |query: &str| {
        let reference = format!("{digest}{query}");
        repository.put(&reference, OCI_MANIFEST, body.as_bytes()).await.unwrap()
    };
    let stored = put("?tag=one&tag=2.0").await.is(201);
    assert_eq!(stored.header("oci-tag"), "one, 2.0");
    for tag in ["one", "2.0"] {
        let found = repository.get(&format!("manifests/{tag}")).await.is(200);
        assert_eq!(found.header("docker-content-digest"), digest.as_str());
    }
    let many = |count: usize| {
        let tags: Vec<_> = (0..count).map(|n| format!("tag=t{n}")).collect();
        format!("?{}", tags.join("&"))
    };
    put(&many(100)).await.is(201);
    put(&many(101)).await.is(414);
    put("?tag=-bad").await.is(400);
    assert_eq!(repository.get("manifests/t100").await.status, 404, "nothing of it was set");
}

/// A manifest that does not say its own type, as helm makes them.
async fn untyped(repository: &Repository, text: &str) -> Vec<u8> {
    repository.push("seed", ("application/x", b"{}"), &[]).await.is(201);
    let mut untyped = manifest(("application/x", b"{}"), &[]);
    untyped.as_object_mut().unwrap().remove("mediaType");
    untyped["annotations"] = json!({ "text": text });
    untyped.to_string().into_bytes()
}

#[tokio::test]
async fn a_digest_is_served_as_what_it_was_judged_as() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "typed");
    let bytes = untyped(&repository, "typed").await;
    let digest = sha256(&bytes);
    let put =
        async |reference: &str, kind: &str| repository.put(reference, kind, &bytes).await.unwrap();
    put(digest.as_str(), DOCKER_MANIFEST).await.is(201);
    for reference in ["v1", digest.as_str()] {
        let refused = put(reference, OCI_MANIFEST).await.is(400);
        let error = refused.errors().remove(0);
        assert!(error.starts_with("MANIFEST_INVALID: repository typed serves sha256:"), "{error}");
        assert!(error.contains(DOCKER_MANIFEST) && error.contains("delete"), "{error}");
        repository.get("manifests/v1").await.is(404);
    }
    put("v1", DOCKER_MANIFEST).await.is(201);
    put("v2", &format!("{DOCKER_MANIFEST}; charset=utf-8")).await.is(201);
    let kind = |answer: Answer| answer.header("content-type").to_owned();
    assert_eq!(kind(repository.get("manifests/v1").await.is(200)), DOCKER_MANIFEST);
    // another repository serves it as it was pushed there
    let other = Repository::of(&server, "other");
    untyped(&other, "other").await;
    other.put("v1", OCI_MANIFEST, &bytes).await.unwrap().is(201);
    assert_eq!(kind(other.get("manifests/v1").await.is(200)), OCI_MANIFEST);
    repository.send(Method::DELETE, &format!("manifests/{digest}")).await.is(202);
    put("v1", OCI_MANIFEST).await.is(201);
    assert_eq!(kind(repository.get("manifests/v1").await.is(200)), OCI_MANIFEST);
    server.is_sound();
}

#[tokio::test]
async fn of_pushes_at_once_as_several_types_one_wins() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "raced");
    for round in 0..10 {
        let bytes = untyped(&repository, &format!("round {round}")).await;
        let racers = (0..8).map(|nth| {
            let (repository, bytes) = (repository.clone(), bytes.clone());
            let kind = if nth % 2 == 0 { OCI_MANIFEST } else { DOCKER_MANIFEST };
            let tag = format!("r{round}-{nth}");
            tokio::spawn(async move {
                let answer = repository.put(&tag, kind, &bytes).await.unwrap();
                (kind, tag, answer.status.as_u16())
            })
        });
        let racers: Vec<_> = racers.collect();
        let served = async |reference: &str| {
            let served = repository.get(&format!("manifests/{reference}")).await;
            served.header("content-type").to_owned()
        };
        let mut kinds = Vec::new();
        for racer in racers {
            let (kind, tag, status) = racer.await.unwrap();
            kinds.push((kind, status));
            assert!([201, 400].contains(&status), "{status}");
            assert_eq!(served(&tag).await == kind, status == 201, "{tag} {kind}");
        }
        let winner = served(sha256(&bytes).as_str()).await;
        assert!(kinds.iter().all(|(kind, status)| (*kind == winner) == (*status == 201)));
    }
}

#[tokio::test]
async fn an_index_names_its_children_as_they_are_served() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "index");
    let bytes = untyped(&repository, "child").await;
    repository.put("child", OCI_MANIFEST, &bytes).await.unwrap().is(201);
    let index = |kind: &str, child: &str| -> Value {
        json!({ "schemaVersion": 2, "mediaType": kind, "manifests": [descriptor(child, &bytes)] })
    };
    for kind in [OCI_INDEX, DOCKER_LIST] {
        let refused = repository.put_manifest("v1", &index(kind, DOCKER_MANIFEST)).await.is(400);
        let error = refused.errors().remove(0);
        assert!(error.starts_with("MANIFEST_INVALID: manifest sha256:"), "{error}");
        assert!(error.contains(&format!("is stored as {OCI_MANIFEST}")), "{error}");
        repository.put_manifest("v1", &index(kind, OCI_MANIFEST)).await.is(201);
        let parameters = format!("{OCI_MANIFEST};a=b");
        repository.put_manifest("v1", &index(kind, &parameters)).await.is(201);
    }
}
