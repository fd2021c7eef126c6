//! Charts that somebody changed, and what the plugin says to those who pushed them.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{Plugin, Severity, testing::Tar};
use serde_json::json;

use crate::push::{Push, TITLE, VERSION, chart, codes, config, configured, only};

#[test]
fn a_good_chart_is_accepted_and_described() {
    let push = Push::new(&config(), &chart().gzip()).annotation(TITLE, "web");
    let report = push.annotation(VERSION, "1.2.3").review();
    assert_eq!(report.findings(), []);
    let facts: Vec<_> =
        report.annotations().iter().map(|fact| (fact.key(), fact.value())).collect();
    assert_eq!(
        facts,
        [
            ("name", "web"),
            ("version", "1.2.3"),
            ("appVersion", "1.16.0"),
            ("type", "application"),
            ("files", "2"),
            ("unpacked-bytes", "64")
        ]
    );
}

#[test]
fn the_size_of_reads_makes_no_difference() {
    let evil = "apiVersion: v2\nname: web\nversion: 9.9.9\n";
    let layer = Tar::new()
        .file("web/Chart.yaml", evil)
        .file("web/big", vec![7; 100_000])
        .entry("web/link", b'2', b"")
        .gzip();
    let whole = Push::new(&config(), &layer).review();
    assert_eq!(codes(&whole), ["RSH025", "RSH041", "RSH045"]);
    for bytes in [1, 7, 511, 513] {
        let pieces = Push::new(&config(), &layer).read_bytes_max(bytes).review();
        assert_eq!(pieces, whole, "{bytes}");
    }
}

#[test]
fn a_chart_that_is_shown_otherwise_than_it_installs_is_refused() {
    let cases = [
        ("version", json!("9.9.9"), "RSH041"),
        ("name", json!("evil"), "RSH040"),
        ("apiVersion", json!("v1"), "RSH042"),
        ("type", json!("library"), "RSH043"),
        ("dependencies", json!([{ "name": "redis", "repository": "" }]), "RSH044"),
    ];
    for (field, value, code) in cases {
        let report = configured(field, value);
        let errors: Vec<_> =
            report.findings().iter().filter(|f| f.severity() == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{field}");
        assert_eq!(errors[0].code(), code, "{field}");
        assert_eq!(errors[0].found_path(), Some("web/Chart.yaml"));
    }
    let report = configured("version", json!("9.9.9"));
    assert_eq!(
        only(&report),
        (
            "RSH041",
            "Chart.yaml says version is \"1.2.3\", but the config says \"9.9.9\"; push the chart \
             with helm, which makes the config from Chart.yaml"
        )
    );
    assert_eq!(report.findings()[0].found_line(), Some(3));
    let report = configured("description", json!("better than it is"));
    assert_eq!(only(&report).0, "RSH045");
    assert!(!report.rejects());
}

#[test]
fn messages_fit_on_a_line_of_a_terminal() {
    let long = "x".repeat(300);
    let mut config = config();
    config["version"] = "\u{e4}\n\u{1b}[31m".repeat(50).into();
    config["name"] = long.as_str().into();
    let layer = chart().file(&format!("web/{}", "y".repeat(90)), "").gzip();
    let report = Push::new(&config, &layer).annotation(TITLE, "\u{7}").review();
    assert!(report.findings().len() >= 3, "{:?}", codes(&report));
    for finding in report.findings() {
        let message = finding.message();
        assert!(message.len() <= 250 && message.is_ascii(), "{message}");
        assert!(!message.contains(|letter: char| letter.is_control()), "{message}");
    }
}

#[test]
fn every_code_is_explained_once() {
    let all = roadstead_plugin_helm::codes::ALL;
    for (i, code) in all.iter().enumerate() {
        assert!(code.id.starts_with("RSH") && code.id.len() == 6, "{}", code.id);
        assert!(i == 0 || all[i - 1].id < code.id, "{} is out of order", code.id);
        assert!(!code.summary.is_empty() && !code.summary.ends_with('.'), "{}", code.id);
        assert!(code.explanation.len() > 40, "{}", code.id);
        assert!(Helm::describe().declares(code.id));
        let readme = include_str!("../../README.md");
        let severity = if code.severity == Severity::Error { "error" } else { "warning" };
        let row = format!("| {} | {severity} | {} | {} |", code.id, code.summary, code.explanation);
        assert!(readme.contains(&row), "README.md has no row {row:?}");
    }
}
