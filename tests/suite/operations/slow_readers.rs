//! Clients that ask for large answers and do not read them hold little memory, and keep nobody out.

use std::time::{Duration, Instant};

use bytes::Bytes;
use roadstead_oci::{
    Digest,
    media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Repository, sha256},
    harness::Server,
};

const READERS: usize = 400;
const SOON: Duration = Duration::from_secs(9);

/// More memory than this is not held for all of them.
const BYTES_MAX: u64 = 400 << 20;

/// Asks for a path and waits for the beginning of each answer, or for the time that a server takes
/// to say that it has no room.
async fn ask_and_read_nothing(server: &Server, paths: &[String]) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for path in paths.iter().cycle().take(READERS) {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.read_exact(&mut [0; 12]).await.unwrap();
    }
    streams
}

/// As many referrers of something as make a page of 4 MiB; answers their digests.
async fn push_referrers(repository: &Repository, subject: &str) -> Vec<Digest> {
    let config = Bytes::from_static(b"{}");
    let digest = repository.push_blob(&config).await.unwrap();
    let (text, subject) = ("a".repeat(30_000), sha256(subject.as_bytes()));
    let pushes = (0..150).map(|number| {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": "application/vnd.example",
            "config": { "mediaType": OCI_CONFIG, "digest": digest, "size": 2 },
            "layers": [],
            "subject": { "mediaType": OCI_MANIFEST, "digest": subject, "size": 9 },
            "annotations": { "number": number.to_string(), "text": text },
        });
        async move {
            let digest = sha256(manifest.to_string().as_bytes());
            repository.put_manifest(digest.as_str(), &manifest).await.is(201);
            digest
        }
    });
    futures::future::join_all(pushes).await
}

fn grown(server: &Server, before: u64) -> u64 {
    server.peak_memory_bytes().saturating_sub(before)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_one_page_of_referrers_share_it() {
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "readers");
    push_referrers(&repository, "subject").await;
    let page = format!("referrers/{}", sha256(b"subject"));
    let len = repository.get(&page).await.is(200).body.len();
    assert!(len > 4_000_000, "the page has {len} bytes");
    let before = server.peak_memory_bytes();
    let readers = ask_and_read_nothing(&server, &[format!("/v2/readers/{page}")]).await;
    let grown = grown(&server, before);
    assert!(grown < BYTES_MAX, "{} MiB for {READERS} readers", grown >> 20);
    let asked = Instant::now();
    assert_eq!(repository.get(&page).await.is(200).body.len(), len);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    drop(readers);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_many_pages_hold_no_more_than_their_room() {
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "readers");
    let referrers = push_referrers(&repository, "subject").await;
    let subject = sha256(b"subject");
    // each page begins elsewhere
    let path = |last: &Digest| format!("/v2/readers/referrers/{subject}?last={last}");
    let paths: Vec<_> = referrers.iter().map(path).collect();
    let before = server.peak_memory_bytes();
    let readers = ask_and_read_nothing(&server, &paths).await;
    let grown = grown(&server, before);
    assert!(grown < BYTES_MAX, "{} MiB for {READERS} readers", grown >> 20);
    // small answers need no room
    repository.get("tags/list").await.is(200);
    let none = format!("referrers/{}", sha256(b"nothing"));
    repository.get(&none).await.is(200);
    drop(readers);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_many_manifests_hold_no_more_than_their_room() {
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "readers");
    let mut paths = Vec::new();
    for number in 0..60 {
        let text = "a".repeat(4_000_000);
        let index = json!({
            "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [],
            "annotations": { "number": number.to_string(), "text": text },
        });
        let digest = sha256(index.to_string().as_bytes());
        repository.put_manifest(digest.as_str(), &index).await.is(201);
        paths.push(format!("/v2/readers/manifests/{digest}"));
    }
    let before = server.peak_memory_bytes();
    let readers = ask_and_read_nothing(&server, &paths).await;
    let grown = grown(&server, before);
    assert!(grown < BYTES_MAX, "{} MiB for {READERS} readers", grown >> 20);
    let small = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] });
    repository.put_manifest("small", &small).await.is(201);
    repository.get("manifests/small").await.is(200);
    drop(readers);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_blob_hold_little_of_it() {
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "readers");
    let digest = repository.push_blob(&Bytes::from(vec![3; 64 << 20])).await.unwrap();
    let before = server.peak_memory_bytes();
    let readers = ask_and_read_nothing(&server, &[format!("/v2/readers/blobs/{digest}")]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let grown = grown(&server, before);
    assert!(grown < BYTES_MAX, "{} MiB for {READERS} readers", grown >> 20);
    drop(readers);
}
