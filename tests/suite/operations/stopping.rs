//! SIGTERM lets what is under way end.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::{
    client::{Repository, sha256},
    harness::Server,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_under_way_ends_before_the_server_does() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "drain");
    let whole = vec![5_u8; 1 << 20];
    let digest = sha256(&whole);
    let url = format!("{}?digest={digest}", repository.begin().await.unwrap());
    let parts = whole.chunks(1 << 18).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let slowly = stream::iter(parts).then(|part| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok::<_, std::io::Error>(part)
    });
    let body = reqwest::Body::wrap_stream(slowly);
    let upload = tokio::spawn(reqwest::Client::new().put(url).body(body).send());
    tokio::time::sleep(Duration::from_millis(400)).await;
    server.terminate();
    assert_eq!(upload.await.unwrap().unwrap().status(), 201);
    server.wait();
    server.restart();
    let pulled = Repository::of(&server, "drain").get(&format!("blobs/{digest}")).await.is(200);
    assert!(pulled.body == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_end_is_cut_when_the_drain_is_over() {
    let mut server = Server::start(&[("HTTP__DRAIN_SECONDS_MAX", "1")]);
    let repository = Repository::of(&server, "endless");
    let url = repository.begin().await.unwrap();
    let drip = stream::repeat(Bytes::from_static(b"drip")).then(|drop| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, std::io::Error>(drop)
    });
    let body = reqwest::Body::wrap_stream(drip);
    let upload = tokio::spawn(reqwest::Client::new().patch(&url).body(body).send());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    server.terminate();
    server.wait();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    upload.await.unwrap().unwrap_err();
    server.restart();
    let path = reqwest::Url::parse(&url).unwrap().path().to_owned();
    let status = Repository::try_send(reqwest::Client::new().get(server.url(&path)));
    let status = status.await.unwrap().is(204);
    let kept: u32 = status.header("range").trim_start_matches("0-").parse().unwrap();
    assert!(kept > 4, "what arrived before the cut is kept: {kept}");
    assert!(server.log().iter().all(|line| !line.contains("panicked")));
}
