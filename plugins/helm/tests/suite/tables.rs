//! The plugin against what real helms load, render, lock and verify: `golden/make.py` asked them.

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{Finding, Report, Severity};
use serde_json::{Value, json};

use crate::push::{PROVENANCE, Push, codes, decoded, golden};

const HELMS: [&str; 2] = ["helm-3.22.0", "helm-4.3.1"];

/// What a helm stops at and the plugin lets through: it goes no further than it is sure of. Of a
/// schema in a dialect that nobody knows it warns.
const LENIENT: &[&str] = &[
    "schema '{\"$schema\": \"\"}'",
    "schema '{\"$schema\": \"http://127.0.0.1:1/schema\"}'",
    "schema '{\"$schema\": \"http://json-schema.org/draft-03/schema#\"}'",
    "values in UTF-16",
];

/// What both helms load and render, and the plugin refuses.
const STRICTER_THAN_HELM: &[(&str, &[&str])] = &[
    ("an archive within with a wrong sum", &["RSH020", "RSH050"]),
    ("rubbish after an archive within", &["RSH020", "RSH050"]),
];

/// What `helm verify` takes and the plugin refuses. Those by hand are of a form that no program
/// writes and the library does not read.
const STRICTER_THAN_VERIFY: &[(&str, &[&str])] = &[
    ("another name", &["RSH063"]),
    ("another version", &["RSH063"]),
    ("by gpg with SHA-1", &["RSH065"]),
    ("by hand with a marker", &["RSH060"]),
    ("by hand with a marker behind", &["RSH060"]),
    ("by hand with a note with other flags", &["RSH060"]),
    ("by hand with a note with reserved flags", &["RSH060"]),
    ("by hand with a policy that is no text", &["RSH060"]),
];

fn table(name: &str) -> (Value, BTreeMap<String, Value>) {
    let mut table = golden(name);
    let cases = serde_json::from_value(table["cases"].take()).expect("it has cases");
    (table, cases)
}

/// What helm would have pushed if it had loaded the chart.
fn plain() -> Value {
    json!({ "config": { "apiVersion": "v2", "name": "web", "version": "1.2.3" } })
}

fn errors(report: &Report) -> Vec<&str> {
    let is_error = |found: &&Finding| found.severity() == Severity::Error;
    report.findings().iter().filter(is_error).map(Finding::code).collect()
}

#[test]
fn what_helm_loads_and_renders_is_accepted() {
    let stricter: BTreeMap<_, _> = STRICTER_THAN_HELM.iter().copied().collect();
    let (_, cases) = table("files");
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let pushed = HELMS.map(|helm| &case[helm]).into_iter().find(|pushed| !pushed.is_null());
        let plain = plain();
        let config = &pushed.unwrap_or(&plain)["config"];
        let report = Push::new(config, &decoded(&case["archive"])).review();
        let found = errors(&report);
        // a chart that lacks a dependency is pushed, and warned of
        let lacks = "found in Chart.yaml, but missing in charts/ directory";
        let is_fine = HELMS.iter().all(|helm| {
            let stopped = case["template"][helm].as_str();
            !case[helm].is_null() && stopped.is_none_or(|why| why.contains(lacks))
        });
        let is_lenient = LENIENT.contains(&name.as_str());
        match (is_fine, stricter.get(name.as_str())) {
            (true, Some(expected)) if found != *expected => {
                wrong.push(format!("{name}: {found:?}, not {expected:?}"));
            }
            (true, None) if !found.is_empty() => {
                wrong.push(format!("{name}: helm takes it, but {:?}", report.findings()));
            }
            (false, _) if found.is_empty() != is_lenient => {
                let why = (&case["refusals"], &case["template"]);
                wrong.push(format!("{name}: helm says {why:?}, but {found:?}"));
            }
            _ => {}
        }
        let is_warned = codes(&report).contains(&"RSH056");
        let is_missing =
            HELMS.iter().any(|helm| case["template"][helm].to_string().contains(lacks));
        if is_fine && is_warned != is_missing {
            wrong.push(format!("{name}: whether a dependency is missing: {is_warned}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_lock_is_outdated_where_helm_says_so() {
    let (_, cases) = table("locks");
    for (name, case) in &cases {
        for helm in HELMS {
            let report = Push::new(&case["config"], &decoded(&case[helm])).review();
            assert!(!report.rejects(), "{name} by {helm}: {:?}", report.findings());
            let is_outdated = codes(&report).contains(&"RSH057");
            // Go writes a number in a way of its own
            let is_known = !name.starts_with("a number in import-values");
            let expected = is_known && case["outdated"] == true;
            assert_eq!(is_outdated, expected, "{name} by {helm}: {:?}", report.findings());
        }
    }
}

#[test]
fn provenance_is_verified_as_helm_does_or_refused() {
    let stricter: BTreeMap<_, _> = STRICTER_THAN_VERIFY.iter().copied().collect();
    let (table, cases) = table("provenance");
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let key = case["key"].as_str().unwrap();
        let settings = json!({ "keyring": table["keys"]["armoured"][key] });
        let layer = decoded(&case["archive"]);
        let provenance = case["provenance"].as_str().unwrap().as_bytes();
        let push = Push::new(&case["config"], &layer).layer(PROVENANCE, provenance);
        let (report, _) = push.settings(&settings).review_at(table["now"].as_u64().unwrap());
        let found = errors(&report);
        let is_fine = HELMS.iter().all(|helm| case[helm].is_null());
        match (is_fine, stricter.get(name.as_str())) {
            (true, Some(expected)) if found != *expected => {
                wrong.push(format!("{name}: {found:?}, not {expected:?}"));
            }
            (true, None) if !found.is_empty() => {
                wrong.push(format!("{name}: helm takes it, but {:?}", report.findings()));
            }
            (false, _) if found.is_empty() => wrong.push(format!("{name}: helm says {case}")),
            _ => {}
        }
        let fact = report.annotations().iter().find(|fact| fact.key() == "signed-by");
        let signer = fact.map(|fact| fact.value().to_owned());
        let expected = table["keys"]["fingerprints"][key].as_str().map(ToOwned::to_owned);
        assert_eq!(signer, expected.filter(|_| found.is_empty()), "{name}");
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
