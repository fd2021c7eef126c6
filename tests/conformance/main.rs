//! The official suite of the distribution spec, as it stands on main and as of 1.1, against the
//! real server with its default policy: every status is Pass.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../harness/mod.rs"]
mod harness;

use std::process::Command;

use harness::{Server, said, tool};

/// In version 1.1 the suite leaves these out by itself.
const SWITCHES: [&str; 4] = [
    "OCI_API_BLOBS_UPLOAD_CANCEL",
    "OCI_API_BLOBS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_TAG_PARAM",
];
/// Lines of statuses that a whole run prints.
const STATUSES: usize = 28 + 24;

/// Runs the suite, and answers each line that is a status and not `Pass`.
fn run(server: &Server, version: &str, extra: &[(&str, &str)]) -> Vec<String> {
    let results = tempfile::tempdir().unwrap();
    let output = Command::new(tool("conformance", "conformance"))
        .envs(SWITCHES.map(|switch| (switch, "true")))
        .env("OCI_REGISTRY", server.addr().to_string())
        .env("OCI_TLS", "disabled")
        .env("OCI_VERSION", version)
        .env("OCI_REPO1", format!("conformance/{version}/one"))
        .env("OCI_REPO2", format!("conformance/{version}/two"))
        .env("OCI_RESULTS_DIR", results.path())
        .envs(extra.iter().copied())
        .output()
        .unwrap();
    let text = said(&output);
    let statuses: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("API conformance:"))
        .filter(|line| line.starts_with("  ") && line.contains(".:"))
        .map(|line| line.trim().to_owned())
        .collect();
    let failed = || text.lines().filter(|line| line.contains("FAIL")).collect::<Vec<_>>();
    assert_eq!(statuses.len(), STATUSES, "{text}");
    assert!(output.status.success(), "{:#?}", failed());
    server.is_sound();
    statuses.into_iter().filter(|line| !line.ends_with(" Pass")).collect()
}

#[test]
fn every_status_passes_in_both_versions() {
    let server = Server::start(&[]);
    for version in ["dev", "1.1"] {
        let others = run(&server, version, &[]);
        let [sparse] = others.as_slice() else { panic!("{version}: {others:#?}") };
        assert!(sparse.starts_with("Sparse Manifests"), "{sparse}");
        assert!(sparse.ends_with("Disabled"), "{sparse}");
    }
}

#[test]
fn sparse_indexes_pass_where_they_are_allowed() {
    let server = Server::start(&[("MANIFESTS__ALLOW_SPARSE_INDEXES", "true")]);
    let others = run(&server, "dev", &[("OCI_DATA_SPARSE", "true")]);
    assert!(others.is_empty(), "{others:#?}");
}
