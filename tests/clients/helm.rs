//! helm 3 and 4: push, pull, show, and a refusal that a person can act on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::harness::{Server, said, tool};

struct Helm {
    binary: PathBuf,
    folder: tempfile::TempDir,
}

impl Helm {
    fn new(version: &str) -> Self {
        Self {
            binary: tool(&format!("helm-{version}"), "helm"),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let home = self.folder.path();
        Command::new(&self.binary)
            .args(arguments)
            .current_dir(home)
            .env("HOME", home)
            .env("HELM_CACHE_HOME", home.join("cache"))
            .env("HELM_CONFIG_HOME", home.join("config"))
            .env("HELM_DATA_HOME", home.join("data"))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "helm {arguments:?}: {}", said(&output));
        said(&output)
    }

    fn push(&self, server: &Server, archive: &str) -> Output {
        let url = format!("oci://{}/charts", server.addr());
        self.run(&["push", archive, &url, "--plain-http"])
    }

    /// Writes the chart `web`.
    fn chart(&self, files: &[(&str, &str)]) {
        drop(fs::remove_dir_all(self.folder.path().join("web")));
        for (name, content) in files {
            let path = self.folder.path().join("web").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

const CHART: [(&str, &str); 3] = [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 1.10\n"),
    ("values.yaml", "greeting: hello\n"),
    ("templates/greeting.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n"),
];

fn journey(version: &str) {
    let server = Server::start(&[]);
    let helm = Helm::new(version);
    helm.chart(&CHART);
    helm.ok(&["package", "web"]);
    let archive = helm.folder.path().join("web-0.1.0.tgz");
    let pushed = fs::read(&archive).unwrap();
    let output = helm.push(&server, "web-0.1.0.tgz");
    assert!(output.status.success(), "{}", said(&output));
    let url = format!("oci://{}/charts/web", server.addr());
    let shown = helm.ok(&["show", "chart", &url, "--version", "0.1.0", "--plain-http"]);
    assert!(shown.contains("name: web"), "{shown}");
    let rendered = helm.ok(&["template", &url, "--version", "0.1.0", "--plain-http"]);
    assert!(rendered.contains("kind: ConfigMap"), "{rendered}");
    fs::remove_file(&archive).unwrap();
    helm.ok(&["pull", &url, "--version", "0.1.0", "--plain-http"]);
    assert!(fs::read(&archive).unwrap() == pushed, "pulled what was not pushed");
    tampered(&server, &helm, &archive);
    server.is_sound();
}

/// A link in the archive: helm packs and pushes it; whoever unpacks it may follow it.
fn tampered(server: &Server, helm: &Helm, archive: &Path) {
    helm.chart(&[("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.2.0\n"), CHART[1]]);
    let folder = helm.folder.path();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("web/users.txt")).unwrap();
    let archive = archive.with_file_name("web-0.2.0.tgz");
    let mut tar = Command::new("tar");
    tar.args(["czf", archive.to_str().unwrap(), "web"]).current_dir(folder);
    assert!(tar.status().unwrap().success());
    let refused = helm.push(server, "web-0.2.0.tgz");
    let text = said(&refused);
    assert!(!refused.status.success(), "{text}");
    assert!(text.contains("rule charts-are-valid: "), "{text}");
    assert!(text.contains("users.txt") && text.contains("[RSH"), "{text}");
    let id = text.split(" verdict ").nth(1).unwrap().split(']').next().unwrap();
    let shown = server.command(&["verdict", "show", id]);
    assert!(said(&shown).contains("users.txt"), "{}", said(&shown));
    let url = format!("oci://{}/charts/web", server.addr());
    let pulled = helm.run(&["pull", &url, "--version", "0.2.0", "--plain-http"]);
    assert!(!pulled.status.success(), "a refused chart is there: {}", said(&pulled));
    fs::remove_file(folder.join("web/users.txt")).unwrap();
    helm.ok(&["package", "web"]);
    let output = helm.push(server, "web-0.2.0.tgz");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn helm_3() {
    journey("3.22.0");
}

#[test]
fn helm_4() {
    journey("4.3.1");
}

/// What a catalogue shows of a chart comes from its config; what is installed, from its layer.
#[test]
fn a_chart_whose_config_lies_is_refused() {
    let server = Server::start(&[]);
    let helm = Helm::new("4.3.1");
    helm.chart(&CHART);
    helm.ok(&["package", "web"]);
    let config = r#"{"apiVersion":"v2","name":"web","version":"9.9.9"}"#;
    fs::write(helm.folder.path().join("config.json"), config).unwrap();
    let pushed = Command::new(tool("oras-1.3.6", "oras"))
        .args(["push", "--plain-http", &format!("{}/charts/web:9.9.9", server.addr())])
        .args(["--config", "config.json:application/vnd.cncf.helm.config.v1+json"])
        .arg("web-0.1.0.tgz:application/vnd.cncf.helm.chart.content.v1.tar+gzip")
        .current_dir(helm.folder.path())
        .output()
        .unwrap();
    let text = said(&pushed);
    assert!(!pushed.status.success(), "{text}");
    assert!(text.contains("rule charts-are-valid: ") && text.contains("9.9.9"), "{text}");
    assert!(text.contains("0.1.0") && text.contains("[RSH"), "{text}");
    server.is_sound();
}
