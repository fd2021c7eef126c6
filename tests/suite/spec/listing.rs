//! Tags and the catalog: order and pages.

use bytes::Bytes;
use roadstead_oci::media_type::OCI_MANIFEST;
use serde_json::json;

use crate::{
    client::{Repository, manifest, sha256},
    harness::Server,
};

#[tokio::test]
async fn d34_to_d37_pages_follow_each_other_in_byte_order() {
    let server = Server::start(&[]);
    let names = ["a", "a-b", "a/b"];
    for name in names {
        let repository = Repository::of(&server, name);
        repository.push_blob(&Bytes::from_static(b"x")).await.unwrap();
    }
    let catalog = reqwest::get(server.url("/v2/_catalog?n=2")).await.unwrap();
    let link = catalog.headers()["link"].to_str().unwrap().to_owned();
    assert_eq!(link, "</v2/_catalog?n=2&last=a-b>; rel=\"next\"");
    let text = catalog.text().await.unwrap();
    assert_eq!(text, r#"{"repositories":["a","a-b"]}"#);
    let repository = Repository::of(&server, "a");
    assert_eq!(repository.get("tags/list").await.is(200).json()["tags"], json!([]));
    for tag in ["10", "1", "1-a", "1.0"] {
        repository.push(tag, ("application/x", b"{}"), &[]).await.is(201);
    }
    let all = repository.get("tags/list").await.is(200);
    assert_eq!(all.json()["tags"], json!(["1", "1-a", "1.0", "10"]));
    assert_eq!(all.header("link"), "");
    let page = repository.get("tags/list?n=3").await.is(200);
    assert_eq!(page.header("link"), "</v2/a/tags/list?n=3&last=1.0>; rel=\"next\"");
    let last = repository.get("tags/list?n=3&last=1.0").await.is(200);
    assert_eq!((last.json()["tags"].clone(), last.header("link")), (json!(["10"]), ""));
    let none = repository.get("tags/list?n=0").await.is(200);
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (json!([]), ""));
}

#[tokio::test]
async fn thousands_of_tags_are_on_one_page() {
    const TAGS: usize = 10_500;
    const TAGS_AT_ONCE: usize = 100;
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "many");
    let config = ("application/x", &b"{}"[..]);
    let all: Vec<_> = (0..TAGS).map(|number| format!("v1.0.{number:05}")).collect();
    repository.push(&all[0], config, &[]).await.is(201);
    let body = manifest(config, &[]).to_string();
    let digest = sha256(body.as_bytes());
    for names in all.chunks(TAGS_AT_ONCE) {
        let query: Vec<_> = names.iter().map(|name| format!("tag={name}")).collect();
        let reference = format!("{digest}?{}", query.join("&"));
        repository.put(&reference, OCI_MANIFEST, body.as_bytes()).await.unwrap().is(201);
    }
    for query in ["", "?n=1000000", "?n=99999999999999999999999"] {
        let page = repository.get(&format!("tags/list{query}")).await.is(200);
        assert_eq!((page.json()["tags"].clone(), page.header("link")), (json!(all), ""), "{query}");
    }
    let page = repository.get("tags/list?n=10400").await.is(200);
    let last = "</v2/many/tags/list?n=10400&last=v1.0.10399>; rel=\"next\"";
    assert_eq!(page.header("link"), last);
}
