//! Memory is bounded by streams times chunks, never by the size of a blob.

use bytes::Bytes;
use futures::{StreamExt, stream};

use roadstead_oci::{Algorithm, Hasher};

use crate::{client::Repository, harness::Server};

const CHUNK_BYTES: usize = 1 << 20;
const CHUNKS: u64 = 4096;
const PEAK_BYTES_MAX: u64 = 150 << 20;

fn chunk(number: u64) -> Bytes {
    let mut chunk = vec![b'r'; CHUNK_BYTES];
    chunk[..8].copy_from_slice(&number.to_le_bytes());
    chunk.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_gib_go_in_and_out_in_little_memory() {
    let server = Server::start(&[("STORAGE__FSYNC", "false")]);
    let repository = Repository::of(&server, "large");
    let mut hasher = Hasher::new(Algorithm::Sha256);
    (0..CHUNKS).for_each(|number| hasher.update(&chunk(number)));
    let digest = hasher.finish();
    let url = format!("{}?digest={digest}", repository.begin().await.unwrap());
    let body = stream::iter((0..CHUNKS).map(|number| Ok::<_, std::io::Error>(chunk(number))));
    let request = reqwest::Client::new().put(url).body(reqwest::Body::wrap_stream(body));
    Repository::try_send(request).await.unwrap().is(201);
    let request = repository.request(reqwest::Method::GET, &format!("blobs/{digest}"));
    let mut pulled = request.send().await.unwrap().bytes_stream();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut size = 0;
    while let Some(part) = pulled.next().await {
        let part = part.unwrap();
        size += part.len() as u64;
        hasher.update(&part);
    }
    assert_eq!((size, hasher.finish()), (CHUNKS * CHUNK_BYTES as u64, digest));
    let peak = server.peak_memory_bytes();
    assert!(peak < PEAK_BYTES_MAX, "peak of {} MiB", peak >> 20);
}
