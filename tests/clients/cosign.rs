//! cosign: a signature as a bundle and in the old form, and an attestation, each found again.

use crate::{
    client::Client,
    harness::{PASSWORD, Server, USER},
};

const ORAS: &str = "--plain-http";
const PLAIN: &str = "--allow-http-registry";
const THING: &str = "HOST/a/thing:v1";
/// No signing service is within a test's reach, so cosign is told of none.
pub const ALONE: [&str; 4] = ["--signing-config", "services.json", "--trusted-root", "root.json"];
pub const OLD: &str = "--new-bundle-format=false";
pub const OLD_ALONE: [&str; 3] = ["--tlog-upload=false", "--use-signing-config=false", OLD];
pub const CHECK: [&str; 4] = [PLAIN, "--insecure-ignore-tlog", "--key", "cosign.pub"];

/// A client with a pair of keys.
pub fn cosign(server: &Server) -> Client<'_> {
    let cosign = Client::new(server, "cosign-3.1.3", "cosign");
    cosign.ok(&["generate-key-pair"]);
    cosign.ok(&["signing-config", "create", "--out", "services.json"]);
    cosign.ok(&["trusted-root", "create", "--out", "root.json"]);
    cosign.file("predicate.json", r#"{"built":"by hand"}"#);
    cosign
}

/// Pushes something to sign, and answers its name with its digest.
fn signee(oras: &Client<'_>) -> String {
    oras.file("hello.txt", "hello\n");
    oras.ok(&["push", ORAS, THING, "hello.txt:text/plain"]);
    format!("HOST/a/thing@{}", oras.ok(&["resolve", ORAS, THING]).trim())
}

/// Signs, in the form that the words ask for.
pub fn sign<'a>(thing: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["sign", PLAIN, "-y", "--key", "cosign.key"], words, &[thing]].concat()
}

#[test]
fn signatures_and_attestations_are_found_by_whoever_verifies() {
    let server = Server::guarded(&[]);
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    oras.log_in(&["login", ORAS, "-u", USER, "--password-stdin", "HOST"]);
    let thing = signee(&oras);
    let cosign = cosign(&server);
    let out = cosign.refused(&sign(&thing, &ALONE));
    assert!(out.contains("UNAUTHORIZED") && out.contains("log in first"), "{out}");
    // it keeps what it is told, and asks nobody
    let log_in = &["login", "HOST", "-u", USER, "--password-stdin"];
    cosign.run_with(log_in, "wrong");
    let wrong = cosign.refused(&sign(&thing, &ALONE));
    assert!(wrong.contains("UNAUTHORIZED: wrong name or password"), "{wrong}");
    cosign.run_with(log_in, PASSWORD);
    let verify = |words: &[&str]| cosign.run(&[words, &CHECK, &[&thing]].concat());
    assert!(!verify(&["verify"]).status.success());
    cosign.ok(&sign(&thing, &ALONE));
    assert!(verify(&["verify"]).status.success());
    assert!(!verify(&["verify", OLD]).status.success(), "nobody signed so");
    cosign.ok(&sign(&thing, &OLD_ALONE));
    assert!(verify(&["verify", OLD]).status.success());
    let what = ["--type", "custom", "--predicate", "predicate.json"];
    let by = ["attest", PLAIN, "-y", "--key", "cosign.key"];
    cosign.ok(&[&by[..], &what, &ALONE, &[&thing]].concat());
    assert!(verify(&["verify-attestation", "--type", "custom"]).status.success());
    let tags = oras.ok(&["repo", "tags", ORAS, "HOST/a/thing"]);
    let digest = thing.split_once(':').unwrap().1;
    let old = format!("sha256-{digest}.sig");
    assert_eq!(tags.lines().collect::<Vec<_>>(), [&*old, "v1"]);
    let tree = oras.ok(&["discover", ORAS, &thing]);
    assert_eq!(tree.matches("dev.sigstore.bundle.content: dsse-envelope").count(), 2, "{tree}");
    server.is_sound();
}
