//! Files of cases: what they become, and what is said of wrong ones.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::{fs, path::Path};

use roadstead_cases::{Case, Decision, Severity, Target, Tester, read};
use roadstead_oci::{Algorithm, Content, Digest};

fn read_text(text: &str, tester: Tester) -> Result<Vec<Case>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.yaml");
    fs::write(folder.path().join("key.pub"), "the key\n").unwrap();
    fs::write(&file, text).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read(&[&file], tester).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn one(text: &str) -> Case {
    let mut cases = read_text(text, Tester::Plugin).unwrap();
    assert_eq!(cases.len(), 1);
    cases.remove(0)
}

fn refused(text: &str) -> String {
    read_text(text, Tester::Plugin).unwrap_err()
}

/// The one layer of a case with this content.
fn layer(content: &str) -> Vec<u8> {
    let text = format!(
        "name: a\nmanifest:\n  layers:\n    - mediaType: a/b\n      {content}\nexpect: {{ notMine: \
         true }}\n"
    );
    let case = one(&text);
    let Target::Manifest(push) = &case.target else { panic!("it is a manifest") };
    let Content::Image { layers, .. } = &push.manifest.content else { panic!("it has layers") };
    let bytes = case.blobs[&layers[0].digest].clone();
    assert_eq!(layers[0].size, bytes.len() as u64);
    bytes
}

const CHART: &str = r#"
name: a chart
repository: charts/web
tags: ["1.2.3", latest]
kind: helm-chart
now: 1767225600
settings: { strict: true, keys: [{ name: release, keyFile: key.pub }] }
manifest:
  artifactType: application/x
  config: { mediaType: application/y, json: { version: 1.2.3, count: 1 } }
  layers:
    - mediaType: text/plain
      text: hello
      annotations: { title: hello.txt }
  annotations: { org.example: "1" }
expect:
  decision: reject
  findings: [A001, { code: A002, severity: warning, message: part, path: a/b, line: 3 }]
  annotations: { chart: web 1.2.3, files: ~, key: { value: v, authenticated: true } }
"#;

#[test]
fn a_case_becomes_exact_bytes_and_what_they_name() {
    let case = one(CHART);
    let Target::Manifest(push) = &case.target else { panic!("it is a manifest") };
    assert_eq!(case.name, "a chart");
    assert!(case.place.ends_with("x.yaml:2"), "{}", case.place);
    assert_eq!(push.repository.as_str(), "charts/web");
    assert_eq!(push.tags.len(), 2);
    assert_eq!(push.kind.as_deref(), Some("helm-chart"));
    assert_eq!(push.digest, Digest::of(Algorithm::Sha256, &push.bytes));
    assert_eq!(push.manifest.annotations.get("org.example"), Some("1"));
    assert_eq!(case.now, Some(1_767_225_600));
    let settings: serde_json::Value = serde_json::from_str(&case.settings).unwrap();
    let key = serde_json::json!([{ "name": "release", "key": "the key\n" }]);
    assert_eq!(settings, serde_json::json!({ "strict": true, "keys": key }));
    for (_, _, part) in push.manifest.descriptors() {
        assert!(part.digest.verifies(&case.blobs[&part.digest]));
    }
    let Content::Image { config, layers } = &push.manifest.content else { panic!("an image") };
    assert_eq!(case.blobs[&config.digest], br#"{"count":1,"version":"1.2.3"}"#);
    assert_eq!(layers[0].annotations.get("title"), Some("hello.txt"));
    assert_eq!(case.expect.decision, Some(Decision::Reject));
    let findings = case.expect.findings.unwrap();
    assert_eq!(findings[1].severity, Some(Severity::Warning));
    assert_eq!((findings[1].line, findings[0].line), (Some(3), None));
    let facts = case.expect.annotations.unwrap();
    assert_eq!(facts[1].value, None);
    assert_eq!(facts[2].authenticated, Some(true));
}

#[test]
fn an_entry_of_an_archive_has_a_mode_an_owner_and_a_link() {
    let tar = layer(
        "tar: { a: { text: x, mode: \"4755\", uid: 7, gid: 3000000, user: me, group: us, link: b \
         } }",
    );
    assert_eq!(&tar[100..108], b"0004755\0");
    assert_eq!(&tar[108..116], b"0000007\0");
    assert_eq!(tar[116..124], [0x80, 0, 0, 0, 0, 0x2d, 0xc6, 0xc0]);
    assert_eq!((tar[156], &tar[157..159]), (b'0', &b"b\0"[..]));
    assert_eq!((&tar[265..268], &tar[297..300]), (&b"me\0"[..], &b"us\0"[..]));
    let plain = layer("tar: { a: x }");
    assert_eq!(&plain[100..108], b"0000644\0");
    let program = layer("tar: { a: { directory: true, mode: \"1777\", user: root } }");
    assert_eq!((program[156], &program[100..108]), (b'5', &b"0001777\0"[..]));
    let wrong = |entry: &str| {
        refused(&format!(
            "name: a\nblob: {{ mediaType: a/b, tar: {{ a: {{ {entry} }} }} }}\nexpect: {{ notMine: \
             true }}\n"
        ))
    };
    for mode in ["4755", "\"4758\"", "\"+755\"", "\"\"", "\"77777777\""] {
        let error = wrong(&format!("text: x, mode: {mode}"));
        assert!(error.contains("a mode must be octal digits in quotes"), "{error}");
    }
    assert!(wrong("text: x, uid: -1").contains("write a whole number"));
    assert!(wrong("text: x, uid: 72057594037927936").contains("uid may be at most"));
    assert!(wrong(&format!("text: x, user: {}", "x".repeat(33))).contains("at most 32 bytes"));
    assert!(wrong("symlink: x, link: y").contains("not both"));
}

#[test]
fn content_has_many_forms() {
    assert_eq!(layer("text: hello"), b"hello");
    assert_eq!(layer("base64: aGVs bG8="), b"hello");
    assert_eq!(layer("file: key.pub"), b"the key\n");
    assert_eq!(layer("json: [1, 1.5, ~, true, x]"), br#"[1,1.5,null,true,"x"]"#);
    assert_eq!(layer("gzip: { gzip: { text: x } }")[..2], [0x1f, 0x8b]);
    let tar =
        layer("tar: { a: x, b/c: { symlink: /etc }, d: { directory: true }, e: { type: \"3\" } }");
    let flag = |block: usize| tar[block * 512 + 156];
    assert_eq!([flag(0), flag(2), flag(3), flag(4)], [b'0', b'2', b'5', b'3']);
    assert_eq!(&tar[512..514], b"x\0");
    assert_eq!(&tar[2 * 512 + 157..2 * 512 + 162], b"/etc\0");
    assert_eq!(tar.len() % 512, 0);
    let twice = layer("tar: [{ path: a, text: x }, { path: a, pax: { path: b }, text: y }]");
    assert_eq!(twice[2 * 512 + 156], b'x');
    assert_eq!(&twice[3 * 512..3 * 512 + 9], b"9 path=b\n");
    let long = "d/".repeat(60);
    assert_eq!(layer(&format!("tar: {{ {long}f: x }}"))[156], b'x');
    assert_eq!(layer("tgz: { a: x }")[..2], [0x1f, 0x8b]);
}

#[test]
fn a_part_may_lie_and_may_be_missing() {
    let case = one(
        "name: a\nmanifest:\n  config: { mediaType: a/b, text: hello, size: 7 }\n  layers:\n  - { \
         mediaType: a/c, text: gone, absent: true }\n  subject: { manifest: { annotations: { a: b \
         } } }\nexpect: { fails: x }\n",
    );
    let Target::Manifest(push) = &case.target else { panic!("it is a manifest") };
    let Content::Image { config, layers } = &push.manifest.content else { panic!("an image") };
    assert_eq!((config.size, case.blobs[&config.digest].len()), (7, 5));
    assert!(!case.blobs.contains_key(&layers[0].digest));
    let subject = push.manifest.subject.as_ref().unwrap();
    assert!(case.blobs.contains_key(&subject.digest));
    assert_eq!(subject.media_type, "application/vnd.oci.image.manifest.v1+json");
}

#[test]
fn an_index_has_children_and_a_blob_stands_alone() {
    let case = one("name: a\nmanifest:\n  manifests:\n  - { manifest: {}, platform: { os: linux, \
         architecture: arm64 } }\nexpect: { decision: accept }\n");
    let Target::Manifest(push) = &case.target else { panic!("it is a manifest") };
    let Content::Index { manifests } = &push.manifest.content else { panic!("an index") };
    assert_eq!(manifests[0].platform.as_ref().unwrap().architecture, "arm64");
    // the child and its empty config
    assert_eq!(case.blobs.len(), 2);
    let case = one("name: a\nblob: { mediaType: a/b, text: xyz }\nexpect: { findings: [] }\n");
    let Target::Blob { media_type, size, .. } = &case.target else { panic!("it is a blob") };
    assert_eq!((media_type.as_str(), *size), ("a/b", 3));
}

#[test]
fn a_manifest_may_be_given_as_it_is() {
    let case =
        one("name: a\nblobs: [{ text: \"{}\" }]\nmanifest:\n  text: '{\"schemaVersion\":2, \
         \"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}'\nexpect: { \
         notMine: true }\n");
    let Target::Manifest(push) = &case.target else { panic!("it is a manifest") };
    assert!(push.bytes.starts_with(b"{\"schemaVersion\":2, "));
    assert_eq!(case.blobs.len(), 1);
}

#[test]
fn a_file_holds_many_cases() {
    let documents = "name: a\nmanifest: {}\nexpect: { notMine: true }\n---\n- name: b\n  manifest: \
                     {}\n  expect: { notMine: true }\n- name: c\n  manifest: {}\n  expect: { \
                     notMine: true }\n";
    let cases = read_text(documents, Tester::Plugin).unwrap();
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let lines: Vec<_> = cases.iter().map(|case| case.place.rsplit(':').next().unwrap()).collect();
    assert_eq!(lines, ["1", "5", "8"]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let end = "expect: { notMine: true }\n";
    for (text, error) in [
        (
            "name: a\nmanifset: {}\n",
            "x.yaml:2:1: unknown key \"manifset\"; did you mean \"manifest\"?",
        ),
        ("name: a\nfrobnicate: {}\n", "x.yaml:2:1: unknown key \"frobnicate\"; known here: name, "),
        ("manifest: {}\n", "x.yaml:1:1: \"name\" is missing here"),
        ("name: a\n", "x.yaml:1:1: a case must have a \"manifest\" or a \"blob\""),
        (
            "name: a\nmanifest: {}\nblob: { mediaType: a/b, text: x }\n",
            "x.yaml:1:1: a case must have a ",
        ),
        ("name: a\nmanifest: {}\n", "x.yaml:1:1: \"expect\" is missing here"),
        ("name: a\nmanifest: {}\nexpect: {}\n", "x.yaml:3:9: the expectation is empty; write dec"),
        (
            "name: a\nmanifest: {}\nexpect: { notMine: true, decision: accept }\n",
            "x.yaml:3:9: \"notMine\" and \"fails\" can't be combined with other",
        ),
        (
            "name: a\nmanifest: {}\nexpect: { decision: acept }\n",
            "x.yaml:3:9: unknown decision \"acept\"; did you mean \"accept\"?",
        ),
        (
            "name: a\nmanifest: {}\nexpect: { rules: [a] }\n",
            "x.yaml:3:9: \"rules\" can't be checked here; `roadstead policy test` can check it",
        ),
        (
            "name: a\nmanifest: {}\nexpect: { findings: [{ cod: X }] }\n",
            "x.yaml:3:24: unknown key \"cod\"; did you mean \"code\"?",
        ),
        ("name: a\ntags: [1.0]\nmanifest: {}\n", "x.yaml:2:8: this is a number; write text, in qu"),
        ("name: a\ntags: [\"a b\"]\nmanifest: {}\n", "x.yaml:2:8: "),
        ("name: a\nrepository: A\nmanifest: {}\n", "x.yaml:1:1: "),
        ("name: a\nmanifest: []\n", "x.yaml:2:11: this is a list; write a mapping of mediaType,"),
        (
            "name: a\nmanifest:\n  config: { mediaType: a/b }\n",
            "x.yaml:3:11: the content is missing; write one of json, text",
        ),
        (
            "name: a\nmanifest:\n  config: { mediaType: a/b, text: x, json: y }\n",
            "x.yaml:3:11: content must be \"json\" or \"text\", not both",
        ),
        (
            "name: a\nmanifest:\n  config: { text: x }\n",
            "x.yaml:3:11: \"mediaType\" is missing here",
        ),
        ("name: a\nmanifest:\n  config: { mediaType: a/b, file: gone.bin }\n", "x.yaml:3:35: "),
        (
            "name: a\nmanifest: { layers: [], manifests: [] }\n",
            "x.yaml:2:11: a registry rejects this before any plugin sees it: ",
        ),
        ("name: a\nblob: { mediaType: a/b }\n", "x.yaml:2:7: the content is missing"),
        (
            "name: a\ntags: [x]\nblob: { mediaType: a/b, text: x }\n",
            "x.yaml:1:1: a review of a blob gets no \"tags\"; leave it out",
        ),
        ("name: a\nname: b\n", "x.yaml:2:1: no valid YAML: "),
        ("a: [\n", "x.yaml:"),
    ] {
        let text = if text.contains("expect") || error.contains("expect") {
            text.to_owned()
        } else {
            format!("{text}{end}")
        };
        let found = refused(&text);
        assert!(found.starts_with(error), "{text}{found}\nis not\n{error}");
    }
}

#[test]
fn a_file_has_cases_of_different_names() {
    let case = "name: a\nmanifest: {}\nexpect: { notMine: true }\n";
    let twice = refused(&format!("{case}---\n{case}"));
    assert_eq!(twice, "x.yaml:5:1: there is already a case \"a\"; give this one another name");
    assert_eq!(refused("# nothing\n"), "x.yaml: it has no cases");
}

#[test]
fn a_policy_is_tested_for_other_things_than_a_plugin() {
    let policy = |text: &str| read_text(text, Tester::Policy);
    let cases = policy("name: a\nmanifest: {}\nexpect: { decision: accept, rules: [r] }\n");
    assert_eq!(cases.unwrap()[0].expect.rules, Some(vec!["r".to_owned()]));
    for (text, error) in [
        (
            "settings: {}\nmanifest: {}\nexpect: { rules: [] }\n",
            "\"settings\" is for the test of a",
        ),
        ("blob: {}\nexpect: { rules: [] }\n", "\"blob\" is for the test of a plugin"),
        (
            "manifest: {}\nexpect: { notMine: true }\n",
            "\"notMine\" can't be checked here; `roadstead p",
        ),
    ] {
        let found = policy(&format!("name: a\n{text}")).unwrap_err();
        assert!(found.contains(error), "{found}");
    }
}

#[test]
fn a_folder_is_read_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let empty = read(&[folder.path()], Tester::Plugin).unwrap_err().to_string();
    assert!(empty.ends_with(": there is no .yaml file in this folder"), "{empty}");
    for file in ["b.yaml", "a.yml"] {
        let name = &file[..1];
        let text = format!("name: {name}\nmanifest: {{}}\nexpect: {{ notMine: true }}\n");
        fs::write(folder.path().join(file), text).unwrap();
    }
    for file in ["key.pub", ".a.yaml", "c.yaml~"] {
        fs::write(folder.path().join(file), "no cases").unwrap();
    }
    fs::create_dir(folder.path().join("folder.yml")).unwrap();
    let cases = read(&[folder.path()], Tester::Plugin).unwrap();
    assert_eq!(cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let gone = read(&[Path::new("gone.yaml")], Tester::Plugin).unwrap_err().to_string();
    assert!(gone.starts_with("gone.yaml: it can't be read: "), "{gone}");
}
