//! Charts are judged by what helm would make of them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Repository, manifest},
    harness::{Server, said},
};

pub(super) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub(super) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
pub(super) const YAML: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\ndescription: a web\n";

/// An archive of files and links; a name that begins with `->` is where a link points.
fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        // as it is: the builder's own way refuses paths that lead out
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        if let Some(target) = content.strip_prefix("->") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name(target).unwrap();
            header.set_size(0);
            header.set_cksum();
            builder.append(&header, std::io::empty()).unwrap();
        } else {
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn chart(entries: &[(&str, &str)]) -> Vec<u8> {
    gzip(&archive(entries))
}

pub(super) fn config() -> Value {
    json!({ "apiVersion": "v2", "name": "web", "version": "1.2.3", "description": "a web" })
}

async fn push(server: &Server, config: &Value, layer: &[u8]) -> Answer {
    let config = config.to_string();
    let repository = Repository::of(server, "charts/web");
    repository.push("1.2.3", (CONFIG, config.as_bytes()), &[(CHART, layer)]).await
}

#[tokio::test]
async fn a_good_chart_is_stored_and_each_bad_one_is_refused_with_a_reason() {
    let server = Server::start(&[]);
    let good = [("web/Chart.yaml", YAML), ("web/values.yaml", "a: 1\n")];
    push(&server, &config(), &chart(&good)).await.is(201);
    let link = [good[0], ("web/passwd", "->/etc/passwd")];
    let outside = [good[0], ("web/../../etc/passwd", "x")];
    let absolute = [good[0], ("/etc/passwd", "x")];
    let twice = [good[0], ("web/Chart.yaml", "name: evil\n")];
    let hidden = [archive(&good), archive(&[("web/templates/evil.yaml", "x")])].concat();
    let other = YAML.replace("1.2.3", "6.6.6");
    let renamed = json!({ "apiVersion": "v2", "name": "other", "version": "1.2.3" });
    let nameless = YAML.replace("name: web\n", "");
    let garbage = [chart(&good), b"garbage".to_vec()].concat();
    for (name, config, layer) in [
        ("a link", config(), chart(&link)),
        ("a path that leads out", config(), chart(&outside)),
        ("an absolute path", config(), chart(&absolute)),
        ("no Chart.yaml", config(), chart(&good[1..])),
        ("two Chart.yaml", config(), chart(&twice)),
        ("entries behind the end", config(), gzip(&hidden)),
        ("garbage behind the end", config(), garbage),
        ("another version inside", config(), chart(&[("web/Chart.yaml", &other)])),
        ("another name in the config", renamed, chart(&good)),
        ("no name", config(), chart(&[("web/Chart.yaml", &nameless)])),
        ("no gzip", config(), archive(&good)),
        ("no archive", config(), gzip(b"hello")),
    ] {
        let refused = push(&server, &config, &layer).await;
        assert_eq!(refused.status, 403, "{name}: {}", String::from_utf8_lossy(&refused.body));
        let error = &refused.errors()[0];
        assert!(error.starts_with("DENIED: rule charts-are-valid: "), "{name}: {error}");
        assert!(error.contains("[RSH") && error.contains(" verdict "), "{name}: {error}");
    }
    server.is_sound();
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_its_verdict_can_be_read() {
    let server = Server::start(&[]);
    let layer = chart(&[("web/Chart.yaml", YAML), ("web/x", "->/etc/passwd")]);
    let refused = push(&server, &config(), &layer).await.is(403);
    assert_eq!(refused.header("roadstead-verdict").len(), 11);
    let detail = refused.json()["errors"][0]["detail"].clone();
    assert_eq!(detail["rule"], "charts-are-valid");
    assert!(detail.as_object().unwrap().len() <= 6);
    let id = detail["verdict"].as_str().unwrap().to_owned();
    let again = push(&server, &config(), &layer).await.is(403);
    assert_eq!(again.json()["errors"][0]["detail"]["verdict"], id.as_str());
    let repository = Repository::of(&server, "charts/web");
    repository.get("manifests/1.2.3").await.is(404);
    let tags = repository.get("tags/list").await.is(200);
    assert_eq!(tags.json()["tags"], json!([]));
    let shown = server.command(&["verdict", "show", &id]);
    let text = said(&shown);
    assert!(shown.status.success() && text.starts_with("REJECTED  charts/web:1.2.3"), "{text}");
    assert!(text.contains("charts-are-valid"), "{text}");
    server.is_sound();
}

#[tokio::test]
async fn a_disguised_chart_is_judged_all_the_same() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "disguise");
    let bad = chart(&[("web/values.yaml", "x")]);
    let config = config().to_string();
    repository.push("plain", (CONFIG, config.as_bytes()), &[(CHART, &bad)]).await.is(403);
    let mut foreign = manifest((CONFIG, config.as_bytes()), &[(CHART, &bad)]);
    foreign["artifactType"] = json!("application/vnd.example.other");
    repository.put_manifest("foreign", &foreign).await.is(403);
    foreign["subject"] = foreign["config"].clone();
    repository.put_manifest("subject", &foreign).await.is(403);
    server.is_sound();
}

#[tokio::test]
async fn an_archive_that_a_reader_would_regret_is_refused_in_bounds() {
    let server = Server::start(&[]);
    let through = [
        ("web/Chart.yaml", YAML),
        ("web/out", "->/tmp"),
        ("web/out/evil", "written through the link"),
    ];
    let bomb = " ".repeat(300 << 20);
    let bomb = chart(&[("web/Chart.yaml", YAML), ("web/values.yaml", &bomb)]);
    assert!(bomb.len() < 4 << 20);
    for layer in [chart(&through), bomb] {
        let refused = push(&server, &config(), &layer).await.is(403);
        assert!(refused.errors()[0].contains("[RSH"), "{:?}", refused.errors());
    }
    server.is_sound();
}

#[tokio::test]
async fn d50_what_is_only_odd_is_stored_with_a_warning() {
    let server = Server::start(&[]);
    let lenient = json!({ "apiVersion": "v2", "name": "web", "version": "1.2" });
    let yaml = "apiVersion: v2\nname: web\nversion: \"1.2\"\n";
    let stored = push(&server, &lenient, &chart(&[("web/Chart.yaml", yaml)])).await.is(201);
    let warning = stored.header("warning").to_owned();
    assert!(warning.starts_with("299 - \"rule charts-are-valid: "), "{warning}");
    let shown = server.command(&["verdict", "show", stored.header("roadstead-verdict")]);
    assert!(said(&shown).starts_with("ACCEPTED  charts/web:1.2.3"), "{}", said(&shown));
}
