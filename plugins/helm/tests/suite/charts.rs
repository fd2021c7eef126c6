//! Charts that somebody changed, and what the plugin says to those who pushed them.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{
    Plugin, Report, Severity, Target,
    testing::{Scene, Tar, gzip},
};
use serde_json::{Value, json};

use crate::push::{CHART, CONFIG, Push, codes};

const CHART_YAML: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: 1.16.0\n";
const TITLE: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";

fn config() -> Value {
    json!({ "apiVersion": "v2", "name": "web", "version": "1.2.3", "appVersion": "1.16.0" })
}

fn chart() -> Tar {
    Tar::new().file("web/Chart.yaml", CHART_YAML).file("web/values.yaml", "a: b\n")
}

/// Reviews an archive beside the config of a good one.
fn unpacked(archive: Tar) -> Report {
    Push::new(&config(), &archive.gzip()).review()
}

/// Reviews a good archive beside a config that was changed.
fn configured(field: &str, value: Value) -> Report {
    let mut config = config();
    config[field] = value;
    Push::new(&config, &chart().gzip()).review()
}

/// The one thing that was found.
fn only(report: &Report) -> (&str, &str) {
    assert_eq!(report.findings().len(), 1, "{:?}", report.findings());
    (report.findings()[0].code(), report.findings()[0].message())
}

#[test]
fn a_good_chart_is_accepted_and_described() {
    let push = Push::new(&config(), &chart().gzip()).annotation(TITLE, "web");
    let report = push.annotation(VERSION, "1.2.3").review();
    assert_eq!(report.findings(), []);
    let facts: Vec<_> =
        report.annotations().iter().map(|fact| (fact.key(), fact.value())).collect();
    assert_eq!(facts, [("chart", "web 1.2.3"), ("files", "2"), ("unpacked-bytes", "64")]);
}

#[test]
fn the_size_of_reads_makes_no_difference() {
    let evil = "apiVersion: v2\nname: web\nversion: 9.9.9\n";
    let layer = Tar::new()
        .file("web/Chart.yaml", evil)
        .file("web/big", vec![7; 100_000])
        .entry("web/link", b'2', b"")
        .gzip();
    let whole = Push::new(&config(), &layer).review();
    assert_eq!(codes(&whole), ["RSH025", "RSH041", "RSH045"]);
    for bytes in [1, 7, 511, 513] {
        let pieces = Push::new(&config(), &layer).read_bytes_max(bytes).review();
        assert_eq!(pieces, whole, "{bytes}");
    }
}

#[test]
fn a_chart_that_is_shown_otherwise_than_it_installs_is_refused() {
    let cases = [
        ("version", json!("9.9.9"), "RSH041"),
        ("name", json!("evil"), "RSH040"),
        ("apiVersion", json!("v1"), "RSH042"),
        ("type", json!("library"), "RSH043"),
        ("dependencies", json!([{ "name": "redis", "repository": "" }]), "RSH044"),
    ];
    for (field, value, code) in cases {
        let report = configured(field, value);
        let errors: Vec<_> =
            report.findings().iter().filter(|f| f.severity() == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{field}");
        assert_eq!(errors[0].code(), code, "{field}");
        assert_eq!(errors[0].found_path(), Some("web/Chart.yaml"));
    }
    let report = configured("version", json!("9.9.9"));
    assert_eq!(
        only(&report),
        (
            "RSH041",
            "Chart.yaml says version is \"1.2.3\", but the config says \"9.9.9\"; push the chart \
             with helm, which makes one from the other"
        )
    );
    assert_eq!(report.findings()[0].found_line(), Some(3));
    let report = configured("description", json!("better than it is"));
    assert_eq!(only(&report).0, "RSH045");
    assert!(!report.rejects());
}

#[test]
fn either_reading_of_a_number_will_do() {
    let layer = Tar::new().file("web/Chart.yaml", CHART_YAML.replace("1.2.3", "1.10")).gzip();
    for (version, accepted) in [("1.1", true), ("1.10", true), ("1.100", false), ("1.2", false)] {
        let mut config = config();
        config["version"] = version.into();
        let report = Push::new(&config, &layer).review();
        assert_eq!(report.rejects(), !accepted, "{version}");
    }
}

#[test]
fn annotations_must_not_say_something_else() {
    let push = Push::new(&config(), &chart().gzip());
    let report = push.clone().annotation(TITLE, "other").review();
    assert_eq!(
        only(&report),
        (
            "RSH005",
            "the annotation org.opencontainers.image.title is \"other\", but the chart's name is \
             \"web\"; push the chart with helm"
        )
    );
    assert_eq!(only(&push.annotation(VERSION, "1.2.4").review()).0, "RSH006");
}

#[test]
fn a_chart_has_its_parts_and_no_others() {
    let layer = chart().gzip();
    let push = || Push::new(&config(), &layer);
    assert_eq!(codes(&push().config_type("application/json").review()), ["RSH001"]);
    assert_eq!(codes(&push().config_type(&format!("{CONFIG}; x=y")).review()), ["RSH001"]);
    assert_eq!(codes(&push().layer(CHART, b"second").review()), ["RSH002"]);
    assert_eq!(codes(&push().layer("application/tar+gzip", b"second").review()), ["RSH002"]);
    assert_eq!(codes(&push().layer_type("application/tar+gzip").review()), [""; 0]);
    assert_eq!(codes(&push().layer_type("text/plain").review()), ["RSH002", "RSH004"]);
    let provenance = "application/vnd.cncf.helm.chart.provenance.v1.prov";
    let signed = push().layer(provenance, b"one");
    assert_eq!(codes(&signed.clone().review()), [""; 0]);
    assert_eq!(codes(&signed.layer(provenance, b"two").review()), ["RSH003"]);
    let other = push().layer("application/vnd.oci.image.layer.v1.tar", b"other").review();
    assert!(!other.rejects() && codes(&other) == ["RSH004"]);
}

#[test]
fn no_part_stands_where_helm_would_take_it_for_another() {
    let layer = chart().gzip();
    let push = || Push::new(&config(), &layer);
    let second = push().layer(CONFIG, br#"{"name":"evil"}"#).review();
    assert_eq!(
        only(&second),
        (
            "RSH007",
            "layer 1 has the type \"application/vnd.cncf.helm.config.v1+json\", which helm takes \
             for the chart's config wherever it stands; push the chart without it"
        )
    );
    let provenance = "application/vnd.cncf.helm.chart.provenance.v1.prov";
    let manifest = roadstead_plugin_sdk::oci::media_type::OCI_MANIFEST;
    let index = roadstead_plugin_sdk::oci::media_type::OCI_INDEX;
    for (media_type, codes_found) in [
        (CONFIG, &["RSH007"][..]),
        (CHART, &["RSH002", "RSH007"]),
        ("application/tar+gzip", &["RSH002", "RSH007"]),
        (provenance, &["RSH007"]),
        (manifest, &["RSH007"]),
        (index, &["RSH007"]),
        ("application/vnd.docker.distribution.manifest.v2+json", &["RSH007"]),
        ("application/vnd.example.other", &[]),
    ] {
        let report = push().subject(media_type).review();
        assert_eq!(codes(&report), codes_found, "{media_type} as the subject");
    }
    assert_eq!(codes(&push().layer(manifest, b"{}").review()), ["RSH007"]);
    let signed = push().layer(provenance, b"one").subject(provenance).review();
    assert_eq!(codes(&signed), ["RSH003", "RSH007"]);
    let swapped = Push::new(&config(), &layer).config_type(CHART).layer(CONFIG, b"{}").review();
    assert_eq!(codes(&swapped), ["RSH001", "RSH002", "RSH007", "RSH007"]);
    let many = (0..200).fold(push(), |push, _| push.layer(CONFIG, b"{}"));
    assert_eq!(many.review().findings().len(), 10);
}

#[test]
fn a_config_that_two_readers_could_read_differently_is_refused() {
    let layer = chart().gzip();
    for config in [
        &b"no JSON"[..],
        b"[]",
        br#"{"name":"web","name":"evil"}"#,
        br#"{"name":"web","Version":"9.9.9"}"#,
        "{\"ver\u{17f}ion\":\"9.9.9\"}".as_bytes(),
        br#"{"name":7}"#,
        br#"{"keywords":"web"}"#,
        br#"{"dependencies":[{"Name":"a"}]}"#,
        br#"{"maintainers":[{"name":[]}]}"#,
        &vec![b' '; 2 << 20],
    ] {
        let report = Push::new(&json!({}), &layer).config_bytes(config).review();
        assert_eq!(
            codes(&report),
            ["RSH010"],
            "{}",
            String::from_utf8_lossy(&config[..40.min(config.len())])
        );
    }
}

#[test]
fn metadata_that_helm_refuses_are_refused() {
    for (field, value, code) in [
        ("name", json!(""), "RSH011"),
        ("name", json!(".."), "RSH011"),
        ("name", json!("a/b"), "RSH011"),
        ("name", json!("a\\b"), "RSH011"),
        ("name", json!("a\u{200b}b"), "RSH011"),
        ("version", json!(null), "RSH012"),
        ("version", json!("one"), "RSH012"),
        ("version", json!("1.2"), "RSH013"),
        ("apiVersion", json!(""), "RSH014"),
        ("type", json!("service"), "RSH015"),
        ("dependencies", json!([null]), "RSH016"),
        ("dependencies", json!([{ "name": "a" }, { "name": "b", "alias": "a" }]), "RSH016"),
        ("dependencies", json!([{ "name": "a", "alias": "b c" }]), "RSH016"),
        ("maintainers", json!([null]), "RSH017"),
    ] {
        let report = configured(field, value.clone());
        assert!(codes(&report).contains(&code), "{field} {value}: {:?}", codes(&report));
    }
    let dependencies: Vec<_> = (0..60_000).map(|n| json!({ "name": n.to_string() })).collect();
    let report = configured("dependencies", dependencies.into());
    assert_eq!(codes(&report), ["RSH044"], "many dependencies take no time");
}

/// helm installs what Chart.yaml says, whatever the config looks like.
#[test]
fn chart_yaml_is_validated_as_well() {
    let yaml = |field: &str, value: &str| {
        let rest = ["apiVersion: v2", "name: web", "version: 1.2.3", "type: application"];
        let rest = rest.into_iter().filter(|line| !line.starts_with(field));
        [&rest.collect::<Vec<_>>().join("\n"), "\n", field, ": ", value, "\n"].concat()
    };
    for (field, value, code) in [
        ("name", "a/b", "RSH011"),
        ("name", "''", "RSH011"),
        ("version", "one", "RSH012"),
        ("version", "\"1.2.3\\u200b\"", "RSH012"),
        ("version", "1.2", "RSH013"),
        ("type", "service", "RSH015"),
        ("type", "\"library\\u200b\"", "RSH015"),
        ("dependencies", "[~]", "RSH016"),
        ("dependencies", "[{name: a}, {name: b, alias: a}]", "RSH016"),
        ("dependencies", "[{name: a, alias: \"a\\u200b\"}]", "RSH016"),
        ("maintainers", "[{name: a}, ~]", "RSH017"),
        ("apiVersion", "v7", "RSH018"),
    ] {
        let yaml = yaml(field, value);
        let report = unpacked(Tar::new().file("web/Chart.yaml", &yaml));
        assert!(codes(&report).contains(&code), "{yaml}: {:?}", report.findings());
        let found = report.findings().iter().find(|found| found.code() == code).unwrap();
        assert_eq!(found.found_path(), Some("web/Chart.yaml"));
    }
    // what both say is said once
    let mut config = config();
    config["version"] = "1.2".into();
    let layer = Tar::new().file("web/Chart.yaml", yaml("version", "'1.2'")).gzip();
    assert_eq!(codes(&Push::new(&config, &layer).review()), ["RSH013", "RSH045"]);
}

#[test]
fn helm_cleans_most_texts_and_not_the_others() {
    let with = |field: &str, config_value: Value| {
        let dirty = format!("{CHART_YAML}type: application\n{field}\n").replace('%', "\\u200b");
        let mut config = config();
        let name = field.split(':').next().unwrap();
        config[name] = config_value;
        let report = Push::new(&config, &Tar::new().file("web/Chart.yaml", dirty).gzip()).review();
        codes(&report).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(with("home: \"a%b\"", json!("ab")), [""; 0]);
    assert_eq!(with("keywords: [\"a%b\"]", json!(["ab"])), [""; 0]);
    assert_eq!(
        with(
            "dependencies: [{name: \"a%b\", repository: x}]",
            json!([{"name": "ab", "repository": "x"}])
        ),
        [""; 0]
    );
    assert_eq!(with("annotations: {a: \"a%b\"}", json!({"a": "ab"})), ["RSH045"]);
    assert_eq!(with("annotations: {a: \"a%b\"}", json!({"a": "a\u{200b}b"})), [""; 0]);
}

#[test]
fn nothing_leads_out_of_a_chart() {
    for (path, why) in [
        ("../../etc/passwd", "leads out of the chart's folder"),
        ("web/../../etc/passwd", "leads out of the chart's folder"),
        ("/etc/passwd", "is absolute"),
        ("web//etc/passwd", "is absolute"),
        ("web\\..\\..\\a", "leads out of the chart's folder"),
        ("web/c:/windows", "names a drive"),
    ] {
        let report = unpacked(chart().file(path, "x"));
        let quoted = path.replace('\\', "\\\\");
        let message = format!("the path \"{quoted}\" {why}; remove it from the chart");
        assert_eq!(only(&report), ("RSH024", message.as_str()));
    }
    for (type_flag, what) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'6', "a named pipe"),
        (b'Z', "an entry of an unknown type"),
    ] {
        let report = unpacked(chart().entry("web/templates/a", type_flag, b""));
        let (code, message) = only(&report);
        assert_eq!(code, "RSH025");
        assert!(message.starts_with(&format!("\"web/templates/a\" is {what}, ")), "{message}");
    }
    for path in ["README.md", "other/README.md"] {
        assert_eq!(only(&unpacked(chart().file(path, "x"))).0, "RSH026", "{path}");
    }
}

#[test]
fn a_chart_is_one_chart() {
    let evil = CHART_YAML.replace("1.2.3", "9.9.9");
    assert_eq!(codes(&unpacked(chart().file("web/Chart.yaml", &evil))), ["RSH029"]);
    assert_eq!(codes(&unpacked(chart().file("web/./Chart.yaml", &evil))), ["RSH029"]);
    assert_eq!(codes(&unpacked(chart().file("web/values.yaml", ""))), ["RSH029"]);
    assert_eq!(codes(&unpacked(Tar::new().file("web/values.yaml", ""))), ["RSH028"]);
    let elsewhere = Tar::new().file("other/Chart.yaml", CHART_YAML);
    assert_eq!(codes(&unpacked(elsewhere)), ["RSH027"]);
    let twice = chart().raw(&[0; 1024]).file("web/Chart.yaml", &evil);
    let report = unpacked(twice);
    assert_eq!(
        only(&report),
        (
            "RSH030",
            "the chart archive goes on after its end (byte 3072), where helm stops and others do \
             not; package the chart again with helm package"
        )
    );
    let good = chart().gzip();
    let member = Tar::new().file("web/Chart.yaml", &evil).gzip();
    let report = Push::new(&config(), &[good, member].concat()).review();
    assert_eq!(codes(&report), ["RSH030"]);
}

#[test]
fn what_can_t_be_unpacked_is_refused() {
    let review = |layer: &[u8]| Push::new(&config(), layer).review();
    let good = chart().gzip();
    for (layer, code) in [
        (&b""[..], "RSH020"),
        (b"no gzip at all", "RSH020"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0x04, 0, 1, 0, 0, 0x99, 0xe9, 0xd8, 0x51], "RSH020"),
        (&good[..good.len() / 2], "RSH020"),
        (&[&good[..], b"rubbish"].concat(), "RSH020"),
        (&gzip(b"no archive".repeat(100).as_slice()), "RSH021"),
        (&gzip(&[b"web/".as_slice(), &[0; 50]].concat()), "RSH021"),
    ] {
        assert_eq!(only(&review(layer)).0, code, "{layer:?}");
    }
}

#[test]
fn what_two_readers_of_tar_unpack_differently_is_refused() {
    let layer = Tar::new().pax("path", "web/values.yaml").pax("mtime", "1").file("web/a", "");
    let report = unpacked(chart().raw(layer.bytes()));
    assert_eq!(
        only(&report),
        (
            "RSH021",
            "\"pax\" is a second header of its kind for one entry, which readers of tar take \
             differently; package the chart again with helm package"
        )
    );
    let exported = Tar::new().entry("pax_global_header", b'g', b"19 comment=0123456\n");
    let exported = exported.raw(chart().bytes());
    assert_eq!(codes(&unpacked(exported)), [""; 0], "git archive writes a comment");
}

#[test]
fn bombs_are_refused_and_cost_little() {
    let zeros = vec![0; 4 << 20];
    let many = (0..26).fold(chart(), |archive, n| archive.file(&format!("web/{n}"), &zeros));
    let (code, message) = {
        let report = unpacked(many);
        let (code, message) = only(&report);
        (code.to_owned(), message.to_owned())
    };
    assert_eq!(code, "RSH022");
    assert!(message.contains("100 MiB"), "{message}");
    let report = unpacked(chart().file("web/big.bin", vec![0; (5 << 20) + 1]));
    assert_eq!(
        only(&report),
        (
            "RSH023",
            "\"web/big.bin\" has 5242881 bytes, and helm 3 takes 5 MiB a file; list it in \
             .helmignore"
        )
    );
    assert_eq!(codes(&unpacked(chart().file("web/big.bin", vec![0; 5 << 20]))), [""; 0]);
    let entries = (0..10_001).fold(chart(), |archive, n| archive.file(&format!("web/{n}"), ""));
    assert_eq!(only(&unpacked(entries)).0, "RSH022");
}

#[test]
fn a_chart_yaml_that_helm_can_t_read_is_refused_with_its_line() {
    let report = unpacked(Tar::new().file("web/Chart.yaml", "name: web\nkeywords: web\n"));
    assert_eq!(
        only(&report),
        (
            "RSH031",
            "helm can't read Chart.yaml:2: there is text where helm wants a list; correct it"
        )
    );
    for chart in ["a: [\n".to_owned(), "a: &a [*a]\n".into(), format!("a: {}", "[".repeat(500))] {
        let report = unpacked(Tar::new().file("web/Chart.yaml", &chart));
        assert_eq!(only(&report).0, "RSH031", "{chart}");
    }
    let text = "x".repeat(500_000);
    let aliases =
        format!("{CHART_YAML}description: &a {text}\nkeywords: [{}*a]\n", "*a, ".repeat(9));
    assert_eq!(
        only(&unpacked(Tar::new().file("web/Chart.yaml", &aliases))),
        (
            "RSH031",
            "helm can't read Chart.yaml:6: its aliases stand for more than 4194304 bytes; correct \
             it"
        )
    );
    let large = format!("{CHART_YAML}description: {}\n", "x".repeat(1 << 20));
    assert_eq!(only(&unpacked(Tar::new().file("web/Chart.yaml", &large))).0, "RSH031");
}

#[test]
fn findings_are_bounded() {
    let archive =
        (0..500).fold(chart(), |archive, n| archive.entry(&format!("web/{n}"), b'2', b""));
    assert_eq!(unpacked(archive).findings().len(), 10);
}

#[test]
fn messages_fit_on_a_line_of_a_terminal() {
    let long = "x".repeat(300);
    let mut config = config();
    config["version"] = "\u{e4}\n\u{1b}[31m".repeat(50).into();
    config["name"] = long.as_str().into();
    let layer = chart().file(&format!("web/{}", "y".repeat(90)), "").gzip();
    let report = Push::new(&config, &layer).annotation(TITLE, "\u{7}").review();
    assert!(report.findings().len() >= 4, "{:?}", codes(&report));
    for finding in report.findings() {
        let message = finding.message();
        assert!(message.len() <= 250 && message.is_ascii(), "{message}");
        assert!(!message.contains(|letter: char| letter.is_control()), "{message}");
    }
}

#[test]
fn what_is_no_chart_is_left_alone() {
    let mut scene = Scene::new();
    let image = scene
        .manifest("image")
        .config("application/vnd.oci.image.config.v1+json", b"{}")
        .layer("application/vnd.oci.image.layer.v1.tar+gzip", b"")
        .build();
    assert_eq!(scene.review::<Helm>(&image, "{}"), Ok(None));
    let blob = scene.blob_target(CHART, b"");
    assert!(matches!(blob, Target::Blob(_)));
    assert_eq!(scene.review::<Helm>(&blob, "{}"), Ok(None));
    let disguised = scene.manifest("unknown").config(CONFIG, b"{}").build();
    assert!(scene.review::<Helm>(&disguised, "{}").unwrap().unwrap().rejects());
}

#[test]
fn what_is_not_there_yet_is_no_rejection() {
    let mut scene = Scene::new();
    let config = config().to_string();
    let layer = chart().gzip();
    let chart = scene.manifest("helm-chart").config(CONFIG, config.as_bytes());
    let target = chart.layer(CHART, &layer).build();
    let digest = scene.blob(&layer);
    scene.forget(&digest);
    assert!(scene.review::<Helm>(&target, "{}").is_err());
}

#[test]
fn it_takes_no_settings() {
    let scene = Scene::new();
    assert_eq!(scene.validate_settings::<Helm>("{}"), []);
    assert_eq!(scene.validate_settings::<Helm>(r#"{"strict":true}"#).len(), 1);
}

#[test]
fn every_code_is_explained_once() {
    let all = roadstead_plugin_helm::codes::ALL;
    for (i, code) in all.iter().enumerate() {
        assert!(code.id.starts_with("RSH") && code.id.len() == 6, "{}", code.id);
        assert!(i == 0 || all[i - 1].id < code.id, "{} is out of order", code.id);
        assert!(!code.summary.is_empty() && !code.summary.ends_with('.'), "{}", code.id);
        assert!(code.explanation.len() > 40, "{}", code.id);
        assert!(Helm::describe().declares(code.id));
        let readme = include_str!("../../README.md");
        let severity = if code.severity == Severity::Error { "error" } else { "warning" };
        let row = format!("| {} | {severity} | {} | {} |", code.id, code.summary, code.explanation);
        assert!(readme.contains(&row), "README.md has no row {row:?}");
    }
}
