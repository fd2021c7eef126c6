//! Many connections: idle ones give way, and nobody keeps out the others.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{client::Repository, harness::Server};

const PATIENCE: Duration = Duration::from_secs(20);
/// What the others may be delayed by.
const SOON: Duration = Duration::from_secs(8);
/// After this a connection is idle for long enough to give way.
const GRACE: Duration = Duration::from_millis(1500);

const BASE: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n";

/// A connection from an address of this machine.
async fn connect_from(server: &Server, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))).unwrap();
    timeout(PATIENCE, socket.connect(server.addr())).await.unwrap().unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    connect_from(server, 1).await
}

async fn connect_many(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(connect(server).await);
    }
    all
}

/// Sends a request and reads its answer, of which the connection must not be the last one.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 1000];
    let len = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..len]).into_owned()
}

/// Whether the server closed it.
fn is_closed(stream: &TcpStream) -> bool {
    match stream.try_read(&mut [0]) {
        Ok(0) => true,
        Ok(_) => panic!("an answer that nobody asked for"),
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// How many of them the server closed, once these are as many as expected.
async fn closed(streams: &[TcpStream], expected: usize) -> usize {
    let asked = Instant::now();
    loop {
        let closed = streams.iter().filter(|stream| is_closed(stream)).count();
        if closed >= expected || asked.elapsed() > SOON {
            return closed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether the server logs it, perhaps a moment after its answer.
async fn has_logged(server: &Server, text: &str) -> bool {
    for _ in 0..100 {
        if server.log().iter().any(|line| line.contains(text)) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_open_files_keep_nobody_out() {
    let server = Server::with_open_files(60, 320, &[]);
    let idle = connect_many(&server, 500).await;
    let started = Instant::now();
    let repository = Repository::of(&server, "files");
    let blob = Bytes::from(vec![7; 100_000]);
    let digest = repository.push_blob(&blob).await.unwrap();
    assert_eq!(repository.get(&format!("blobs/{digest}")).await.is(200).body, blob);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert!(has_logged(&server, "http.connections_max is lowered from 4096").await);
    assert!(!has_logged(&server, "could not be accepted").await, "{:#?}", server.log());
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_soft_limit_of_open_files_is_raised() {
    let server = Server::with_open_files(60, 9000, &[]);
    let mut idle = connect_many(&server, 300).await;
    assert_eq!(closed(&idle, 1).await, 0);
    for stream in &mut idle {
        assert!(ask(stream, BASE).await.starts_with("HTTP/1.1 200"));
    }
    assert!(!has_logged(&server, "is lowered").await, "{:#?}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_idle_connection_of_an_address_gives_way_to_its_next() {
    let server =
        Server::start(&[("HTTP__CONNECTIONS_MAX", "40"), ("HTTP__ADDRESS_PERCENT_MAX", "50")]);
    let mut first = connect(&server).await;
    let other = connect_from(&server, 2).await;
    let mut idle = connect_many(&server, 19).await;
    // half a header is no request
    idle[0].write_all(b"GET /v2/ HTTP/1.1\r\nho").await.unwrap();
    tokio::time::sleep(GRACE).await;
    assert!(ask(&mut first, BASE).await.starts_with("HTTP/1.1 200"));
    let more = connect_many(&server, 15).await;
    assert_eq!(closed(&idle, 15).await, 15);
    assert!(idle[..15].iter().all(is_closed), "those that were idle for longest");
    assert_eq!(closed(&more, 1).await, 0);
    assert!(!is_closed(&other), "that is another address");
    assert!(ask(&mut first, BASE).await.starts_with("HTTP/1.1 200"), "it was not idle for long");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_of_many_addresses_keep_nobody_out() {
    let server = Server::start(&[("HTTP__CONNECTIONS_MAX", "40")]);
    let mut idle = Vec::new();
    for number in 0..200 {
        idle.push(connect_from(&server, 1 + number % 10).await);
    }
    let started = Instant::now();
    assert!(ask(&mut connect_from(&server, 99).await, BASE).await.starts_with("HTTP/1.1 200"));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert_eq!(closed(&idle, 161).await, 161);
}

/// An upload of which a part is sent. The server has asked for it, so its request is under way.
async fn send_upload(server: &Server, url: &str) -> TcpStream {
    let path = reqwest::Url::parse(url).unwrap().path().to_owned();
    let mut stream = connect(server).await;
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n"
    );
    assert!(ask(&mut stream, head.as_bytes()).await.starts_with("HTTP/1.1 100 "));
    stream.write_all(b"ha").await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_never_gives_way() {
    let server =
        Server::start(&[("HTTP__CONNECTIONS_MAX", "40"), ("HTTP__ADDRESS_PERCENT_MAX", "50")]);
    let repository = Repository::of(&server, "busy");
    let mut urls = Vec::new();
    for _ in 0..20 {
        urls.push(repository.begin().await.unwrap());
    }
    // its connection counts as well
    drop(repository);
    let mut uploads = Vec::new();
    for url in &urls {
        uploads.push(send_upload(&server, url).await);
    }
    let refused = ask(&mut connect(&server).await, BASE).await.to_lowercase();
    assert!(refused.starts_with("http/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: ") && refused.contains("this address"), "{refused}");
    assert!(has_logged(&server, "http.address_percent_max").await);
    assert!(ask(&mut connect_from(&server, 2).await, BASE).await.starts_with("HTTP/1.1 200"));
    for upload in &mut uploads {
        assert!(ask(upload, b"lf").await.starts_with("HTTP/1.1 202"));
    }
    // idle again, they give way after a while
    tokio::time::sleep(GRACE).await;
    assert!(ask(&mut connect(&server).await, BASE).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_one_address_may_have_all_connections() {
    let server =
        Server::start(&[("HTTP__CONNECTIONS_MAX", "40"), ("HTTP__ADDRESS_PERCENT_MAX", "100")]);
    let idle = connect_many(&server, 40).await;
    assert_eq!(closed(&idle, 1).await, 0);
    let _next = connect(&server).await;
    assert_eq!(closed(&idle, 1).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_download_comes_whole_while_others_flood() {
    let server = Server::start(&[("HTTP__CONNECTIONS_MAX", "20")]);
    let repository = Repository::of(&server, "flood");
    let blob = Bytes::from((0..=250).cycle().take(6 << 20).collect::<Vec<u8>>());
    let digest = repository.push_blob(&blob).await.unwrap();
    let mut stream = connect_from(&server, 2).await;
    let head = format!("GET /v2/flood/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let flood = connect_many(&server, 100).await;
    let mut answer = Vec::new();
    while !answer.ends_with(&blob) {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.unwrap().unwrap();
        assert!(read > 0, "the download was cut at {} bytes", answer.len());
    }
    drop(flood);
}
