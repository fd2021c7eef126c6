//! A line a request, and no secret in it.

use roadstead_oci::media_type::OCI_CONFIG;
use serde_json::Value;

use crate::{
    admission::policies::Policy,
    client::{Answer, Repository},
    harness::Server,
};

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

/// The lines that were logged for the request of an answer, without the request's own.
async fn lines_of(server: &Server, answer: &Answer) -> Vec<Value> {
    let id = answer.header("x-request-id");
    server.has_logged(|line| line.contains(id) && line.contains("\"request\"")).await;
    let lines = server.logged().await;
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["span"]["id"] == id).collect()
}

/// What a plugin says and what it costs is told with the request's id, wherever the review ran.
#[tokio::test]
async fn what_happens_for_a_request_is_logged_with_its_id() {
    let policy = Policy::new(
        "version: 1
plugins:
  talker: { file: misbehave.wasm, settings: { mode: log }, limits: { time: 600s } }
  spinner:
    file: misbehave.wasm
    settings: { mode: spin-in-reviews }
    limits: { cpu: 100ms, time: 600s }
rules:
  - { name: talk, match: { repositories: [talks] }, check: [talker] }
  - { name: spin, match: { repositories: [spins] }, check: [spinner] }
",
    );
    let server = policy.serve();
    let push = async |name| {
        let repository = Repository::of(&server, name);
        repository.push("1", (OCI_CONFIG, b"{}"), &[]).await
    };
    let talked = push("talks").await.is(201);
    let lines = lines_of(&server, &talked).await;
    let said = lines.iter().filter(|line| line["plugin"] == "talker" && line["level"] == "INFO");
    assert!(said.count() > 1, "{lines:#?}");
    let review = lines.iter().find(|line| line["message"] == "review").expect("what it cost");
    let cost = |name: &str| review[name].as_u64().unwrap_or_else(|| panic!("{name}: {review}"));
    assert!(cost("duration_us") > 0 && cost("memory_bytes") > 1 << 16, "{review}");
    assert!(cost("host_calls") >= 1000, "{review}");
    assert!(cost("queue_us") < 600_000_000 && cost("read_bytes") == 0, "{review}");
    // the same stands with the manifest
    let shown = server.command(&["verdict", "show", "talks:1", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let judge = &shown["verdicts"][0]["judges"][0];
    for name in ["duration_us", "queue_us", "memory_bytes", "read_bytes", "host_calls"] {
        assert_eq!(judge[name], review[name], "{name}");
    }
    // one that computes for long runs in a thread of its own
    let spun = push("spins").await.is(403);
    let lines = lines_of(&server, &spun).await;
    let failed = lines.iter().find(|line| line["message"] == "a plugin could not judge");
    assert_eq!(failed.expect("why")["plugin"], "spinner");
    let review = lines.iter().find(|line| line["message"] == "review").expect("what it cost");
    assert!(review["duration_us"].as_u64().unwrap() > 90_000, "{review}");
}
