//! `roadstead plugin`, as whoever writes a plugin uses it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::harness::{ROADSTEAD, said};

fn component(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
    folder.join(name).with_extension("wasm")
}

fn plugin(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(ROADSTEAD).arg("plugin").args(arguments).args(paths).output().unwrap()
}

#[test]
fn inspect_shows_what_a_plugin_is() {
    let helm = component("helm");
    let output = plugin(&["inspect"], &[&helm]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("helm "), "{text}");
    let bytes = fs::metadata(&helm).unwrap().len();
    for line in [
        &format!("  size      {bytes} bytes"),
        "  reviews   manifests",
        "  imports   roadstead:admission/",
        "    RSH041  error    Chart.yaml and the config have different versions",
        "    RSH045  warning  ",
        "  limits, and the most that a policy may set",
        "    cpu       2s       600s",
        "    memory    64MiB    512MiB",
        "    decoded   1GiB     64GiB",
        "    calls     100000   10000000",
        "  settings, as a JSON Schema",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "no {line:?} in\n{text}");
    }
    let output = plugin(&["inspect", "--json"], &[&helm]);
    let about: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(about["name"], "helm");
    assert_eq!(about["bytes"], bytes);
    assert_eq!(about["targets"], serde_json::json!(["manifests"]));
    assert!(about["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(
        about["limits"][0],
        serde_json::json!({ "name": "time", "default": "30s", "most": "600s" })
    );
    let code = &about["codes"][0];
    assert_eq!((&code["id"], &code["severity"]), (&"RSH001".into(), &"error".into()));
    assert!(code["explanation"].as_str().unwrap().contains("helm"));
    let imports = about["imports"].as_array().unwrap();
    assert!(imports.iter().all(|it| it.as_str().unwrap().starts_with("roadstead:admission/")));
}

#[test]
fn the_built_in_plugins_are_shown_by_their_names() {
    for (name, code) in [("helm", "RSH041"), ("cosign", "RSC060"), ("image", "RSI001")] {
        let component = fs::read(component(name)).unwrap();
        for given in [name.to_owned(), format!("builtin:{name}")] {
            let output = plugin(&["inspect"], &[Path::new(&given)]);
            let text = said(&output);
            assert!(output.status.success(), "{text}");
            assert!(text.starts_with(&format!("{name} ")) && text.contains(code), "{text}");
            assert!(text.contains(&format!("  size      {} bytes", component.len())), "{text}");
            // the built-in helm plugin alone computes for longer than the usual time
            let cpu = if name == "helm" { "10s" } else { "2s" };
            assert!(text.contains(&format!("    cpu       {cpu:<7}  600s")), "{text}");
        }
    }
    // a file of that name in the folder does not hide it
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("helm"), "not wasm").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(ROADSTEAD);
        command.arg("plugin").args(arguments).current_dir(folder.path()).output().unwrap()
    };
    assert!(run(&["inspect", "helm"]).status.success());
    let text = said(&run(&["inspect", "./helm"]));
    assert!(text.contains("can't be loaded"), "{text}");
    let text = said(&run(&["inspect", "hlem"]));
    assert!(text.starts_with("error: can't read hlem; did you mean the built-in helm?"), "{text}");
    let text = said(&run(&["inspect", "none.wasm"]));
    assert!(text.contains("or a built-in plugin: cosign, helm, image\n"), "{text}");
    fs::write(
        folder.path().join("c.yaml"),
        format!("name: it\n{BLOB}expect: {{ notMine: true }}\n"),
    )
    .unwrap();
    let text = said(&run(&["test", "helm", "c.yaml"]));
    assert!(text.contains("the plugin does not review this kind of target"), "{text}");
}

#[test]
fn what_is_no_plugin_gets_the_loader_s_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.wasm");
    fs::write(&file, "not wasm").unwrap();
    for arguments in [&["inspect"][..], &["inspect", "--json"]] {
        let output = plugin(arguments, &[&file]);
        assert_eq!(output.status.code(), Some(1));
        let text = said(&output);
        assert!(text.starts_with("error: plugin none can't be loaded: "), "{text}");
    }
    let gone = said(&plugin(&["inspect"], &[&folder.path().join("gone.wasm")]));
    assert!(gone.starts_with("error: can't read ") && gone.contains("No such file"), "{gone}");
}

#[test]
fn what_a_policy_may_not_send_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.yaml");
    fs::write(&file, format!("name: it\n{BLOB}expect: {{ notMine: true }}\n")).unwrap();
    let output = plugin(&["test"], &[&component("helm"), &file]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("\n      the plugin does not review this kind of target\n"), "{text}");
}

/// Runs one case of the guest that breaks promises.
fn ran(case: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.yaml");
    fs::write(&file, format!("name: it\n{case}")).unwrap();
    let output = plugin(&["test"], &[&component("misbehave"), &file]);
    let prefix = format!("{}/", folder.path().display());
    (output.status.code(), said(&output).replace(&prefix, ""))
}

const BLOB: &str = "blob: { mediaType: text/plain, text: hello }\n";

#[test]
fn a_case_that_becomes_what_it_says_passes() {
    for (mode, expect, shown) in [
        ("find", "{ findings: [BAD001], decision: reject }", "reject with BAD001 ("),
        ("silent", "{ notMine: true }", "\"not mine\" ("),
        ("panic", "{ fails: panicked }", "a failure: the plugin panicked: "),
        ("allocate", "{ fails: bytes of memory }", "a failure: the plugin needs more "),
        ("give-up", "{ fails: idea }", "a failure: the plugin failed: no [31m idea ("),
    ] {
        let (code, text) = ran(&format!("{BLOB}settings: {{ mode: {mode} }}\nexpect: {expect}\n"));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.starts_with(&format!("ok    it: {shown}")), "{text}");
        assert!(text.contains(" ms, would be cached)"), "{text}");
        assert!(text.ends_with("\nthe case passed\n"), "{text}");
    }
    let asks = "manifest: { layers: [{ mediaType: a/b, text: x }] }\nnow: 42\nsettings: { mode: \
                now }\nexpect: { annotations: { said: \"42\" } }\n";
    let (code, text) = ran(asks);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("would not be cached"), "{text}");
}

#[test]
fn a_case_that_becomes_something_else_fails() {
    let image = "manifest: { layers: [{ mediaType: a/b, text: x }] }\nkind: helm-chart\n";
    for (case, mode, expect, told) in [
        (BLOB, "find", "{ decision: accept }", "expected accept, found reject"),
        (BLOB, "find", "{ findings: [] }", "found finding BAD001, error: it is bad"),
        (BLOB, "find", "{ findings: [BAD001, BAD002] }", "expected finding BAD002"),
        (BLOB, "silent", "{ decision: accept }", "expected accept, found \"not mine\""),
        (BLOB, "panic", "{ fails: memory }", "expected a failure that says \"memory\", found a f"),
        (BLOB, "refuse-settings", "{ notMine: true }", "settings/mode: no"),
        (
            BLOB,
            "read-once",
            "{ decision: accept }",
            "the result changes with reads of 1 bytes: accept (",
        ),
        (image, "find", "{ decision: reject }", "expected kind helm-chart, found unknown"),
    ] {
        let (code, text) = ran(&format!("{case}settings: {{ mode: {mode} }}\nexpect: {expect}\n"));
        assert_eq!(code, Some(1), "{mode}: {text}");
        assert!(text.starts_with("FAIL  it"), "{text}");
        assert!(text.contains(&format!("\n      at x.yaml:1\n      {told}")), "{text}");
        assert!(text.ends_with("\n1 of 1 cases failed\n"), "{text}");
    }
}

#[test]
fn a_file_that_can_t_be_read_as_cases_is_an_error() {
    let (code, text) = ran("expcet: {}\n");
    assert_eq!(code, Some(1));
    assert_eq!(text, "error: x.yaml:2:1: unknown key \"expcet\"; did you mean \"expect\"?\n");
}

#[test]
fn what_has_no_end_is_no_plugin() {
    for file in ["/dev/zero", "/dev/stdin"] {
        let text = said(&plugin(&["inspect"], &[Path::new(file)]));
        assert!(text.starts_with("error: can't read "), "{text}");
        assert!(text.contains("it is not a file"), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.wasm");
    fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    let text = said(&plugin(&["inspect"], &[&large]));
    assert!(text.contains("it has more than 67108864 bytes"), "{text}");
}
