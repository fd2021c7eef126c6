//! The cases of the bundled plugins, in the sandbox; each plugin's own tests run them natively.

use std::{fs, path::Path, process::Command};

use crate::harness::{ROADSTEAD, said};

#[test]
fn every_plugin_s_cases_become_what_they_say_in_the_sandbox() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tested = Vec::new();
    for entry in fs::read_dir(root.join("plugins")).unwrap() {
        let plugin = entry.unwrap();
        // `sdk` is a link, and its `cases` a crate
        let cases = plugin.path().join("cases");
        if plugin.file_type().unwrap().is_symlink() || !cases.is_dir() {
            continue;
        }
        let component = root.join("target/plugins").join(plugin.file_name());
        let mut command = Command::new(ROADSTEAD);
        command.args(["plugin", "test"]).arg(component.with_extension("wasm")).arg(cases);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        tested.push(plugin.file_name());
    }
    assert!(tested.contains(&"helm".into()), "{tested:?}");
}
