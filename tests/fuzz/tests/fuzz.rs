//! Each target over its corpus and mutations of that; a bug that was found so has its input there,
//! and a test with a name where the code is.

use std::path::Path;

use roadstead_fuzz::{answer, manifest, mutate::run, names, policy, range, route};

fn corpus(target: fn(&[u8]), name: &str, words: &[&str]) {
    run(target, &Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name), words);
}

#[test]
fn a_plugin_s_answer_is_within_the_contract_or_refused() {
    corpus(answer, "answer", &[]);
}

#[test]
fn a_manifest_that_is_let_in_is_one_manifest() {
    let words = [
        "\"mediaType\":",
        "\"layers\":[]",
        "\"manifests\":[]",
        "\"subject\":",
        "\"config\":{}",
        "\"Config\":{}",
        "\"artifactType\":\"a/b\"",
        "\"annotations\":{\"a\":\"b\"}",
        "\"data\":\"bGF5ZXI=\"",
        "\"urls\":[\"http://a\"]",
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}",
        "\\u0061",
        "1e400",
        ",",
        "null",
    ];
    corpus(manifest, "manifest", &words);
}

#[test]
fn a_name_that_is_read_is_the_name_that_was_written() {
    let words = ["sha256:", "sha512:", "/", "..", "__", "@", "%2F", ":"];
    corpus(names, "names", &words);
}

#[test]
fn every_problem_of_a_policy_has_its_place_in_the_file() {
    let words = [
        "version: 1\n",
        "plugins:\n",
        "rules:\n  - name: a\n",
        "    check: [helm]\n",
        "    acceptOnly: [image]\n",
        "    match: { repositories: [\"a/**\"] }\n",
        "&a ",
        "*a ",
        "!!binary ",
        "<<: ",
        "|\n",
        "? ",
        "--- ",
        "\u{feff}",
        "\r\n",
        "\u{2028}",
        "ä",
        "{{",
        "[",
        "[[[[[[[[[[[[[[[[",
        "{a: {a: {a: {a: {a: ",
        "- - - - - - - - ",
        "# x\n",
    ];
    corpus(policy, "policy", &words);
}

#[test]
fn a_range_lies_within_its_blob() {
    let most = u64::MAX.to_string();
    let words = ["bytes=", "-", "0", "1", ",", " ", &most, "18446744073709551616"];
    corpus(range, "range", &words);
}

#[test]
fn an_endpoint_s_path_is_that_endpoint() {
    let words = [
        "/v2/",
        "/blobs/",
        "/uploads/",
        "/manifests/",
        "/tags/list",
        "/referrers/",
        "/_roadstead/verdicts/",
        "/_oci/ext/discover",
        "_catalog",
        "%3A",
        "%2F",
        "%",
        "?n=1&last=a",
        "tag=v1&",
        "+",
        "//",
    ];
    corpus(route, "route", &words);
}
