//! `roadstead policy eval` of a chart's archive comes to what a push of it by helm comes to,
//! however the chart is written.

use std::{fs::File, io::Write};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::{
    client::Client,
    harness::{Server, said},
};

/// What helm does with a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Helm {
    /// pushes it
    Pushes,
    /// refuses it before it asks the registry
    Stops,
}
use Helm::{Pushes, Stops};

const NAMED: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";

/// Charts by what is odd in them: the lines of Chart.yaml, behind [`NAMED`] unless they name the
/// chart themselves, and what helm does.
const ODD: &[(&str, &str, Helm)] = &[
    ("nothing", "description: a web\n", Pushes),
    ("null fields", "home: null\nkeywords:\nmaintainers: ~\ndeprecated: null\n", Pushes),
    ("a key twice", "description: a\ndescription: b\n", Pushes),
    ("a second document", "icon: a.png\n---\nname: other\nicon: b.png\n", Pushes),
    ("an escaped apostrophe", "description: \"it\\'s \\'a\\' web\"\n", Pushes),
    ("an escaped slash", "description: \"a\\/b\"\n", Stops),
    ("a timestamp", "appVersion: !!timestamp 2001-02-03\n", Pushes),
    ("a time without a tag", "appVersion: 2001-02-03\n", Pushes),
    ("base64", "description: !!binary aGVsbG8=\n", Pushes),
    (
        "numbers as text",
        "appVersion: 1.10\nannotations: { a: 1_0, b: 0x10, c: ~, d: 1e6 }\n",
        Pushes,
    ),
    ("words for truth", "deprecated: Yes\nappVersion: off\n", Pushes),
    ("a flag that is text", "deprecated: \"true\"\n", Stops),
    ("keys in another case", "Description: a\nKEYWORDS: [a, b]\ndescription: b\n", Pushes),
    (
        "anchors and merges",
        "annotations: &a { x: one, y: two }\nmaintainers:\n- &m { name: a }\n- \
      { <<: *m, email: b }\n",
        Pushes,
    ),
    ("an empty entry of a list", "sources: [~, a]\n", Pushes),
    ("an empty maintainer", "maintainers: [~]\n", Stops),
    ("unknown keys", "unknown: { a: [1, 2] }\nx-y: ~\n", Pushes),
    ("a line separator", "description: a\u{2028}icon: b\u{2028}home: c\n", Pushes),
    ("letters beyond ASCII", "description: \"\u{e4}\u{200b}\u{1f600}<&>\"\n", Pushes),
    (
        "values to import",
        "dependencies:\n- { name: a, version: 1, repository: \"\", import-values: \
      [data, { child: 1, parent: 0.5 }, yes] }\n",
        Pushes,
    ),
    ("a list for a name", "name: [web]\n", Stops),
    ("no YAML", "description: [\n", Stops),
    ("a dependency twice", "dependencies: [{ name: a }, { name: a }]\n", Stops),
    ("a number for a version", "apiVersion: v2\nname: web\nversion: 1.10\n", Pushes),
    ("a version with a plus", "apiVersion: v2\nname: web\nversion: 1.0.0+a\n", Pushes),
    ("a name that helm cleans", "apiVersion: v2\nname: \"we\u{200b}b\"\nversion: 0.1.0\n", Pushes),
    ("no version", "apiVersion: v2\nname: web\n", Stops),
    ("no apiVersion", "name: web\nversion: 0.1.0\n", Pushes),
    ("an unknown type", "type: thing\n", Stops),
];

fn metadata(lines: &str) -> String {
    match lines.starts_with("apiVersion: ") || lines.starts_with("name: web") {
        true => lines.to_owned(),
        false => format!("{NAMED}{lines}"),
    }
}

/// An archive of these files, with their bytes.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        // as it is: the builder's own way makes backslashes and more of it
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn read(text: &str) -> Value {
    let json = text.split_once(['[', '{']).map_or("", |(before, _)| &text[before.len()..]);
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a verdict comes to: the decision, the findings without what depends on the digest of the
/// manifest, and the facts.
fn outcome(verdict: &Value) -> (Value, Vec<String>, Value) {
    let found = |finding: &Value| {
        let of = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        [of("severity"), of("code"), of("message"), of("location")].join(" ")
    };
    let findings = verdict["findings"].as_array().unwrap().iter().map(found).collect();
    (verdict["decision"].clone(), findings, verdict["annotations"].clone())
}

/// Pushes and evaluates one archive, and compares.
fn compare(server: &Server, helm: &Client<'_>, what: &str, archive: &[u8], does: Helm) {
    let path = helm.path("web.tgz");
    File::create(&path).unwrap().write_all(archive).unwrap();
    let pushed = helm.run(&["push", "web.tgz", "oci://HOST/charts", "--plain-http"]);
    let text = said(&pushed);
    let file = path.to_str().unwrap();
    let tried = server.command(&["policy", "eval", "-o", "json", "--as", "charts/web", file]);
    let told = said(&tried);
    let asked = text.contains("Pushed: ") || text.contains("response status code 403");
    assert_eq!(if asked { Pushes } else { Stops }, does, "{what}: {text}");
    if !asked {
        assert_eq!(tried.status.code(), Some(1), "{what}: {text}{told}");
        return;
    }
    let tried = &read(&told)[0];
    let shown = if let Some((_, id)) = text.split_once(" verdict ") {
        let id = id.split(']').next().unwrap();
        read(&said(&server.command(&["verdict", "show", "--json", id])))
    } else {
        let tag = tried["tags"][0].as_str().unwrap_or_default();
        let shown = format!("charts/web:{tag}");
        let shown = said(&server.command(&["verdict", "show", "--json", &shown]));
        read(&shown)["verdicts"][0].clone()
    };
    assert_eq!(outcome(tried), outcome(&shown), "{what}: {text}");
    assert!(tried["digest"].is_string(), "{what}: {tried}");
    assert_eq!(tried["digest"], shown["digest"], "{what}: helm pushes other bytes");
}

fn charts(version: &str) {
    let server = Server::start(&[]);
    let helm = Client::new(&server, &format!("helm-{version}"), "helm");
    let compare = |what: &str, files: &[(&str, &[u8])], does| {
        compare(&server, &helm, what, &packed(files), does);
    };
    for (what, lines, does) in ODD {
        compare(what, &[("web/Chart.yaml", metadata(lines).as_bytes())], *does);
    }
    let yaml = NAMED.as_bytes();
    let marked = [&b"\xef\xbb\xbf"[..], yaml].concat();
    compare("a byte order mark", &[("web/Chart.yaml", &marked)], Pushes);
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(NAMED.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    compare("UTF-16", &[("web/Chart.yaml", &wide)], Pushes);
    compare("backslashes", &[("web\\Chart.yaml", yaml), ("web\\values.yaml", b"a: 1")], Pushes);
    let twice = [("web/Chart.yaml", yaml), ("web/Chart.yaml", b"description: a\n")];
    compare("Chart.yaml twice", &twice, Pushes);
    let old = metadata("apiVersion: v1\nname: web\nversion: 0.1.0\n");
    let needs = b"dependencies:\n- { name: a, version: 1.0, repository: \"\" }\n";
    let old = [("web/Chart.yaml", old.as_bytes()), ("web/requirements.yaml", &needs[..])];
    compare("requirements.yaml", &old, Pushes);
    compare("a file outside", &[("web/Chart.yaml", yaml), ("other/a", b"")], Pushes);
    compare("a folder of another name", &[("app/Chart.yaml", yaml)], Pushes);
    // in either order of the layers' digests
    for provenance in ["a", "b", "c", "d"] {
        std::fs::write(helm.path("web.tgz.prov"), provenance).unwrap();
        compare("a provenance", &[("web/Chart.yaml", yaml)], Pushes);
    }
    server.is_sound();
}

#[test]
fn helm_3() {
    charts("3.22.0");
}

#[test]
fn helm_4() {
    charts("4.3.1");
}
