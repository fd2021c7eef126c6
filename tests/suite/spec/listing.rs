//! Tags and the catalog: order and pages.

use bytes::Bytes;

use crate::{client::Repository, harness::Server};

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
