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
    assert_eq!(get["digest"], pushed.header("docker-content-digest"));
    assert!(get["duration_us"].as_u64().is_some_and(|duration| duration > 0));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_client_is_gone_has_its_line() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "gone");
    let url = repository.begin().await.unwrap();
    let path = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let mut stream = std::net::TcpStream::connect(server.addr()).unwrap();
    let head = format!("PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhello");
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    drop(stream);
    server.stop();
    let log = server.log();
    let lines: Vec<serde_json::Value> =
        log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cut = lines.iter().find(|line| line["method"] == "PATCH").expect("a line");
    assert_eq!((&cut["route"], &cut["bytes_in"]), (&"upload".into(), &5.into()));
    assert_eq!(cut["status"], 400);
}

#[tokio::test]
async fn a_pretty_log_is_for_people_and_colourless_without_a_terminal() {
    let mut server = Server::start(&[("LOG__FILTER", "info"), ("LOG__FORMAT", "pretty")]);
    reqwest::get(server.url("/v2/")).await.unwrap();
    server.stop();
    let log = server.log().join("\n");
    assert!(log.contains("request") && !log.contains("{\"") && !log.contains('\u{1b}'), "{log}");
    assert!(!log.contains("hyper") && !log.contains("wasmtime"), "{log}");
}
