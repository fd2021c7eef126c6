//! What others chose can't take over the terminal of whoever reads it: no command prints a letter
//! that moves the cursor, ends a line, or turns the direction of the text.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    admission::policies::Policy,
    client::Repository,
    harness::{ROADSTEAD, said},
};

/// C0 and C1 controls, separators of lines, marks, embeddings, overrides and isolates.
fn is_trap(letter: char) -> bool {
    let turns = "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                 \u{2066}\u{2067}\u{2068}\u{2069}";
    letter.is_control() && letter != '\n' || turns.contains(letter)
}

fn harmless(output: &Output) -> String {
    let text = said(output);
    assert!(!text.contains(is_trap), "{text:?}");
    text
}

fn roadstead(arguments: &[&str], path: &Path) -> Output {
    Command::new(ROADSTEAD).args(arguments).arg(path).output().unwrap()
}

#[test]
fn a_policy_is_reported_without_controls() {
    let folder = tempfile::tempdir().unwrap();
    // YAML has no C0 controls but as escapes
    let name = "a\u{202e}b\u{2066}c\u{61c}\u{85}\u{9b}d\\e\\x07";
    let text = format!(
        "version: 1\nplugins:\n  \"{name}\": {{ builtin: \"{name}\" }}\n\"{name}\": 1 # {name}\n\
         rules:\n  - {{ name: \"{name}\", acceptOnly: [\"{name}\"] }}\n"
    );
    for file in ["p.yaml", "p\u{1b}[2J\u{202e}\u{200f}\u{2069}.yaml"] {
        let path = folder.path().join(file);
        fs::write(&path, &text).unwrap();
        let output = roadstead(&["policy", "check"], &path);
        assert!(!output.status.success());
        let told = harmless(&output);
        assert!(told.contains("error: ") && told.contains("--> "), "{told}");
    }
    let gone = folder.path().join("gone\u{1b}[2J\u{202e}.yaml");
    assert!(harmless(&roadstead(&["policy", "check"], &gone)).contains("gone"));
}

#[tokio::test]
async fn neither_is_what_a_plugin_says_of_itself_nor_what_it_finds() {
    let policy = Policy::new(
        "version: 1\nplugins: { m: { file: misbehave.wasm, settings: { mode: traps } } }\n\
         rules:\n  - { name: r, check: [m] }\n  - { name: any, acceptOnly: [wasm] }\n",
    );
    let component = policy.path().with_file_name("misbehave.wasm");
    let told = harmless(&roadstead(&["plugin", "inspect"], &component));
    assert!(told.contains("Breaks promises") && told.contains("BAD001"), "{told}");
    let output = roadstead(&["plugin", "inspect", "--json"], &component);
    harmless(&output);
    // nothing is lost where it can be escaped
    let about: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(about["description"].as_str().unwrap().contains("\u{1b}[2J"), "{about}");
    assert!(about["settingsSchema"]["title"].as_str().unwrap().contains('\u{202e}'), "{about}");
    let path = policy.path();
    let explained = roadstead(&["explain", "BAD001", "--policy"], &path);
    assert!(harmless(&explained).contains("Bad."), "{explained:?}");

    let server = policy.serve();
    let repository = Repository::of(&server, "traps");
    let refused = repository.push("1", ("application/x", b"{}"), &[]).await.is(403);
    let id = refused.header("roadstead-verdict");
    let shown = harmless(&server.command(&["verdict", "show", id]));
    assert!(shown.contains("REJECTED  traps:1") && shown.contains("BAD001"), "{shown}");
    let output = server.command(&["verdict", "show", "--json", id]);
    harmless(&output);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdict["id"], id);
    let listed = harmless(&server.command(&["verdict", "list"]));
    assert!(listed.contains("traps:1"), "{listed}");
}
