//! Manifests, and the tags that a push sets.

use roadstead_oci::{Algorithm, Digest, media_type::OCI_MANIFEST};

use crate::{
    client::{Repository, manifest},
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
