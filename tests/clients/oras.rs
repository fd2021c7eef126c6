//! oras: artifacts of any type, referrers, copies, deletes.

use std::fs;

use crate::{
    client::Client,
    harness::{Server, USER},
};

const PLAIN: &str = "--plain-http";
const KIND: &str = "application/vnd.example.thing";

#[test]
fn an_artifact_of_an_unknown_type_goes_the_whole_way() {
    let server = Server::guarded(&[]);
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    let wrong = oras.log_in(&["login", PLAIN, "-u", USER, "--password-stdin", "HOST"]);
    assert!(wrong.contains("unauthorized: wrong name or password"), "{wrong}");
    oras.file("hello.txt", "hello\n");
    oras.file("sbom.json", "{}\n");
    oras.ok(&["push", PLAIN, "HOST/a/thing:v1", "--artifact-type", KIND, "hello.txt:text/plain"]);
    let sbom = ["--artifact-type", "application/sbom", "sbom.json"];
    oras.ok(&[&["attach", PLAIN, "HOST/a/thing:v1"][..], &sbom].concat());
    let stored = oras.ok(&["manifest", "fetch", PLAIN, "HOST/a/thing:v1"]);
    assert!(stored.contains(KIND), "{stored}");
    let tree = oras.ok(&["discover", PLAIN, "HOST/a/thing:v1"]);
    assert!(tree.contains("application/sbom"), "{tree}");
    oras.ok(&["tag", PLAIN, "HOST/a/thing:v1", "v1.0", "latest"]);
    let tags = oras.ok(&["repo", "tags", PLAIN, "HOST/a/thing"]);
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["latest", "v1", "v1.0"]);
    fs::remove_file(oras.path("hello.txt")).unwrap();
    oras.ok(&["pull", PLAIN, "HOST/a/thing:v1"]);
    assert_eq!(oras.bytes("hello.txt"), b"hello\n");
    let plain = ["--from-plain-http", "--to-plain-http"];
    oras.ok(&[&["cp", "-r"][..], &plain, &["HOST/a/thing:v1", "HOST/b/thing:v1"]].concat());
    let digest = |name| oras.ok(&["resolve", PLAIN, name]);
    assert_eq!(digest("HOST/a/thing:v1"), digest("HOST/b/thing:v1"));
    let tree = oras.ok(&["discover", PLAIN, "HOST/b/thing:v1"]);
    assert!(tree.contains("application/sbom"), "{tree}");
    let repositories = oras.ok(&["repo", "ls", PLAIN, "HOST"]);
    assert_eq!(repositories.lines().collect::<Vec<_>>(), ["a/thing", "b/thing"]);
    oras.ok(&["manifest", "delete", PLAIN, "--force", "HOST/a/thing:v1.0"]);
    oras.refused(&["resolve", PLAIN, "HOST/a/thing:v1.0"]);
    oras.ok(&["resolve", PLAIN, "HOST/b/thing:v1"]);
    oras.ok(&["logout", "HOST"]);
    let out = oras.refused(&["pull", PLAIN, "HOST/a/thing:v1"]);
    assert!(out.contains("credential"), "{out}");
    server.is_sound();
}

/// A chart that helm itself would never push.
#[test]
fn a_refusal_says_why() {
    let server = Server::start(&[]);
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    oras.file("config.json", r#"{"apiVersion":"v2","name":"web","version":"1.0.0"}"#);
    oras.file("web-1.0.0.tgz", "no archive");
    let config = "config.json:application/vnd.cncf.helm.config.v1+json";
    let layer = "web-1.0.0.tgz:application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let text = oras.refused(&["push", PLAIN, "HOST/web:1.0.0", "--config", config, layer]);
    let says = "denied: rule charts-are-valid: the chart layer is not gzip, which helm needs; push";
    assert!(text.contains(says), "{text}");
    let absent = oras.refused(&["resolve", PLAIN, "HOST/web:1.0.0"]);
    assert!(absent.contains("not found"), "{absent}");
}
