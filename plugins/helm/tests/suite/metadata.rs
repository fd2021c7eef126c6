//! What the config and Chart.yaml say.

use roadstead_plugin_sdk::testing::Tar;
use serde_json::{Value, json};

use crate::push::{CHART_YAML, Push, chart, codes, config, configured, only, stopped_by, unpacked};

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
        let push = Push::new(&json!({}), &layer).repository("web").config_bytes(config);
        let report = push.review();
        let start = String::from_utf8_lossy(&config[..40.min(config.len())]);
        assert_eq!(stopped_by(&report).0, "RSH010", "{start}");
    }
}

/// The layer of a library with one dependency, and its config.
fn library() -> (Vec<u8>, Value) {
    let yaml = "apiVersion: v2\nname: web\nversion: 1.2.3\ntype: library\n\
                dependencies: [{name: a, version: 1.x.x, repository: https://x, alias: b}]\n\
                annotations: {team: x}\n";
    let a = Tar::new().file("a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n").gzip();
    let layer = Tar::new().file("web/Chart.yaml", yaml).file("web/charts/a.tgz", a).gzip();
    let config = json!({
        "apiVersion": "v2", "name": "web", "version": "1.2.3", "type": "library",
        "dependencies":
            [{ "name": "a", "version": "1.x.x", "repository": "https://x", "alias": "b" }],
        "annotations": { "team": "x" },
    });
    (layer, config)
}

/// helm looks at nothing in the config, and what is absent contradicts nothing.
#[test]
fn a_config_that_says_little_is_warned_of() {
    let (layer, full) = library();
    let review = |config: &Value| Push::new(config, &layer).repository("web").review();
    assert_eq!(codes(&review(&full)), [""; 0]);
    for thin in [
        json!({}),
        json!(null),
        json!({ "name": "web", "version": "1.2.3" }),
        json!({ "name": null, "version": "", "dependencies": [], "annotations": {} }),
    ] {
        let report = review(&thin);
        assert_eq!((codes(&report), report.rejects()), (vec!["RSH046"], false), "{thin}");
    }
    assert_eq!(
        only(&review(&json!({ "name": "web", "version": "1.2.3" }))).1,
        "the config lacks apiVersion, annotations, dependencies, type, which Chart.yaml has; push \
         the chart with helm, which makes the config from Chart.yaml"
    );
    for field in ["name", "version", "apiVersion", "type", "dependencies", "annotations"] {
        for value in [None, Some(Value::Null)] {
            let mut config = full.clone();
            let fields = config.as_object_mut().unwrap();
            match value {
                Some(value) => fields.insert(field.to_owned(), value),
                None => fields.remove(field),
            };
            assert_eq!(codes(&review(&config)), ["RSH046"], "{field}");
        }
    }
    for (field, value, code) in [
        ("/dependencies/0", json!({ "name": "a" }), "RSH046"),
        ("/dependencies/0", json!(null), "RSH046"),
        ("/dependencies/0/alias", json!(null), "RSH046"),
        ("/dependencies/0/name", json!("other"), "RSH044"),
        ("/dependencies/0/repository", json!("https://y"), "RSH044"),
        ("/dependencies", json!([{ "name": "a" }, { "name": "b" }]), "RSH044"),
        ("/name", json!("other"), "RSH040"),
        ("/version", json!("1.2.4"), "RSH041"),
        ("/apiVersion", json!("v1"), "RSH042"),
        ("/type", json!("application"), "RSH043"),
        ("/annotations", json!({ "other": "x" }), "RSH045"),
    ] {
        let mut config = full.clone();
        *config.pointer_mut(field).unwrap() = value.clone();
        assert_eq!(codes(&review(&config)), [code], "{field} {value}");
    }
    // what only one of the two has is a difference where Chart.yaml has nothing
    for (field, value, code) in [
        ("type", json!("library"), "RSH043"),
        ("dependencies", json!([{ "name": "a" }]), "RSH044"),
        ("description", json!("better"), "RSH045"),
    ] {
        assert_eq!(only(&configured(field, value)).0, code, "{field}");
    }
    let nameless = Tar::new().file("web/Chart.yaml", "apiVersion: v2\nversion: 1.2.3\n").gzip();
    let report = Push::new(&json!({}), &nameless).repository("web").review();
    assert_eq!(codes(&report), ["RSH011", "RSH046"], "helm refuses that");
}

/// Nobody reads the order of what a config lists.
#[test]
fn dependencies_in_another_order_are_warned_of() {
    let yaml = "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n\
                - {name: a, version: 1.x.x, repository: x}\n\
                - {name: a, version: 1.x.x, repository: x, alias: b}\n";
    let a = Tar::new().file("a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n").gzip();
    let layer = Tar::new().file("web/Chart.yaml", yaml).file("web/charts/a.tgz", a).gzip();
    let entry = |alias: &str, version: &str| {
        let (name, repository) = ("a", "x");
        json!({ "name": name, "version": version, "repository": repository, "alias": alias })
    };
    let review = |dependencies: Value| {
        let config = json!({
            "apiVersion": "v2", "name": "web", "version": "1.2.3", "dependencies": dependencies,
        });
        Push::new(&config, &layer).review()
    };
    let (first, second) = (entry("", "1.x.x"), entry("b", "1.x.x"));
    assert_eq!(codes(&review(json!([first, second]))), [""; 0]);
    let swapped = review(json!([second, first]));
    assert_eq!(
        only(&swapped),
        (
            "RSH045",
            "the config lists the dependencies in a different order than Chart.yaml; push the \
             chart with helm, which makes the config from Chart.yaml"
        )
    );
    assert!(!swapped.rejects());
    for other in [
        json!([entry("b", "2.x.x"), first]),
        json!([second, second]),
        json!([second, entry("c", "1.x.x")]),
        json!([second]),
        json!([second, first, entry("c", "1.x.x")]),
    ] {
        let report = review(other.clone());
        assert!(report.rejects() && codes(&report).contains(&"RSH044"), "{other}");
    }
}

#[test]
fn messages_name_the_place_and_read_well() {
    let (layer, full) = library();
    let review = |config: &Value| Push::new(config, &layer).repository("web").review();
    let mut unaliased = full.clone();
    unaliased["dependencies"][0]["alias"] = Value::Null;
    assert_eq!(
        only(&review(&unaliased)).1,
        "the config lacks dependencies/0/alias, which Chart.yaml has; push the chart with helm, \
         which makes the config from Chart.yaml"
    );
    let remedy = "push the chart with helm, which makes the config from Chart.yaml";
    for (field, value, difference) in [
        ("type", json!("library"), "has no type, but the config says \"library\""),
        ("dependencies", json!([{}]), "has no entry in dependencies, but the config has 1"),
    ] {
        let message = format!("Chart.yaml {difference}; {remedy}");
        assert_eq!(only(&configured(field, value)).1, message);
    }
    let mut more = full.clone();
    more["dependencies"] = json!([{ "name": "a" }, { "name": "b" }]);
    let message = "Chart.yaml has 1 entry in dependencies, but the config has 2";
    assert_eq!(only(&review(&more)).1, format!("{message}; {remedy}"));
}

/// A thin config is no way round the settings that go by name and version.
#[test]
fn what_a_policy_asks_for_is_asked_of_chart_yaml() {
    let layer = chart().gzip();
    let strict = json!({ "strictReference": true, "strictSemver": true });
    let push = || Push::new(&json!({}), &layer).settings(&strict).repository("charts/web");
    assert_eq!(codes(&push().tag("1.2.3").review()), ["RSH046"]);
    assert_eq!(codes(&push().tag("latest").review()), ["RSH046", "RSH070"]);
    assert_eq!(codes(&push().repository("charts/x").review()), ["RSH046", "RSH070"]);
    let short = Tar::new().file("web/Chart.yaml", CHART_YAML.replace("1.2.3", "'1.2'")).gzip();
    let report = Push::new(&json!({}), &short).settings(&strict).repository("web").review();
    assert_eq!(codes(&report), ["RSH071", "RSH046"]);
}

#[test]
fn many_dependencies_take_no_time() {
    let dependencies: Vec<_> = (0..60_000).map(|n| json!({ "name": n.to_string() })).collect();
    let report = configured("dependencies", dependencies.into());
    assert_eq!(codes(&report), ["RSH044"]);
}

/// helm installs what Chart.yaml says, whatever the config looks like.
#[test]
fn metadata_that_helm_refuses_are_refused() {
    let yaml = |field: &str, value: &str| {
        let rest = ["apiVersion: v2", "name: web", "version: 1.2.3", "type: application"];
        let rest = rest.into_iter().filter(|line| !line.starts_with(field));
        [&rest.collect::<Vec<_>>().join("\n"), "\n", field, ": ", value, "\n"].concat()
    };
    for (field, value, code) in [
        ("name", "a/b", "RSH011"),
        ("name", "''", "RSH011"),
        ("name", "'..'", "RSH011"),
        ("name", "a\\b", "RSH011"),
        ("version", "~", "RSH012"),
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
        ("apiVersion", "v3", "RSH018"),
        ("dependencies", "[{version: 1}, {version: 2}]", "RSH016"),
    ] {
        let yaml = yaml(field, value);
        let report = unpacked(Tar::new().file("web/Chart.yaml", &yaml));
        assert!(codes(&report).contains(&code), "{yaml}: {:?}", report.findings());
        let found = report.findings().iter().find(|found| found.code() == code).unwrap();
        assert_eq!(found.found_path(), Some("web/Chart.yaml"));
    }
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
        ("RSH031", "helm can't read Chart.yaml: there is text where helm wants a list; correct it")
    );
    let place = (report.findings()[0].found_path(), report.findings()[0].found_line());
    assert_eq!(place, (Some("web/Chart.yaml"), Some(2)));
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
            "Chart.yaml can't be judged: its aliases stand for more than 4194304 bytes; change that"
        )
    );
    let large = format!("{CHART_YAML}description: {}\n", "x".repeat(1 << 20));
    assert_eq!(stopped_by(&unpacked(Tar::new().file("web/Chart.yaml", &large))).0, "RSH031");
}

/// helm 3 takes such a number for text, helm 4 reads no Chart.yaml that has one anywhere.
#[test]
fn a_number_that_json_does_not_have_is_refused_with_its_line() {
    let review = |yaml: &str| unpacked(Tar::new().file("web/Chart.yaml", yaml));
    let bare = "apiVersion: v2\nname: web\nversion: 1.2.3\n";
    for number in [".inf", "+.Inf", "-.INF", ".NaN", "!!float .inf"] {
        for field in ["home: ", "keywords: [a, ", "annotations: {a: "] {
            let end = if field.ends_with("[a, ") { "]" } else { "" };
            let end = if field.contains('{') { "}" } else { end };
            let report = review(&format!("{bare}{field}{number}{end}\n"));
            let found = report.findings().iter().find(|found| found.code() == "RSH031").unwrap();
            assert_eq!(
                found.message(),
                "helm 4 can't read Chart.yaml: a value is infinite or not a number, which JSON \
                 does not have; put it in quotes"
            );
            let place = (found.found_path(), found.found_line());
            assert_eq!(place, (Some("web/Chart.yaml"), Some(4)), "{field}{number}");
            assert!(!codes(&report).contains(&"RSH050"), "helm 3 reads it, and so does this");
        }
    }
    for fine in ["'.inf'", "!!str .inf", ".infinite", "1e999", "-1e999", "1e39"] {
        let report = review(&format!("{bare}home: {fine}\n"));
        assert!(!codes(&report).contains(&"RSH031"), "{fine}: {:?}", report.findings());
    }
    let within = chart().file("web/charts/a/Chart.yaml", "name: a\nversion: 1.0.0\nhome: .inf\n");
    assert_eq!(codes(&unpacked(within)), [""; 0], "where both helms take it");
}

#[test]
fn an_old_chart_may_not_lose_its_api_version() {
    let chart = || Tar::new().file("web/Chart.yaml", "name: web\nversion: 1.2.3\n");
    assert!(!codes(&unpacked(chart())).contains(&"RSH014"), "which is v1 then");
    let report = unpacked(chart().file("web/requirements.yaml", "apiVersion: ''\n"));
    assert!(codes(&report).contains(&"RSH014"), "{:?}", report.findings());
}

#[test]
fn a_name_of_any_length_can_be_judged() {
    let mut config = config();
    config["name"] = "x".repeat(5_000).into();
    let yaml = CHART_YAML.replace("web", &"x".repeat(5_000));
    let layer = Tar::new().file("web/Chart.yaml", yaml).gzip();
    assert_eq!(codes(&Push::new(&config, &layer).review()), ["RSH027"]);
}
