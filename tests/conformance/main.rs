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
/// Statuses that a whole run reports: of the API and of the kinds of data.
const STATUSES: usize = 28 + 24;

/// Runs the suite, in which no test may fail or be skipped, and answers the statuses that are not
/// `Pass`.
fn run(server: &Server, version: &str, extra: &[(&str, &str)]) -> Vec<String> {
    let results = tempfile::tempdir().unwrap();
    let mut suite = Command::new(tool("conformance", "conformance"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OCI_")) {
        suite.env_remove(name);
    }
    let output = suite
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
    let failed: Vec<_> = text.lines().filter_map(failed_test).collect();
    assert!(failed.is_empty(), "{version}: {} tests fail\n{}", failed.len(), failed.join("\n"));
    let (counts, statuses): (Vec<_>, Vec<_>) =
        text.lines().filter_map(row).partition(|(_, value)| value.parse::<u64>().is_ok());
    assert_eq!(statuses.len(), STATUSES, "{text}");
    for (name, count) in &counts {
        assert!(["Pass", "Total"].contains(name) || *count == "0", "{version}: {name} {count}");
    }
    assert!(output.status.success() && !counts.is_empty(), "{text}");
    server.is_sound();
    let others = statuses.iter().filter(|(_, status)| *status != "Pass");
    others.map(|(name, status)| format!("{name}: {status}")).collect()
}

/// A line of the report's tables, such as `Blob get......:  Pass`.
fn row(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("  ")?.split_once("..:")?;
    Some((name.trim_end_matches('.'), value.trim()))
}

/// What the suite logs of a test that fails, for a reader.
fn failed_test(line: &str) -> Option<String> {
    const CHARS_MAX: usize = 1000;
    let (_, test) = line.split_once(r#" msg="failed test" name="#)?;
    let readable = test.replace(r"\n", "\n    ").replace(r#"\""#, "'");
    Some(readable.chars().take(CHARS_MAX).collect())
}

#[test]
fn every_status_passes_in_both_versions() {
    let server = Server::start(&[]);
    for version in ["dev", "1.1"] {
        let others = run(&server, version, &[]);
        let [sparse] = others.as_slice() else { panic!("{version}: {others:#?}") };
        assert_eq!(sparse, "Sparse Manifests: Disabled");
    }
}

#[test]
fn sparse_indexes_pass_where_they_are_allowed() {
    let server = Server::start(&[("MANIFESTS__ALLOW_SPARSE_INDEXES", "true")]);
    let others = run(&server, "dev", &[("OCI_DATA_SPARSE", "true")]);
    assert!(others.is_empty(), "{others:#?}");
}
