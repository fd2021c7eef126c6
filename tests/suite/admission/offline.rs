//! `roadstead policy eval` of files that were made to hurt: an error that says what is wrong with
//! them, in bounded time and memory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use roadstead_oci::media_type::{OCI_INDEX, OCI_MANIFEST};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::charts::{YAML, chart};
use crate::{
    client::{descriptor, sha256},
    harness::{ROADSTEAD, said},
};

/// Evaluates a file, and answers the exit code and what was said. Stops what hangs.
fn eval(path: &Path) -> (Option<i32>, String) {
    let mut command = Command::new("timeout");
    command.args(["60", ROADSTEAD, "policy", "eval", "--as", "app:1"]).arg(path);
    let output = command.output().unwrap();
    (output.status.code(), said(&output))
}

/// Makes what waits for ever for whoever opens it.
pub(super) fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// An OCI layout in the making.
struct Layout(TempDir);

impl Layout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn blob(&self, bytes: &[u8]) -> PathBuf {
        self.path().join("blobs/sha256").join(sha256(bytes).hex())
    }

    /// Stores a blob, and answers its descriptor.
    fn add(&self, media_type: &str, bytes: &[u8]) -> Value {
        fs::write(self.blob(bytes), bytes).unwrap();
        descriptor(media_type, bytes)
    }

    fn index(&self, manifest: &Value) {
        let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
        fs::write(self.path().join("index.json"), index.to_string()).unwrap();
    }
}

#[test]
fn indexes_within_indexes_have_an_end() {
    let layout = Layout::new();
    let index = |children: Vec<Value>| {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
        layout.add(OCI_INDEX, index.to_string().as_bytes())
    };
    let mut top = index(Vec::new());
    for levels in 1..20_000 {
        top = index(vec![top]);
        if levels == 4 {
            layout.index(&top);
            let (code, told) = eval(layout.path());
            assert_eq!(code, Some(0), "{told}");
        }
    }
    layout.index(&top);
    let (code, told) = eval(layout.path());
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("indexes are nested more than"), "{told}");
}

#[test]
fn what_as_names_wins_over_the_layout_s_own_name() {
    let layout = Layout::new();
    let manifest = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
        "config": layout.add("a/b", b"{}") });
    let mut named = layout.add(OCI_MANIFEST, manifest.to_string().as_bytes());
    named["annotations"] = json!({ "org.opencontainers.image.ref.name": "1.0" });
    layout.index(&named);
    let policy = layout.path().join("policy.yaml");
    let shut =
        "version: 1\nrules:\n  - { name: shut, match: { tags: [latest] }, acceptOnly: [wasm] }";
    fs::write(&policy, shut).unwrap();
    let eval = |reference: &str| {
        let mut command = Command::new(ROADSTEAD);
        command.args(["policy", "eval", "--as", reference, "--policy"]);
        let output = command.args([&policy, layout.path()]).output().unwrap();
        (output.status.code(), said(&output))
    };
    let (code, told) = eval("prod/web:latest");
    assert!(code == Some(1) && told.contains("  prod/web:latest\n"), "{told}");
    assert!(told.contains("has the tag 1.0 in the artifact; it is judged as latest"), "{told}");
    let (code, told) = eval("prod/web:1.0");
    assert!(code == Some(0) && !told.contains("note:"), "{told}");
    let (code, told) = eval("prod/web");
    assert!(code == Some(0) && told.contains("  prod/web:1.0\n"), "{told}");
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.tgz");
    pipe(&path);
    let (code, told) = eval(&path);
    assert!(code == Some(2) && told.contains("it is not a file"), "{told}");
    let layout = Layout::new();
    let manifest = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
        "config": layout.add("a/b", b"{}") });
    layout.index(&layout.add(OCI_MANIFEST, manifest.to_string().as_bytes()));
    assert_eq!(eval(layout.path()).0, Some(0));
    fs::remove_file(layout.blob(b"{}")).unwrap();
    pipe(&layout.blob(b"{}"));
    let (code, told) = eval(layout.path());
    assert!(code == Some(2) && told.contains("it is not a file"), "{told}");
    fs::remove_file(layout.path().join("index.json")).unwrap();
    pipe(&layout.path().join("index.json"));
    let (code, told) = eval(layout.path());
    assert!(code == Some(2) && told.contains("it is not a file"), "{told}");
}

#[test]
fn an_index_json_is_bounded() {
    let layout = Layout::new();
    fs::write(layout.path().join("index.json"), " ".repeat((16 << 20) + 1)).unwrap();
    let (code, told) = eval(layout.path());
    assert!(code == Some(2) && told.contains("has more than 16777216 bytes"), "{told}");
    let tar = layout.path().join("layout.tar");
    let mut command = Command::new("tar");
    let packed = command.arg("cf").arg(&tar).arg("-C").arg(layout.path()).arg("index.json");
    assert!(packed.status().unwrap().success());
    let (code, told) = eval(&tar);
    assert!(code == Some(2) && told.contains("has more than 16777216 bytes"), "{told}");
}

#[test]
fn a_chart_s_folder_has_to_be_packaged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Chart.yaml"), YAML).unwrap();
    let (code, told) = eval(folder.path());
    let cure = format!("run `helm package {}`", folder.path().display());
    assert!(code == Some(2) && told.contains(&cure), "{told}");
    fs::remove_file(folder.path().join("Chart.yaml")).unwrap();
    let (code, told) = eval(folder.path());
    assert!(code == Some(2) && told.contains("is not an OCI layout"), "{told}");
    // a layout is one whatever else lies there
    let layout = Layout::new();
    let manifest = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
        "config": layout.add("a/b", b"{}") });
    layout.index(&layout.add(OCI_MANIFEST, manifest.to_string().as_bytes()));
    fs::write(layout.path().join("Chart.yaml"), YAML).unwrap();
    let (code, told) = eval(layout.path());
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn a_gzip_file_without_a_chart_is_no_chart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.tgz");
    for (files, code, says) in [
        (&[("web/values.yaml", "a: 1")][..], 2, "it has no Chart.yaml in its top folder"),
        (&[("Chart.yaml", YAML)], 2, "it has no Chart.yaml in its top folder"),
        (&[("web/Chart.yaml", "name: [")], 1, "RSH"),
    ] {
        fs::write(&path, chart(files)).unwrap();
        let (exit, told) = eval(&path);
        assert!(exit == Some(code) && told.contains(says), "{files:?}: {told}");
    }
}

#[test]
fn a_chart_that_helm_would_not_unpack_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.tgz");
    let zeros = "\0".repeat(101 << 20);
    let files = [("web/Chart.yaml", YAML), ("web/zeros", &zeros)];
    fs::write(&path, chart(&files)).unwrap();
    let (code, told) = eval(&path);
    assert!(code == Some(1) && told.contains("RSH022 "), "{told}");
    fs::write(&path, chart(&[files[1], files[0]])).unwrap();
    let (code, told) = eval(&path);
    assert!(code == Some(2) && told.contains("unpacks to more than 100 MiB"), "{told}");
}
