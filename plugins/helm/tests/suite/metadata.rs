//! What the config and Chart.yaml say.

use roadstead_plugin_sdk::testing::Tar;
use serde_json::{Value, json};

use crate::push::{CHART_YAML, Push, chart, codes, config, configured, stopped_by, unpacked};

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
        let start = String::from_utf8_lossy(&config[..40.min(config.len())]);
        assert_eq!(stopped_by(&report).0, "RSH010", "{start}");
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
        ["RSH056"],
        "it is not there"
    );
    assert_eq!(with("annotations: {a: \"a%b\"}", json!({"a": "ab"})), ["RSH045"]);
    assert_eq!(with("annotations: {a: \"a%b\"}", json!({"a": "a\u{200b}b"})), [""; 0]);
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
fn a_chart_yaml_that_helm_can_t_read_is_refused_with_its_line() {
    let report = unpacked(Tar::new().file("web/Chart.yaml", "name: web\nkeywords: web\n"));
    assert_eq!(
        stopped_by(&report),
        (
            "RSH031",
            "helm can't read Chart.yaml:2: there is text where helm wants a list; correct it"
        )
    );
    for chart in ["a: [\n".to_owned(), "a: &a [*a]\n".into(), format!("a: {}", "[".repeat(500))] {
        let report = unpacked(Tar::new().file("web/Chart.yaml", &chart));
        assert_eq!(stopped_by(&report).0, "RSH031", "{chart}");
    }
    let text = "x".repeat(500_000);
    let aliases =
        format!("{CHART_YAML}description: &a {text}\nkeywords: [{}*a]\n", "*a, ".repeat(9));
    assert_eq!(
        stopped_by(&unpacked(Tar::new().file("web/Chart.yaml", &aliases))),
        (
            "RSH031",
            "helm can't read Chart.yaml:6: its aliases stand for more than 4194304 bytes; correct \
             it"
        )
    );
    let large = format!("{CHART_YAML}description: {}\n", "x".repeat(1 << 20));
    assert_eq!(stopped_by(&unpacked(Tar::new().file("web/Chart.yaml", &large))).0, "RSH031");
}

#[test]
fn a_name_of_any_length_can_be_judged() {
    let mut config = config();
    config["name"] = "x".repeat(5_000).into();
    let yaml = CHART_YAML.replace("web", &"x".repeat(5_000));
    let layer = Tar::new().file("web/Chart.yaml", yaml).gzip();
    assert_eq!(codes(&Push::new(&config, &layer).review()), ["RSH027"]);
}
