//! HTTP/1.1 as strict as two readers need it, byte by byte.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::{
    client::{Repository, sha256},
    harness::Server,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends these bytes and reads until the server closes. A request that leaves the connection open
/// ends it with `Connection: close`.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether a refusal says why, in the specification's words, and is the connection's last answer.
fn has_reason(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let lines = ["content-type: application/json", "connection: close", "date: "];
    lines.iter().all(|line| head.contains(&format!("\r\n{line}")))
        && body["errors"][0]["code"].is_string()
        && body["errors"][0]["message"].is_string()
}

#[track_caller]
fn answers(server: &Server, cases: &[(&str, &str)]) {
    for (request, status) in cases {
        let answer = exchange(server, request);
        // the version is the client's
        let told = answer.get("HTTP/1.x ".len()..).unwrap_or_default();
        assert!(told.starts_with(status), "{request:?}: {answer}");
        assert!(status.starts_with('2') || has_reason(&answer), "{request:?}: {answer}");
        let lines = ["HTTP/1.0 ", "HTTP/1.1 "].map(|line| answer.matches(line).count());
        assert_eq!(lines.iter().sum::<usize>(), 1, "{request:?}: {answer}");
    }
}

#[test]
fn there_is_one_valid_host() {
    let server = Server::start(&[]);
    answers(
        &server,
        &[
            ("GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"),
            ("GET /v2/ HTTP/1.1\r\nhOST: localhost:5000\r\nConnection: close\r\n\r\n", "200"),
            ("GET /v2/ HTTP/1.1\r\nHost: [::1]:5000\r\nConnection: close\r\n\r\n", "200"),
            ("GET /v2/ HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "200"),
            ("GET /v2/ HTTP/1.1\r\nHost:\t x:65535 \r\nConnection: close\r\n\r\n", "200"),
            ("GET http://x/v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"),
            // what health checks send
            ("GET /v2/ HTTP/1.0\r\n\r\n", "200"),
            ("GET /v2/ HTTP/1.1\r\n\r\n", "400"),
            ("GET http://x/v2/ HTTP/1.1\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x\r\nX: y\r\nhost: y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x, y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x,y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: user@x\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x/y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x:http\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x:65536\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: [::1]:99999\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: :80\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost: x y\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n", "400"),
            ("GET /v2/ HTTP/1.1\r\n Host: x\r\n\r\n", "400"),
            // the target's own host counts more than the header
            ("GET http://user@x/v2/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
            ("GET http://x:99999/v2/ HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        ],
    );
}

#[test]
fn a_body_ends_where_every_reader_says() {
    let server = Server::start(&[]);
    let post = |head: &str, body: &str| {
        format!("POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}")
    };
    let close = "Connection: close\r\n";
    let cases = [
        (post(&format!("{close}Content-Length: 0"), ""), "202"),
        (post(&format!("{close}Content-Length: 0\r\nContent-Length: 0"), ""), "202"),
        (post(&format!("{close}Transfer-Encoding: chunked"), "0\r\n\r\n"), "202"),
        (post(&format!("{close}Transfer-Encoding: Chunked"), "0\r\n\r\n"), "202"),
        (post(&format!("{close}Transfer-Encoding: , \t chunked "), "0\r\n\r\n"), "202"),
        // no body length that could be known
        (post("Transfer-Encoding:", ""), "400"),
        (post("Transfer-Encoding: ,", ""), "400"),
        (post("Transfer-Encoding : chunked", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), "400"),
        // what we can't undo
        (post("Transfer-Encoding: gzip", ""), "501"),
        (post("Transfer-Encoding: identity", ""), "501"),
        (post("Transfer-Encoding: xchunked", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: identity, chunked", "0\r\n\r\n"), "501"),
        (post("Transfer-Encoding: quux, chunked", "0\r\n\r\n"), "501"),
        // two ways to tell
        (post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), "400"),
        (post("Content-Length: 5\r\nTransfer-Encoding: gzip", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked\r\nX: y\r\ncontent-length: 0", "0\r\n\r\n"), "400"),
    ];
    let cases: Vec<_> = cases.iter().map(|(request, status)| (request.as_str(), *status)).collect();
    answers(&server, &cases);
}

#[test]
fn two_lengths_or_none_that_is_a_number_are_refused() {
    let server = Server::start(&[]);
    for lengths in [
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 0, 5",
        "Content-Length: +5",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length: ",
        "Content-Length: 99999999999999999999999",
    ] {
        let head = format!("POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n");
        let answer = exchange(&server, &head);
        assert!(answer.starts_with("HTTP/1.1 400 ") && has_reason(&answer), "{lengths}: {answer}");
    }
    let old = "POST /v2/x/blobs/uploads/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(exchange(&server, old).starts_with("HTTP/1.1 400 "));
}

#[test]
fn a_header_has_its_limits_and_says_so() {
    let server = Server::start(&[]);
    let close = "Connection: close\r\n\r\n";
    let lines = |count: usize| {
        format!("GET /v2/ HTTP/1.1\r\nHost: x\r\n{}{close}", "A: b\r\n".repeat(count - 2))
    };
    let target =
        |chars: usize| format!("GET /v2/?{} HTTP/1.1\r\nHost: x\r\n{close}", "a".repeat(chars - 5));
    let cases = [
        (lines(100), "200"),
        (lines(101), "431"),
        (target(65_534), "200"),
        (target(65_535), "414"),
        (format!("GET /v2/ HTTP/3.1\r\nHost: x\r\n{close}"), "400"),
        (format!("G(T /v2/ HTTP/1.1\r\nHost: x\r\n{close}"), "400"),
        (format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nnonsense\r\n{close}"), "400"),
    ];
    let cases: Vec<_> = cases.iter().map(|(request, status)| (request.as_str(), *status)).collect();
    answers(&server, &cases);
}

#[test]
fn what_can_not_be_read_after_a_request_is_answered_too() {
    let server = Server::start(&[]);
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut first = vec![0; 1000];
    let len = stream.read(&mut first).unwrap();
    assert!(first[..len].starts_with(b"HTTP/1.1 200 "));
    let next = "POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n";
    stream.write_all(next.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 501 ") && has_reason(&answer), "{answer}");
    assert!(answer.contains("the only supported transfer coding is chunked"), "{answer}");
}

#[test]
fn what_follows_a_request_with_two_lengths_is_no_request() {
    let server = Server::start(&[]);
    let smuggled = "GET /v2/_catalog HTTP/1.1\r\nHost: x\r\n\r\n";
    let request = format!(
        "POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    );
    // alone, and after another request on the same connection
    let first = "GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(exchange(&server, &request).matches("HTTP/1.1 ").count(), 1);
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    let mut answers = vec![0; 1000];
    let len = stream.read(&mut answers).unwrap();
    answers.truncate(len);
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_end(&mut answers).unwrap();
    let answers = String::from_utf8(answers).unwrap();
    let statuses = answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]);
    assert_eq!(statuses.collect::<Vec<_>>(), ["200", "400"], "{answers}");
}

#[test]
fn an_expectation_is_100_continue_or_refused() {
    let server = Server::start(&[]);
    let post = |head: &str| {
        format!(
            "POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n"
        )
    };
    let cases = [
        (post("Expect: 100-continue\r\nContent-Length: 0"), "202"),
        (post("Expect: 100-Continue"), "202"),
        (post("Expect: 200-ok"), "417"),
        (post("Expect: 100-continue, tea"), "417"),
        (post("Expect: 100-continue\r\nExpect: tea"), "417"),
    ];
    let cases: Vec<_> = cases.iter().map(|(request, status)| (request.as_str(), *status)).collect();
    answers(&server, &cases);
}

/// The body is never sent, so each of these waits for ever where the server asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_100_is_refused_by_the_header_alone() {
    let server = Server::start(&[("STORAGE__BLOB_BYTES_MAX", "1000")]);
    let url = Repository::of(&server, "polite").begin().await.unwrap();
    let upload = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let digest = sha256(b"");
    let guarded = Server::guarded(&[]);
    for (server, line, length, status) in [
        (&server, "PUT /v2/polite/manifests/1".to_owned(), 4_194_305, "413"),
        (&server, format!("PATCH {upload}"), 1001, "413"),
        (&server, format!("PUT {upload}?digest={digest}"), 1001, "413"),
        (&server, format!("POST /v2/polite/blobs/uploads/?digest={digest}"), 1001, "413"),
        (&server, format!("PUT {upload}?digest=nonsense"), 10, "400"),
        (&server, "PUT /v2/polite/blobs/uploads/none".to_owned(), 10, "400"),
        (&server, "PATCH /v2/polite/blobs/uploads/none".to_owned(), 10, "404"),
        (&server, "PUT /v2/nothing/here".to_owned(), 10, "404"),
        (&server, "PUT /v2/polite/manifests/1?tag=a:b".to_owned(), 10, "400"),
        (&server, format!("PUT /v2/polite/manifests/1?{}", "tag=a&".repeat(101)), 10, "414"),
        (&server, "PUT /v2/".to_owned(), 10, "405"),
        (&server, "PUT /v2/_catalog".to_owned(), 10, "405"),
        (&server, "PUT /v2/POLITE/manifests/1".to_owned(), 10, "400"),
        (&guarded, "PUT /v2/polite/manifests/1".to_owned(), 10, "401"),
    ] {
        let request = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        );
        answers(server, &[(&request, status)]);
    }
}

#[test]
fn a_type_that_no_manifest_has_is_refused_by_the_header_alone() {
    let server = Server::start(&[]);
    for (kind, why) in [
        ("text/html", "Content-Type is \"text/html\", which is not a manifest type; use an OCI"),
        ("application/octet-stream; a=b", "Content-Type is \"application/octet-stream\", which"),
        ("application/vnd.docker.distribution.manifest.v1+json", "a docker schema 1 manifest"),
    ] {
        let head = format!(
            "PUT /v2/polite/manifests/1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
             Content-Length: 10\r\nConnection: close\r\nContent-Type: {kind}\r\n\r\n"
        );
        let answer = exchange(&server, &head);
        assert!(answer.starts_with("HTTP/1.1 400 ") && has_reason(&answer), "{answer}");
        assert!(answer.contains("MANIFEST_INVALID"), "{answer}");
        let json = answer.split("\r\n\r\n").nth(1).unwrap();
        let told: serde_json::Value = serde_json::from_str(json).unwrap();
        let message = told["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_manifest_of_the_largest_size_is_asked_for() {
    let server = Server::start(&[]);
    for kind in [
        "",
        "Content-Type:\r\n",
        "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n",
        "Content-Type: application/vnd.docker.distribution.manifest.list.v2+json; a=b\r\n",
    ] {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "PUT /v2/polite/manifests/1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
             {kind}Content-Length: 4194304\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut told = [0; 25];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n", "{kind}");
    }
}

#[test]
fn who_sends_a_body_that_is_refused_can_read_why() {
    let server = Server::start(&[]);
    let length = 8 << 20;
    let mut request =
        format!("PUT /v2/rude/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    request.push_str(&" ".repeat(length));
    let answer = exchange(&server, &request);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("the manifest is larger than 4194304 bytes"), "{answer}");
}
