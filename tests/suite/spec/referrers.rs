//! Referrers: filters and pages.

use reqwest::Method;
use serde_json::json;

use roadstead_oci::media_type;

use crate::{
    client::{Repository, manifest, sha256},
    harness::Server,
};

#[tokio::test]
async fn d43_filters_are_repeated_and_mean_any_of_them() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "filters");
    let subject = sha256(b"subject");
    repository.push("base", ("application/x", b"{}"), &[]).await.is(201);
    for kind in ["application/a+json", "application/b", "application/c"] {
        let mut body = manifest(("application/x", b"{}"), &[]);
        body["artifactType"] = json!(kind);
        body["subject"] =
            json!({ "mediaType": media_type::OCI_MANIFEST, "digest": subject, "size": 7 });
        let digest = sha256(body.to_string().as_bytes());
        let pushed = repository.put_manifest(digest.as_str(), &body).await.is(201);
        assert_eq!(pushed.header("oci-subject"), subject.as_str());
    }
    let count = async |query: &str, filtered: bool| {
        let answer = repository.get(&format!("referrers/{subject}{query}")).await.is(200);
        assert_eq!(answer.header("content-type"), media_type::OCI_INDEX);
        assert_eq!(
            answer.header("oci-filters-applied"),
            if filtered { "artifactType" } else { "" }
        );
        answer.json()["manifests"].as_array().unwrap().len()
    };
    assert_eq!(count("", false).await, 3);
    assert_eq!(count("?artifactType=application/a+json", true).await, 1);
    assert_eq!(count("?artifactType=application/a%2Bjson", true).await, 1);
    let two = "?artifactType=application/b&artifactType=application/c";
    assert_eq!(count(two, true).await, 2);
    assert_eq!(count("?artifactType=application/d", true).await, 0);
}

#[tokio::test]
async fn d42_what_does_not_fit_one_page_follows() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "pages");
    let subject = sha256(b"subject");
    repository.push("base", ("application/x", b"{}"), &[]).await.is(201);
    for number in 0..5 {
        let mut body = manifest(("application/x", b"{}"), &[]);
        body["annotations"] =
            json!({ "large": "x".repeat(1_200_000), "number": number.to_string() });
        body["subject"] =
            json!({ "mediaType": media_type::OCI_MANIFEST, "digest": subject, "size": 7 });
        repository.put_manifest(&format!("v{number}"), &body).await.is(201);
    }
    let (mut found, mut path) = (0, format!("referrers/{subject}"));
    let mut pages = 0;
    loop {
        let page = repository.get(&path).await.is(200);
        assert!(page.body.len() <= 4 << 20);
        found += page.json()["manifests"].as_array().unwrap().len();
        pages += 1;
        let link = page.header("link").to_owned();
        let Some((next, _)) = link.strip_prefix("</v2/pages/").and_then(|l| l.split_once('>'))
        else {
            break;
        };
        path = next.to_owned();
    }
    assert_eq!((found, pages), (5, 2));
    repository.send(Method::GET, "referrers/sha256:0").await.is(400);
}
