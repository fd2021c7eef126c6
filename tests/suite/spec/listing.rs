//! Tags and the catalog: order and pages.

use bytes::Bytes;
use roadstead_oci::media_type::OCI_MANIFEST;
use serde_json::Value;

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
    assert_eq!(repository.get("tags/list").await.is(200).json()["tags"], serde_json::json!([]));
    for tag in ["10", "1", "1-a", "1.0"] {
        repository.push(tag, ("application/x", b"{}"), &[]).await.is(201);
    }
    let all = repository.get("tags/list").await.is(200);
    assert_eq!(all.json()["tags"], serde_json::json!(["1", "1-a", "1.0", "10"]));
    assert_eq!(all.header("link"), "");
    let page = repository.get("tags/list?n=3").await.is(200);
    assert_eq!(page.header("link"), "</v2/a/tags/list?n=3&last=1.0>; rel=\"next\"");
    let last = repository.get("tags/list?n=3&last=1.0").await.is(200);
    assert_eq!((last.json()["tags"].clone(), last.header("link")), (serde_json::json!(["10"]), ""));
    let none = repository.get("tags/list?n=0").await.is(200);
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (serde_json::json!([]), ""));
}

#[tokio::test]
async fn all_tags_are_on_one_page_where_it_fits_four_mebibytes() {
    // a name of 128 bytes takes 131 as JSON, with its quotes and a comma
    const FIT: usize = (4 << 20) / 131;
    const TAGS_AT_ONCE: usize = 100;
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "many");
    let config = ("application/x", &b"{}"[..]);
    let all: Vec<_> = (0..FIT + 100).map(|number| format!("{number:0>128}")).collect();
    repository.push(&all[0], config, &[]).await.is(201);
    let body = manifest(config, &[]).to_string();
    let digest = sha256(body.as_bytes());
    for names in all.chunks(TAGS_AT_ONCE) {
        let query: Vec<_> = names.iter().map(|name| format!("tag={name}")).collect();
        let reference = format!("{digest}?{}", query.join("&"));
        repository.put(&reference, OCI_MANIFEST, body.as_bytes()).await.unwrap().is(201);
    }
    let (fitting, further) = all.split_at(FIT - 10);
    let page = repository.get(&format!("tags/list?last={}", further[0])).await.is(200);
    assert_eq!((page.json()["tags"].as_array().unwrap().len(), page.header("link")), (109, ""));
    let page = repository.get("tags/list").await.is(200);
    assert!(page.body.len() <= 4 << 20, "{} bytes", page.body.len());
    let json = page.json();
    let tags: Vec<_> = json["tags"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    assert!(tags.starts_with(fitting), "{} tags", tags.len());
    let last = tags.last().unwrap();
    assert_eq!(page.header("link"), format!("</v2/many/tags/list?last={last}>; rel=\"next\""));
    // whoever asks for more than fits gets what fits
    let same = repository.get("tags/list?n=1000000").await.is(200);
    assert_eq!(same.json(), json);
}
