//! The plugin against tables of what real helms make of charts: `golden/make.py` wrote them.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_chart::Metadata;
use roadstead_plugin_sdk::{Finding, Report, Severity, testing::Tar};
use serde_json::{Value, json};

use crate::push::{Push, codes, golden};

/// What helm loads although the plugin refuses it, with the codes that say why. Of those with
/// RSH021 some other reader of tar unpacks other files than Go does. RSH050 goes with what keeps
/// the plugin from comparing; elsewhere it reads what helm reads, out of however many files.
const STRICTER_THAN_HELM: &[(&str, &[&str])] = &[
    ("Chart.yaml as a contiguous file", &["RSH025"]),
    ("Chart.yaml as a link", &["RSH025", "RSH029"]),
    ("Chart.yaml as a link behind", &["RSH025", "RSH029"]),
    ("Chart.yaml by two paths", &["RSH029"]),
    ("Chart.yaml by way of a folder", &["RSH024"]),
    ("Chart.yaml in UTF-16", &["RSH031", "RSH050"]),
    ("Chart.yaml in two folders", &["RSH026"]),
    ("Chart.yaml in two folders, the other order", &["RSH026"]),
    ("Chart.yaml of an unknown type", &["RSH025"]),
    ("Chart.yaml twice", &["RSH029"]),
    ("Chart.yaml twice, the other order", &["RSH029"]),
    ("Chart.yaml with the mode of a folder, then another", &["RSH025", "RSH029"]),
    ("a GNU name and a PAX path", &["RSH021", "RSH050"]),
    ("a GNU name with a NUL", &["RSH021", "RSH050"]),
    ("a PAX header for all", &["RSH021", "RSH050"]),
    ("a PAX header for all within", &["RSH021", "RSH050"]),
    ("a PAX header with a sign", &["RSH021", "RSH050"]),
    ("a PAX size", &["RSH021", "RSH050"]),
    ("a PAX size that hides", &["RSH021", "RSH050"]),
    ("a device", &["RSH025"]),
    ("a drive at the top", &["RSH024", "RSH026"]),
    ("a file in another folder", &["RSH026"]),
    ("a folder that leads out", &["RSH024"]),
    ("a hard link", &["RSH025"]),
    ("a path through a folder", &["RSH024"]),
    ("a pipe", &["RSH025"]),
    ("a prefix in the GNU form", &["RSH021", "RSH050"]),
    ("a prefix in the old form", &["RSH021", "RSH050"]),
    ("a second member that overrides", &["RSH029"]),
    ("a second member with an evil tail", &["RSH030"]),
    ("a smaller PAX size", &["RSH021", "RSH050"]),
    ("a sparse file", &["RSH021", "RSH050"]),
    ("a symbolic link", &["RSH025"]),
    ("a time in the GNU form", &["RSH021", "RSH050"]),
    ("an absolute path", &["RSH024", "RSH026"]),
    ("an empty GNU name", &["RSH021", "RSH050"]),
    ("an empty PAX path", &["RSH021", "RSH050"]),
    ("an entry after the end", &["RSH030"]),
    ("gzip cut short", &["RSH020", "RSH050"]),
    ("gzip with a wrong sum", &["RSH020", "RSH050"]),
    ("padding cut short", &["RSH021", "RSH050"]),
    ("rubbish after gzip", &["RSH020", "RSH050"]),
    ("rubbish after the end", &["RSH030"]),
    ("two PAX headers", &["RSH021", "RSH050"]),
    ("values twice", &["RSH029"]),
    ("zeros after gzip", &["RSH020", "RSH050"]),
];

/// Chart.yaml that helm loads and the plugin does not read: one reader skips the mark, another
/// takes it for a letter.
const UNREAD: &[&str] = &["a byte order mark within"];

fn table(name: &str) -> BTreeMap<String, Value> {
    serde_json::from_value(golden(name)["cases"].take()).expect("it has cases")
}

/// What the helms made of a case, which must be the same.
fn answer<'a>(name: &str, case: &'a Value) -> Option<&'a Value> {
    let (helm3, helm4) = (&case["helm-3.22.0"], &case["helm-4.3.1"]);
    assert_eq!(helm3, helm4, "{name}: the helms disagree, which no case provides for");
    (!helm3.is_null()).then_some(helm3)
}

fn refusal(case: &Value) -> &str {
    case["refusals"]["helm-4.3.1"].as_str().unwrap_or_default()
}

/// What both helms push and helm 4 does not load where it renders or installs: the code for it.
fn uninstalled(case: &Value) -> Option<&'static str> {
    match case["template"]["helm-4.3.1"].as_str()? {
        "invalid chart apiVersion" | "unsupported chart version" => Some("RSH018"),
        why => why.starts_with("cannot load Chart.yaml").then_some("RSH031"),
    }
}

/// What helm would have pushed if it had loaded the chart.
fn plain() -> Value {
    json!({
        "config": { "apiVersion": "v2", "name": "web", "version": "1.2.3" },
        "annotations": {},
    })
}

fn review(pushed: &Value, layer: &[u8]) -> Report {
    let mut push = Push::new(&pushed["config"], layer);
    for (key, value) in pushed["annotations"].as_object().expect("annotations") {
        push = push.annotation(key, value.as_str().expect("text"));
    }
    push.review()
}

#[test]
fn metadata_are_read_as_helm_reads_them() {
    let mut wrong = Vec::new();
    for (name, case) in table("metadata") {
        let files = case["files"].as_object().unwrap();
        let layer = files.iter().fold(Tar::new(), |archive, (path, content)| {
            archive.file(&format!("web/{path}"), content.as_str().unwrap())
        });
        let layer = layer.gzip();
        match answer(&name, &case) {
            Some(_) if UNREAD.contains(&name.as_str()) => {
                assert_eq!(codes(&review(&plain(), &layer)), ["RSH031", "RSH050"], "{name}");
            }
            Some(pushed) => {
                let report = review(pushed, &layer);
                let mut found = codes(&report);
                // a version such as 1.2, a chart that is not called web, a dependency elsewhere
                found.retain(|code| !matches!(*code, "RSH013" | "RSH027" | "RSH056"));
                let expected: Vec<_> = uninstalled(&case).into_iter().collect();
                if found != expected {
                    let why = &case["template"];
                    let findings = report.findings();
                    wrong.push(format!("{name}: helm pushes it ({why}), but {findings:?}"));
                }
            }
            None => {
                let report = review(&plain(), &layer);
                let unreadable = refusal(&case).starts_with("cannot load");
                if !report.rejects() || unreadable && !codes(&report).contains(&"RSH031") {
                    let why = refusal(&case);
                    wrong.push(format!("{name}: helm says {why}, but {:?}", codes(&report)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// The server builds the manifest of a chart by itself, to tell what a push of it comes to.
#[test]
fn a_push_makes_the_config_and_the_annotations_that_helm_makes() {
    let mut wrong = Vec::new();
    for (name, case) in table("metadata") {
        let Some(pushed) = answer(&name, &case) else { continue };
        if UNREAD.contains(&name.as_str()) {
            continue;
        }
        let file = |path: &str| {
            let text = case["files"][path].as_str()?.as_bytes();
            Some(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).to_vec())
        };
        let files = |path| file(path).into_iter().collect::<Vec<_>>();
        let metadata = Metadata::pushed(&files("Chart.yaml"), &files("requirements.yaml"));
        let config: Value = serde_json::from_str(&metadata.to_config()).unwrap();
        let mut annotations = json!(metadata.annotations(""));
        let mut wanted = pushed["annotations"].clone();
        for annotations in [&mut annotations, &mut wanted] {
            annotations.as_object_mut().unwrap().remove("org.opencontainers.image.created");
        }
        if [&config, &annotations] != [&pushed["config"], &wanted] {
            wrong.push(format!("{name}: {config}, not {}; {annotations}", pushed["config"]));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn archives_are_read_as_helm_reads_them_or_refused() {
    let stricter: BTreeMap<_, _> = STRICTER_THAN_HELM.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, case) in table("archives") {
        let layer = STANDARD.decode(case["archive"].as_str().unwrap()).unwrap();
        let answer = answer(&name, &case);
        let report = review(answer.unwrap_or(&plain()), &layer);
        let errors: Vec<_> = report
            .findings()
            .iter()
            .filter(|finding| finding.severity() == Severity::Error)
            .map(Finding::code)
            .collect();
        let expected = stricter.get(name.as_str());
        match (answer, expected) {
            (Some(_), Some(expected)) if errors != *expected => {
                wrong.push(format!("{name}: {errors:?}, not {expected:?}"));
            }
            (Some(_), None) if !errors.is_empty() => {
                wrong.push(format!("{name}: helm loads it, but {:?}", report.findings()));
            }
            (None, Some(_)) => wrong.push(format!("{name}: helm refuses it as well")),
            (None, None) if errors.is_empty() => {
                wrong.push(format!("{name}: helm says {}", refusal(&case)));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
