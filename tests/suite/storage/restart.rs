//! What survives a restart.

use bytes::Bytes;

use crate::{
    client::{Repository, sha256},
    harness::{Server, said},
};

#[tokio::test]
async fn an_upload_goes_on_after_a_kill() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "restart");
    let url = repository.begin().await.unwrap();
    let whole = Bytes::from(vec![7; 300_000]);
    let patch = |url: String, range: &str, bytes: Bytes| {
        let request = reqwest::Client::new().patch(url).header("content-range", range.to_owned());
        Repository::try_send(request.body(bytes))
    };
    let kept = patch(url.clone(), "0-99999", whole.slice(..100_000)).await.unwrap().is(202);
    assert_eq!(kept.header("range"), "0-99999");
    server.kill();
    server.restart();
    let url = server.url(reqwest::Url::parse(&url).unwrap().path());
    let status = Repository::try_send(reqwest::Client::new().get(&url)).await.unwrap().is(204);
    assert_eq!(status.header("range"), "0-99999");
    patch(url.clone(), "50000-99999", whole.slice(50_000..100_000)).await.unwrap().is(416);
    patch(url.clone(), "100000-299999", whole.slice(100_000..)).await.unwrap().is(202);
    let digest = sha256(&whole);
    let put = reqwest::Client::new().put(format!("{url}?digest={digest}"));
    Repository::try_send(put).await.unwrap().is(201);
    let pulled = Repository::of(&server, "restart").get(&format!("blobs/{digest}")).await.is(200);
    assert!(pulled.body == whole);
    server.is_sound();
}

#[tokio::test]
async fn a_folder_belongs_to_one_server_and_commands_ask_it() {
    let server = Server::start(&[]);
    Repository::of(&server, "a").push_blob(&Bytes::from_static(b"x")).await.unwrap();
    let second = server.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    let pid = format!("pid={}", server.pid());
    assert!(said(&second).contains(&pid), "{}", said(&second));
    let check = server.command(&["check"]);
    assert!(check.status.success(), "{}", said(&check));
    assert!(said(&check).contains("no faults"), "{}", said(&check));
    let unknown = server.command(&["verdict", "show", "00000000000"]);
    assert!(!unknown.status.success());
    assert!(said(&unknown).contains("no verdict 00000000000"), "{}", said(&unknown));
}

#[tokio::test]
async fn a_check_names_what_is_broken() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "broken");
    let layer = vec![1; 20_000];
    repository.push("v1", ("application/x", b"{}"), &[("application/y", &layer)]).await.is(201);
    server.stop();
    server.is_sound();
    let data = server.data().join("objects/data");
    std::fs::remove_dir_all(&data).unwrap();
    let check = server.command(&["check"]);
    assert!(!check.status.success());
    assert!(said(&check).contains("is missing or damaged"), "{}", said(&check));
}
