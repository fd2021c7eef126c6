//! A refusal by an operator's policy, as each client prints it: the rule, what is wrong, and the id
//! under which more is told. Nothing of what was refused is there afterwards.

use crate::{client::Client, containers, cosign, harness::Server};

const POLICY: &str = r#"version: 1
rules:
  - name: only-charts-and-things
    match: { repositories: ["charts/**"] }
    acceptOnly: [helm-chart, { type: "application/vnd.example.thing" }]
"#;

/// A server with the policy, and the folder that holds it.
fn strict() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    std::fs::write(&policy, POLICY).unwrap();
    (Server::start(&[("POLICY__PATH", policy.to_str().unwrap())]), folder)
}

/// The text tells all that it should of a refusal in a repository.
#[track_caller]
fn tells(server: &Server, text: &str, repository: &str) {
    let says = format!("rule only-charts-and-things: {repository} accepts only helm-chart");
    assert!(text.contains(&says) && text.contains("[RSA001 verdict "), "{text}");
    let id = text.split(" verdict ").nth(1).unwrap().split(']').next().unwrap();
    let shown = server.command(&["verdict", "show", id]);
    assert!(crate::harness::said(&shown).contains(repository), "{shown:?}");
}

#[test]
fn skopeo_tells_why_an_image_is_refused() {
    let (server, _policy) = strict();
    let skopeo = Client::packaged(&server, "skopeo");
    containers::image(&skopeo);
    let text = skopeo.refused(&[
        "copy",
        "--dest-tls-verify=false",
        "oci:layout:v1",
        "docker://HOST/charts/img:v1",
    ]);
    tells(&server, &text, "charts/img");
    skopeo.refused(&["inspect", "--tls-verify=false", "docker://HOST/charts/img:v1"]);
}

#[test]
fn podman_tells_why_an_image_is_refused() {
    let (server, _policy) = strict();
    let podman = containers::podman(&server);
    containers::image(&podman);
    let id = podman.ok(&["pull", "--quiet", "oci:layout:v1"]);
    let push = ["push", "--tls-verify=false", id.trim(), "HOST/charts/img:v1"];
    let text = podman.refused(&push);
    tells(&server, &text, "charts/img");
    podman.refused(&["pull", "--quiet", "--tls-verify=false", "HOST/charts/img:v1"]);
}

#[test]
fn oras_and_cosign_tell_why_an_artifact_and_a_signature_are_refused() {
    let (server, _policy) = strict();
    let oras = Client::new(&server, "oras-1.3.6", "oras");
    oras.file("hello.txt", "hello\n");
    let push = ["push", "--plain-http", "HOST/charts/thing:v1", "hello.txt:text/plain"];
    tells(&server, &oras.refused(&push), "charts/thing");
    oras.ok(&[&push[..], &["--artifact-type", "application/vnd.example.thing"]].concat());
    let digest = oras.ok(&["resolve", "--plain-http", "HOST/charts/thing:v1"]);
    let thing = format!("HOST/charts/thing@{}", digest.trim());
    let cosign = cosign::cosign(&server);
    for form in [&cosign::ALONE[..], &cosign::OLD_ALONE] {
        tells(&server, &cosign.refused(&cosign::sign(&thing, form)), "charts/thing");
    }
    let tags = oras.ok(&["repo", "tags", "--plain-http", "HOST/charts/thing"]);
    assert_eq!(tags.trim(), "v1");
    let tree = oras.ok(&["discover", "--plain-http", &thing]);
    assert!(!tree.contains("sigstore"), "{tree}");
}
