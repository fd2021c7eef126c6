//! Blobs, in parts and whole.

use bytes::Bytes;
use reqwest::Method;

use crate::{
    client::{Answer, Repository},
    harness::Server,
};

async fn ask(repository: &Repository, method: Method, path: &str, of: &[(&str, &str)]) -> Answer {
    let request = repository.request(method, path);
    let request = of.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Repository::try_send(request).await.unwrap()
}

#[tokio::test]
async fn d09_a_range_is_a_part_and_one_that_misses_tells_the_size() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "ranges");
    let digest = repository.push_blob(&Bytes::from_static(b"0123456789")).await.unwrap();
    let path = format!("blobs/{digest}");
    let part = ask(&repository, Method::GET, &path, &[("range", "bytes=2-4")]).await.is(206);
    assert_eq!((part.header("content-range"), &part.body[..]), ("bytes 2-4/10", &b"234"[..]));
    let last = ask(&repository, Method::GET, &path, &[("range", "bytes=-3")]).await.is(206);
    assert_eq!(last.body, "789");
    for (range, tag, status) in [
        ("bytes=2-4", format!("\"{digest}\""), 206),
        ("bytes=2-4", "\"another\"".to_owned(), 200),
        ("lines=2-4", String::new(), 200),
    ] {
        let of = [("range", range), ("if-range", tag.as_str())];
        let of = if tag.is_empty() { &of[..1] } else { &of[..] };
        ask(&repository, Method::GET, &path, of).await.is(status);
    }
    let missed = ask(&repository, Method::GET, &path, &[("range", "bytes=10-")]).await.is(416);
    assert_eq!(missed.header("content-range"), "bytes */10");
}

#[tokio::test]
async fn d10_a_head_tells_the_whole_size_whatever_range_it_names() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "heads");
    let digest = repository.push_blob(&Bytes::from_static(b"0123456789")).await.unwrap();
    for range in ["bytes=2-4", "bytes=10-"] {
        let path = format!("blobs/{digest}");
        let head = ask(&repository, Method::HEAD, &path, &[("range", range)]).await.is(200);
        assert_eq!((head.header("content-length"), head.header("content-range")), ("10", ""));
        assert_eq!(head.header("docker-content-digest"), digest.as_str());
    }
}
