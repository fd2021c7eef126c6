//! helm 3 and 4: login, push, pull, show, dependencies, provenance, and a refusal that a person
//! can act on.

use std::{fs, process::Output};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    client::Client,
    harness::{Server, USER, said},
};

const PLAIN: &str = "--plain-http";
const CHARTS: &str = "oci://HOST/charts";
const WEB: &str = "oci://HOST/charts/web";

const CHART: [(&str, &str); 3] = [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 1.10\n"),
    ("values.yaml", "greeting: hello\n"),
    ("templates/greeting.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n"),
];

/// A key that signs nothing but these charts: `gpg --quick-gen-key 'roadstead test
/// <test@example.com>' rsa2048 sign never`, then `gpg --export-secret-keys | base64`.
const KEYRING: &str = include_str!("keyring.txt");

fn helm<'a>(server: &'a Server, version: &str) -> Client<'a> {
    Client::new(server, &format!("helm-{version}"), "helm")
}

/// Writes a chart into a folder of its own.
fn chart(helm: &Client<'_>, name: &str, files: &[(&str, &str)]) {
    drop(fs::remove_dir_all(helm.path(name)));
    for (file, content) in files {
        helm.file(&format!("{name}/{file}"), content);
    }
}

fn push(helm: &Client<'_>, archive: &str) -> Output {
    helm.run(&["push", archive, CHARTS, PLAIN])
}

/// The digest that helm names.
fn digest(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("Digest: ")).expect(text);
    line.to_owned()
}

fn journey(version: &str) {
    let server = Server::guarded(&[]);
    let helm = helm(&server, version);
    let wrong = helm.log_in(&["registry", "login", "HOST", "-u", USER, "--password-stdin", PLAIN]);
    assert!(wrong.contains("wrong name or password"), "{wrong}");
    chart(&helm, "web", &CHART);
    helm.ok(&["package", "web"]);
    let archive = "web-0.1.0.tgz";
    let bytes = helm.bytes(archive);
    let pushed = helm.ok(&["push", archive, CHARTS, PLAIN]);
    let shown = helm.ok(&["show", "chart", WEB, "--version", "0.1.0", PLAIN]);
    assert!(shown.contains("name: web"), "{shown}");
    let rendered = helm.ok(&["template", WEB, "--version", "0.1.0", PLAIN]);
    assert!(rendered.contains("kind: ConfigMap"), "{rendered}");
    tampered(&server, &helm);
    fs::remove_file(helm.path(archive)).unwrap();
    helm.ok(&["registry", "logout", "HOST"]);
    let out = helm.refused(&["pull", WEB, "--version", "0.1.0", PLAIN]);
    assert!(out.contains("credential") || out.contains("401"), "{out}");
    helm.log_in(&["registry", "login", "HOST", "-u", USER, "--password-stdin", PLAIN]);
    let pulled = helm.ok(&["pull", WEB, "--version", "0.1.0", PLAIN]);
    assert_eq!(digest(&pulled), digest(&pushed));
    assert!(helm.bytes(archive) == bytes, "pulled what was not pushed");
    server.is_sound();
}

/// Packs the chart `web` with a link, `users.txt`, to a file of whoever unpacks it.
pub fn pack_with_link(helm: &Client<'_>, archive: &str) {
    std::os::unix::fs::symlink("/etc/passwd", helm.path("web/users.txt")).unwrap();
    let archive = fs::File::create(helm.path(archive)).unwrap();
    let gzip = flate2::write::GzEncoder::new(archive, flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    tar.follow_symlinks(false);
    tar.append_dir_all("web", helm.path("web")).unwrap();
    tar.into_inner().unwrap().finish().unwrap();
}

/// A link in the archive: helm packs and pushes it; whoever unpacks it may follow it.
fn tampered(server: &Server, helm: &Client<'_>) {
    let metadata = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.2.0\n");
    chart(helm, "web", &[metadata, CHART[1]]);
    pack_with_link(helm, "web-0.2.0.tgz");
    let refused = push(helm, "web-0.2.0.tgz");
    let text = said(&refused);
    assert!(!refused.status.success(), "{text}");
    assert!(text.contains("rule charts-are-valid: "), "{text}");
    assert!(text.contains("users.txt") && text.contains("[RSH"), "{text}");
    let id = text.split(" verdict ").nth(1).unwrap().split(']').next().unwrap();
    let shown = said(&server.command(&["verdict", "show", id]));
    assert!(shown.contains("users.txt") && shown.contains("pushed by anna"), "{shown}");
    helm.refused(&["pull", WEB, "--version", "0.2.0", PLAIN]);
    fs::remove_file(helm.path("web/users.txt")).unwrap();
    helm.ok(&["package", "web"]);
    helm.ok(&["push", "web-0.2.0.tgz", CHARTS, PLAIN]);
}

/// A chart that needs another of the same registry, and is signed.
fn signed_with_dependencies(version: &str) {
    let server = Server::start(&[]);
    let helm = helm(&server, version);
    let keyring: String = KEYRING.lines().collect();
    helm.file("keyring", STANDARD.decode(keyring.as_bytes()).unwrap());
    chart(&helm, "lib", &[("Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.2.3\n")]);
    helm.ok(&["package", "lib"]);
    helm.ok(&["push", "lib-1.2.3.tgz", CHARTS, PLAIN]);
    let metadata = format!(
        "{}dependencies:\n- {{ name: lib, version: ^1, repository: \"oci://{}/charts\" }}\n",
        CHART[0].1,
        server.addr()
    );
    chart(&helm, "web", &[("Chart.yaml", &metadata), CHART[1], CHART[2]]);
    helm.ok(&["dependency", "update", "web", PLAIN]);
    fs::remove_dir_all(helm.path("web/charts")).unwrap();
    helm.ok(&["dependency", "build", "web", PLAIN]);
    assert!(helm.bytes("web/charts/lib-1.2.3.tgz") == helm.bytes("lib-1.2.3.tgz"));
    helm.ok(&["package", "web", "--sign", "--key", "roadstead test", "--keyring", "keyring"]);
    helm.ok(&["push", "web-0.1.0.tgz", CHARTS, PLAIN]);
    fs::create_dir(helm.path("pulled")).unwrap();
    let verify = ["--verify", "--keyring", "keyring", "-d", "pulled"];
    let pull = [&["pull", WEB, "--version", "0.1.0", PLAIN][..], &verify].concat();
    let pulled = helm.ok(&pull);
    assert!(pulled.contains("Signed by: roadstead test"), "{pulled}");
    for file in ["web-0.1.0.tgz", "web-0.1.0.tgz.prov"] {
        assert!(helm.bytes(&format!("pulled/{file}")) == helm.bytes(file), "{file}");
    }
    server.is_sound();
}

#[test]
fn helm_3() {
    journey("3.22.0");
}

#[test]
fn helm_4() {
    journey("4.3.1");
}

#[test]
fn helm_3_with_dependencies_and_provenance() {
    signed_with_dependencies("3.22.0");
}

#[test]
fn helm_4_with_dependencies_and_provenance() {
    signed_with_dependencies("4.3.1");
}

/// What a catalogue shows of a chart comes from its config; what is installed, from its layer.
#[test]
fn a_chart_whose_config_lies_is_refused() {
    let server = Server::start(&[]);
    let (helm, oras) = (helm(&server, "4.3.1"), Client::new(&server, "oras-1.3.6", "oras"));
    chart(&helm, "web", &CHART);
    helm.ok(&["package", "web"]);
    oras.file("config.json", r#"{"apiVersion":"v2","name":"web","version":"9.9.9"}"#);
    oras.file("web-0.1.0.tgz", helm.bytes("web-0.1.0.tgz"));
    let config = "config.json:application/vnd.cncf.helm.config.v1+json";
    let layer = "web-0.1.0.tgz:application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let text = oras.refused(&["push", PLAIN, "HOST/charts/web:9.9.9", "--config", config, layer]);
    assert!(text.contains("rule charts-are-valid: ") && text.contains("9.9.9"), "{text}");
    assert!(text.contains("0.1.0") && text.contains("[RSH"), "{text}");
    server.is_sound();
}
