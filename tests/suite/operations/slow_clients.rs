//! Clients that are slow or hostile have bounds.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{client::Repository, harness::Server};

const PATIENCE: Duration = Duration::from_secs(20);

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads until the server closes, and answers how long that took and what came.
fn until_closed(mut stream: TcpStream) -> (Duration, String) {
    let started = Instant::now();
    let mut answer = Vec::new();
    // a reset is a close as well
    drop(stream.read_to_end(&mut answer));
    (started.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_header_that_never_ends_is_cut() {
    let server = Server::start(&[("HTTP__HEADER_SECONDS_MAX", "1")]);
    let mut stream = connect(&server);
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n").unwrap();
    let (took, _) = until_closed(stream);
    assert!(took < PATIENCE / 2, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_is_cut_and_what_arrived_is_kept() {
    let server = Server::start(&[("HTTP__BODY_IDLE_SECONDS_MAX", "1")]);
    let repository = Repository::of(&server, "slow");
    let url = repository.begin().await.unwrap();
    let path = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let head = format!("PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
    let mut stream = connect(&server);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 60_000]).unwrap();
    let (took, answer) = tokio::task::spawn_blocking(|| until_closed(stream)).await.unwrap();
    assert!(took < PATIENCE / 2, "{took:?}");
    assert!(answer.contains("BLOB_UPLOAD_INVALID"), "{answer}");
    let status = Repository::try_send(reqwest::Client::new().get(url)).await.unwrap().is(204);
    assert_eq!(status.header("range"), "0-59999");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_a_body_keeps_what_arrived() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "broken");
    let url = repository.begin().await.unwrap();
    let path = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let head = format!("PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
    let mut stream = connect(&server);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 40_000]).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(stream);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let request = reqwest::Client::new().get(&url);
        if Repository::try_send(request).await.unwrap().header("range") == "0-39999" {
            return;
        }
    }
    panic!("what arrived was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_dropped() {
    let server =
        Server::start(&[("HTTP__WRITE_IDLE_SECONDS_MAX", "1"), ("HTTP__CONNECTIONS_MAX", "1")]);
    let digest = {
        let repository = Repository::of(&server, "greedy");
        let digest = repository.push_blob(&Bytes::from(vec![1; 64 << 20])).await.unwrap();
        drop(repository);
        digest
    };
    let mut stream = connect(&server);
    let head = format!("GET /v2/greedy/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // with one connection allowed, the next one is served only after that one was dropped
    let started = Instant::now();
    let base = tokio::time::timeout(PATIENCE, reqwest::get(server.url("/v2/"))).await;
    assert_eq!(base.unwrap().unwrap().status(), 200);
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_waits_and_nobody_is_lost() {
    let server =
        Server::start(&[("HTTP__CONNECTIONS_MAX", "2"), ("HTTP__HEADER_SECONDS_MAX", "1")]);
    let crowd: Vec<_> = (0..20).map(|_| tokio::spawn(reqwest::get(server.url("/v2/")))).collect();
    for client in crowd {
        assert_eq!(client.await.unwrap().unwrap().status(), 200);
    }
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let server = Server::start(&[("HTTP__HEADER_SECONDS_MAX", "1")]);
    let many = (0..200).map(|n| format!("x-{n}: y\r\n")).collect::<Vec<_>>().concat();
    for (request, status) in [
        ("NONSENSE\r\n\r\n".to_owned(), "400"),
        (format!("GET /v2/ HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "431"),
        (format!("GET /v2/{} HTTP/1.1\r\nhost: x\r\n\r\n", "a/".repeat(5000)), "404"),
    ] {
        let mut stream = connect(&server);
        stream.write_all(request.as_bytes()).unwrap();
        let (_, answer) = until_closed(stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[test]
fn an_idle_connection_is_closed() {
    let server = Server::start(&[("HTTP__HEADER_SECONDS_MAX", "1")]);
    let mut stream = connect(&server);
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let (took, answer) = until_closed(stream);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(took > Duration::from_millis(500) && took < PATIENCE / 2, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_continue_is_told_to() {
    let server = Server::start(&[]);
    let url = Repository::of(&server, "polite").begin().await.unwrap();
    let path = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let digest = crate::client::sha256(b"polite");
    let head = format!(
        "PUT {path}?digest={digest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         expect: 100-continue\r\ncontent-length: 6\r\n\r\n"
    );
    let mut stream = connect(&server);
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"polite").unwrap();
    let (_, answer) = until_closed(stream);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
