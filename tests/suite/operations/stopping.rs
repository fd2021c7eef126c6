//! SIGTERM lets what is under way end.

use std::time::Duration;

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
