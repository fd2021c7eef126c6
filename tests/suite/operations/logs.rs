//! A line a request, and no secret in it.

use crate::{client::Repository, harness::Server};

#[tokio::test]
async fn a_request_is_one_json_line_with_its_id() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "logs");
    let pushed = repository.push("v1", ("application/x", b"{}"), &[]).await.is(201);
    let verdict = pushed.header("roadstead-verdict").to_owned();
    let request = repository
        .request(reqwest::Method::GET, "manifests/v1")
        .header("x-request-id", "my-id.1")
        .header("authorization", "Basic c2VjcmV0");
    let answer = Repository::try_send(request).await.unwrap().is(200);
    assert_eq!(answer.header("x-request-id"), "my-id.1");
    let request = repository.request(reqwest::Method::GET, "tags/list");
    let request = request.header("x-request-id", "white space");
    let answer = Repository::try_send(request).await.unwrap().is(200);
    assert_eq!(answer.header("x-request-id").len(), 16);
    let url = repository.begin().await.unwrap();
    let token = url.rsplit('/').next().unwrap().to_owned();
    let halves = ["first", "later"].map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(halves));
    Repository::try_send(reqwest::Client::new().patch(url).body(body)).await.unwrap().is(202);
    server.stop();
    let log = server.log();
    let lines: Vec<serde_json::Value> =
        log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let get = lines.iter().find(|line| line["id"] == "my-id.1").unwrap();
    assert_eq!(get["message"], "request");
    assert_eq!(get["route"], "manifest");
    assert_eq!((&get["repository"], &get["reference"]), (&"logs".into(), &"v1".into()));
    assert_eq!((&get["status"], &get["bytes_out"]), (&200.into(), &pushed_size(&lines)));
    assert!(lines.iter().any(|line| line["verdict"] == verdict.as_str()));
    let chunked = lines.iter().find(|line| line["method"] == "PATCH").unwrap();
    assert_eq!(chunked["bytes_in"], 10, "counted, since no header tells");
    assert!(!log.iter().any(|line| line.contains("c2VjcmV0") || line.contains(&token)));
}

/// The manifest's length, as its PUT was logged.
fn pushed_size(lines: &[serde_json::Value]) -> serde_json::Value {
    let put = lines.iter().find(|line| line["method"] == "PUT" && line["route"] == "manifest");
    put.unwrap()["bytes_in"].clone()
}
