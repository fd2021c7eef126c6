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
    tested.sort();
    assert_eq!(tested, ["cosign", "helm", "image"]);
}

#[test]
fn every_policy_that_we_hand_out_does_what_its_cases_say() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut tested = Vec::new();
    for entry in fs::read_dir(&policies).unwrap() {
        let policy = entry.unwrap().path();
        if policy.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let name = policy.file_name().unwrap();
        let cases = policies.join("cases").join(name);
        let output = Command::new(ROADSTEAD)
            .args(["policy", "test", "--policy"])
            .args([&policy, &cases])
            .output()
            .unwrap();
        assert!(output.status.success(), "{name:?}: {}", said(&output));
        let output =
            Command::new(ROADSTEAD).args(["policy", "check"]).arg(&policy).output().unwrap();
        assert!(output.status.success(), "{name:?}: {}", said(&output));
        assert!(!said(&output).contains("warning"), "{name:?}: {}", said(&output));
        tested.push(name.to_owned());
    }
    assert!(tested.len() >= 5, "{tested:?}");
}

#[test]
fn a_case_that_becomes_something_else_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, cases) = (folder.path().join("p.yaml"), folder.path().join("c.yaml"));
    fs::write(&policy, "version: 1\nrules:\n  - { name: shut, acceptOnly: [wasm] }").unwrap();
    let case = "name: any\nmanifest: { layers: [{ mediaType: a/b, text: x }] }\nexpect: { \
                decision: accept, rules: [] }";
    fs::write(&cases, case).unwrap();
    let mut command = Command::new(ROADSTEAD);
    let output = command.args(["policy", "test", "--policy"]).args([&policy, &cases]).output();
    let output = output.unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("expected accept, found reject") && told.contains("shut"), "{told}");
}

#[test]
fn a_folder_holds_files_of_either_ending() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().unwrap();
    let (policies, cases) = (folder.path().join("policies"), folder.path().join("cases"));
    for folder in [&policies, &cases] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join(".draft.yml"), "[").unwrap();
        fs::create_dir(folder.join("folder.yml")).unwrap();
    }
    let policy = "version: 1\nplugins: { image: { builtin: image } }\nrules:\n  - { name: shut, \
                  acceptOnly: [wasm] }";
    fs::write(policies.join("p.yml"), policy).unwrap();
    for (file, expect) in [("a.yaml", "{ decision: reject }"), ("b.yml", "{ decision: accept }")] {
        let case = format!(
            "name: {file}\nmanifest: {{ layers: [{{ mediaType: a/b, text: x }}] }}\nexpect: \
             {expect}"
        );
        fs::write(cases.join(file), case).unwrap();
    }
    let told = |arguments: &[&str], paths: &[&Path]| {
        let output = Command::new(ROADSTEAD).args(arguments).args(paths).output().unwrap();
        said(&output)
    };
    let by_policy = told(&["policy", "test", "--policy"], &[&policies, &cases]);
    assert!(by_policy.contains("a.yaml: reject with RSA001"), "{by_policy}");
    assert!(by_policy.contains("FAIL  b.yml") && by_policy.contains("of 2 cases"), "{by_policy}");
    fs::write(cases.join("b.yml"), "[").unwrap();
    let component = root.join("target/plugins/image.wasm");
    let by_plugin = told(&["plugin", "test"], &[&component, &cases]);
    assert!(by_plugin.contains("b.yml"), "{by_plugin}");
}

#[test]
fn quays_list_is_the_policy_that_we_hand_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    let import = |text: &str| {
        fs::write(&config, text).unwrap();
        let mut command = Command::new(ROADSTEAD);
        let output = command.args(["policy", "import", "quay"]).arg(&config).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let policy = folder.path().join("policy.yaml");
        fs::write(&policy, &output.stdout).unwrap();
        let checked = Command::new(ROADSTEAD).args(["policy", "check"]).arg(policy).output();
        assert!(checked.unwrap().status.success());
        said(&output)
    };
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let ours = fs::read_to_string(policies.join("quay.yaml")).unwrap();
    let rules = |text: &str| text.split_once("\nversion: 1\n").unwrap().1.trim().to_owned();
    assert_eq!(rules(&import("SERVER_HOSTNAME: quay.example\n")), rules(&ours));
    let own = "ALLOWED_OCI_ARTIFACT_TYPES:\n  application/vnd.sylabs.sif.config.v1+json:\n    - \
               application/vnd.sylabs.sif.layer.v1+tar\n";
    let told = import(own);
    assert!(told.contains("sif.layer") && !told.contains("helm.config"), "{told}");
    let images = import("FEATURE_GENERAL_OCI_SUPPORT: false\n");
    assert!(images.contains("- image-index") && !images.contains("type:"), "{images}");
    assert!(!import("IGNORE_UNKNOWN_MEDIATYPES: true\n").contains("acceptOnly"));
}
