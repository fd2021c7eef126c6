//! cosign: a signature as a bundle and in the old form, and an attestation, each found again.

use base64::{Engine, engine::general_purpose::STANDARD};

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

/// ECDSA's two numbers side by side (IEEE P1363), of a signature by P-256 in DER.
fn side_by_side(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let len = usize::from(der[at + 1]);
        let bytes = &der[at + 2..at + 2 + len];
        let start = bytes.len().saturating_sub(32);
        ([&[0; 32][..], &bytes[start..]].concat().split_off(bytes.len() - start), at + 2 + len)
    };
    let (first, next) = number(2);
    [first, number(next).0].concat()
}

/// What cosign verifies or passes over is stored, though cosign itself would not write it so.
#[test]
fn what_cosign_takes_from_others_is_stored() {
    let server = Server::start(&[]);
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    let thing = signee(&oras);
    let cosign = cosign(&server);
    let verify = |words: &[&str]| cosign.run(&[words, &CHECK, &[&thing]].concat());

    cosign.file("payload.json", cosign.run(&["generate", PLAIN, &thing]).stdout);
    let by = ["sign-blob", "-y", "--key", "cosign.key", "--tlog-upload=false"];
    let by = [&by[..], &OLD_ALONE[1..], &["--output-signature", "payload.sig"]].concat();
    cosign.ok(&[&by[..], &["payload.json"]].concat());
    let der = STANDARD.decode(cosign.bytes("payload.sig").trim_ascii()).unwrap();
    cosign.file("payload.sig", STANDARD.encode(side_by_side(&der)));
    let attach = ["attach", "signature", PLAIN, "--payload", "payload.json"];
    cosign.ok(&[&attach[..], &["--signature", "payload.sig", &thing]].concat());
    assert!(verify(&["verify", OLD]).status.success());

    cosign.ok(&sign(&thing, &ALONE));
    cosign.file("file.txt", "a file\n");
    let by = ["sign-blob", "-y", "--key", "cosign.key", "--bundle", "file.sigstore.json"];
    cosign.ok(&[&by[..], &ALONE, &["file.txt"]].concat());
    oras.file("file.sigstore.json", cosign.bytes("file.sigstore.json"));
    oras.file("file.txt", cosign.bytes("file.txt"));
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let file = format!("file.sigstore.json:{bundle}");
    let attach = ["attach", ORAS, "--artifact-type", bundle, &thing];
    oras.ok(&[&attach[..], &[&file]].concat());
    oras.ok(&[&attach[..], &[&file, "file.txt:text/plain"]].concat());
    oras.ok(&["push", ORAS, "--artifact-type", bundle, "HOST/a/file:v1", &file]);
    assert!(verify(&["verify"]).status.success(), "cosign passes these over");
    server.is_sound();
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
