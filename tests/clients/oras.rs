//! oras: artifacts of any type, referrers, copies, deletes.

use std::{
    fs,
    process::{Command, Output},
};

use crate::harness::{Server, said, tool};

struct Oras<'a> {
    server: &'a Server,
    folder: tempfile::TempDir,
}

impl Oras<'_> {
    /// Runs a command; `HOST` in an argument stands for the registry.
    fn run(&self, arguments: &[&str]) -> Output {
        let host = self.server.addr().to_string();
        let arguments = arguments.iter().map(|argument| argument.replace("HOST", &host));
        Command::new(tool("oras-1.3.6", "oras"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "oras {arguments:?}: {}", said(&output));
        said(&output)
    }

    fn file(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }
}

#[test]
fn an_artifact_of_an_unknown_type_goes_the_whole_way() {
    let server = Server::start(&[]);
    let oras = Oras { server: &server, folder: tempfile::tempdir().unwrap() };
    oras.file("hello.txt", "hello\n");
    oras.file("sbom.json", "{}\n");
    let plain = "--plain-http";
    let kind = "application/vnd.example.thing";
    oras.ok(&["push", plain, "HOST/a/thing:v1", "--artifact-type", kind, "hello.txt:text/plain"]);
    oras.ok(&[
        "attach",
        plain,
        "HOST/a/thing:v1",
        "--artifact-type",
        "application/sbom",
        "sbom.json",
    ]);
    let stored = oras.ok(&["manifest", "fetch", plain, "HOST/a/thing:v1"]);
    assert!(stored.contains(kind), "{stored}");
    let tree = oras.ok(&["discover", plain, "HOST/a/thing:v1"]);
    assert!(tree.contains("application/sbom"), "{tree}");
    oras.ok(&["tag", plain, "HOST/a/thing:v1", "v1.0", "latest"]);
    let tags = oras.ok(&["repo", "tags", plain, "HOST/a/thing"]);
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["latest", "v1", "v1.0"]);
    fs::remove_file(oras.folder.path().join("hello.txt")).unwrap();
    oras.ok(&["pull", plain, "HOST/a/thing:v1"]);
    assert_eq!(fs::read_to_string(oras.folder.path().join("hello.txt")).unwrap(), "hello\n");
    let copy =
        ["cp", "-r", "--from-plain-http", "--to-plain-http", "HOST/a/thing:v1", "HOST/b/thing:v1"];
    oras.ok(&copy);
    let tree = oras.ok(&["discover", plain, "HOST/b/thing:v1"]);
    assert!(tree.contains("application/sbom"), "{tree}");
    let repositories = oras.ok(&["repo", "ls", plain, "HOST"]);
    assert_eq!(repositories.lines().collect::<Vec<_>>(), ["a/thing", "b/thing"]);
    oras.ok(&["manifest", "delete", plain, "--force", "HOST/a/thing:v1.0"]);
    assert!(!oras.run(&["resolve", plain, "HOST/a/thing:v1.0"]).status.success());
    oras.ok(&["resolve", plain, "HOST/b/thing:v1"]);
    server.is_sound();
}
