//! Files of cases, run natively: a case that must fail does fail, and says why.

#![expect(clippy::panic, reason = "a plugin may panic")]

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use roadstead_plugin_sdk::{content, context, prelude::*, testing};

/// Does what its settings say.
struct Obedient;

#[derive(Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    mode: String,
}

const FOUND: Code = Code::warning("OB001", "found", "");

impl Plugin for Obedient {
    type Settings = Settings;

    fn describe() -> Metadata {
        Metadata::new("obedient", "0.1.0", "").reviews_manifests().codes(&[FOUND])
    }

    fn review(target: &Target, settings: &Settings) -> Review {
        let Target::Manifest(manifest) = target else { return Ok(None) };
        let mut report = Report::new();
        match settings.mode.as_str() {
            "fail" => return Err(Failure::Internal("no idea".to_owned())),
            "panic" => panic!("what now"),
            "undeclared" => drop(report.find(&Code { id: "OB002", ..FOUND }, "?")),
            "find" => drop(report.find(&FOUND, "it is there").path("a/b").line(3)),
            "read-once" => {
                let layer = manifest.layers().next().expect("a layer");
                let mut bytes = [0; 100];
                let mut blob = content::open(&layer.digest)?;
                let len = std::io::Read::read(&mut blob, &mut bytes).expect("it can be read");
                report.find(&FOUND, format!("{len} bytes"));
            }
            "context" => {
                let subject = manifest.subject().expect("a subject");
                let about = context::manifest(&subject.digest).expect("it is there");
                report.annotate("media-type", about.media_type);
                let referrers = context::referrers(&subject.digest, Some("a/signature"));
                report.annotate("referrers", referrers.len().to_string());
                report.annotate("now", context::now().to_string());
            }
            _ => return Ok(None),
        }
        Ok(Some(report))
    }
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(name).with_extension("yaml");
    fs::write(&file, text).expect("a file");
    file
}

fn run(name: &str, text: &str) -> Result<(), String> {
    let path = file(name, text);
    let path = path.to_str().expect("a path");
    let ran = catch_unwind(|| testing::cases::<Obedient>(path));
    ran.map_err(|why| why.downcast::<String>().expect("text").replace(path, "x.yaml"))
}

fn case(mode: &str, expect: &str) -> String {
    format!(
        "name: it\nsettings: {{ mode: {mode} }}\nmanifest: {{ layers: [{{ mediaType: a/b, text: \
         hello }}] }}\nexpect: {expect}\n"
    )
}

#[test]
fn cases_that_become_what_they_say_pass() {
    for (mode, expect) in [
        ("none", "{ notMine: true }"),
        ("fail", "{ fails: idea }"),
        ("panic", "{ fails: \"panicked: what now\" }"),
        ("undeclared", "{ fails: OB002 is not declared }"),
        ("find", "{ decision: accept, findings: [{ code: OB001, severity: warning, line: 3 }] }"),
    ] {
        assert_eq!(run(&format!("pass-{mode}"), &case(mode, expect)), Ok(()), "{mode}");
    }
}

#[test]
fn a_case_that_becomes_something_else_fails_with_all_that_is_otherwise() {
    for (mode, expect, told) in [
        ("none", "{ decision: accept }", "expected accept, found \"not mine\""),
        (
            "fail",
            "{ fails: other }",
            "expected a failure that says \"other\", found a failure: no ",
        ),
        ("find", "{ decision: reject }", "expected reject, found accept"),
        (
            "find",
            "{ findings: [{ code: OB001, path: a/c }] }",
            "expected finding OB001, path \"a/c\"\n  found finding OB001, warning, path \"a/b\", ",
        ),
        (
            "read-once",
            "{ decision: accept }",
            "the result changes with reads of 7 bytes\n  expected finding OB001, warning, message \
             with \"1 bytes\"\n  found finding OB001, warning: 5 bytes",
        ),
        ("{ a: b }", "{ notMine: true }", "settings/mode: invalid type: map, expected a string"),
    ] {
        let name = format!("fail-{}", mode.trim_matches(['{', '}', ' ']).replace(": ", ""));
        let error = run(&name, &case(mode, expect)).expect_err(mode);
        let start = format!("1 of 1 cases failed\nx.yaml:1: it\n  {told}");
        assert!(error.starts_with(&start), "{error}\nis not\n{start}");
    }
}

#[test]
fn what_a_policy_may_not_send_fails() {
    let text = "name: it\nblob: { mediaType: a/b, text: x }\nexpect: { notMine: true }\n";
    let error = run("blob", text).expect_err("it reviews manifests");
    assert_eq!(
        error,
        "1 of 1 cases failed\nx.yaml:1: it\n  the plugin does not review this kind of target"
    );
}

#[test]
fn what_is_no_file_of_cases_fails() {
    assert_eq!(
        run("wrong", "nane: it\n"),
        Err("x.yaml:1:1: unknown key \"nane\"; did you mean \"name\"?".to_owned())
    );
}

#[test]
fn manifests_among_the_content_are_in_the_repository() {
    let text = "
name: it
settings: { mode: context }
now: 42
blobs:
- manifest:
    artifactType: a/signature
    subject: &image { manifest: { annotations: { a: b } } }
- manifest: { artifactType: a/sbom, subject: *image }
manifest: { subject: *image }
expect:
  annotations:
    media-type: application/vnd.oci.image.manifest.v1+json
    referrers: '1'
    now: '42'
";
    assert_eq!(run("context", text), Ok(()));
}
