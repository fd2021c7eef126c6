//! What a policy may ask for beyond what helm does.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::testing::{Scene, Tar};
use serde_json::{Value, json};

use crate::push::{CHART_YAML, PROVENANCE, Push, chart, codes, config, golden, only};

fn keys() -> Value {
    table()["keys"].clone()
}

fn table() -> Value {
    golden("provenance")
}

/// The message about the keyring.
fn problem(keyring: &str) -> String {
    let settings = json!({ "keyring": keyring }).to_string();
    let problems = Scene::new().validate_settings::<Helm>(&settings);
    assert!(problems.iter().all(|problem| problem.pointer == "/keyring"));
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn settings_are_checked_when_a_policy_is_loaded() {
    let scene = Scene::new();
    for settings in ["{}", r#"{"strictSemver":true,"requiredAnnotations":["a"]}"#] {
        assert_eq!(scene.validate_settings::<Helm>(settings), [], "{settings}");
    }
    for (settings, pointer) in [
        (r#"{"strict":true}"#, "/strict"),
        (r#"{"strictSemver":1}"#, "/strictSemver"),
        (r#"{"requiredAnnotations":["a",""]}"#, "/requiredAnnotations/1"),
    ] {
        let problems = scene.validate_settings::<Helm>(settings);
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, [pointer], "{settings}");
    }
}

#[test]
fn a_keyring_holds_armoured_public_keys() {
    let keys = keys();
    let armoured = |name: &str| keys["armoured"][name].as_str().unwrap();
    assert_eq!(problem(armoured("rsa")), "");
    assert_eq!(problem(&[armoured("rsa"), "a comment\n", armoured("subkey")].concat()), "");
    let private = keys["private"].as_str().unwrap();
    assert!(problem(private).starts_with("the keyring holds a private key"));
    assert!(problem(&[armoured("rsa"), private].concat()).contains("private"));
    for nothing in ["", "\u{99}\u{1}", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
    {
        assert!(problem(nothing).contains("gpg --export --armor"), "{nothing:?}");
    }
    let cut = &armoured("rsa")[..400];
    assert!(problem(cut).starts_with("block 1 of the keyring can't be read"), "{}", problem(cut));
    let second = [armoured("rsa"), cut].concat();
    assert!(problem(&second).starts_with("block 2 "), "{}", problem(&second));
}

#[test]
fn a_chart_lies_under_its_own_name_and_version() {
    let push = || Push::new(&config(), &chart().gzip());
    let strict = json!({ "strictReference": true });
    let wrong = push().repository("charts/other").tag("1.2.3");
    assert_eq!(
        only(&wrong.clone().review()),
        (
            "RSH009",
            "the repository ends with \"other\", but the chart's name is \"web\"; push the chart \
             with helm"
        )
    );
    assert!(!wrong.clone().review().rejects());
    assert_eq!(codes(&wrong.settings(&strict).review()), ["RSH070"]);
    let wrong = push().repository("web").tag("1.2.3").tag("latest");
    assert_eq!(
        only(&wrong.clone().review()),
        (
            "RSH009",
            "the tag is different, and the chart's version is \"1.2.3\"; push the chart with helm"
        )
    );
    assert_eq!(
        only(&wrong.settings(&strict).review()),
        (
            "RSH070",
            "the tag is \"latest\", but the chart's version is \"1.2.3\"; push the chart with helm"
        )
    );
    let mut config = config();
    config["version"] = "1.2.3+b.5".into();
    let layer = Tar::new().file("web/Chart.yaml", CHART_YAML.replace("1.2.3", "1.2.3+b.5")).gzip();
    let plus = Push::new(&config, &layer).settings(&strict);
    assert_eq!(codes(&plus.clone().tag("1.2.3_b.5").review()), [""; 0]);
    assert_eq!(codes(&plus.review()), [""; 0], "helm pushes by digest first");
}

#[test]
fn a_policy_may_ask_for_more_than_helm() {
    let yaml = "apiVersion: v2\nname: web\nversion: '1.2'\ndeprecated: true\nicon: http://x/y.png\n\
                annotations: {team: a, empty: ''}\n";
    let config = json!({
        "apiVersion": "v2", "name": "web", "version": "1.2", "deprecated": true,
        "icon": "http://x/y.png", "annotations": { "team": "a", "empty": "" },
    });
    let layer = Tar::new().file("web/Chart.yaml", yaml).gzip();
    let push = Push::new(&config, &layer);
    for (settings, found) in [
        (json!({}), &["RSH013"][..]),
        (json!({ "strictSemver": true }), &["RSH071"]),
        (json!({ "requireProvenance": true }), &["RSH013", "RSH072"]),
        (
            json!({ "requiredAnnotations": ["team", "empty", "other"] }),
            &["RSH013", "RSH073", "RSH073"],
        ),
        (json!({ "forbidDeprecated": true }), &["RSH013", "RSH074"]),
        (json!({ "requireKubeVersion": true }), &["RSH013", "RSH075"]),
        (json!({ "httpsIcon": true }), &["RSH013", "RSH076"]),
    ] {
        assert_eq!(codes(&push.clone().settings(&settings).review()), found, "{settings}");
    }
    let good = format!("{CHART_YAML}kubeVersion: '>=1.29.0-0'\nicon: HTTPS://x/y.png\n");
    let mut config = crate::push::config();
    config["kubeVersion"] = ">=1.29.0-0".into();
    config["icon"] = "HTTPS://x/y.png".into();
    let all = json!({ "strictSemver": true, "forbidDeprecated": true, "requireKubeVersion": true,
        "httpsIcon": true, "strictReference": true });
    let layer = Tar::new().file("web/Chart.yaml", good).gzip();
    assert_eq!(codes(&Push::new(&config, &layer).settings(&all).review()), [""; 0]);
}

#[test]
fn a_provenance_without_keyring_is_read_and_not_verified() {
    let push = || Push::new(&config(), &chart().gzip());
    let report = push().layer(PROVENANCE, b"no signature").review();
    assert_eq!(
        only(&report),
        (
            "RSH060",
            "the provenance has no line that begins a clear-signed text; push the .prov file of \
             helm package --sign"
        )
    );
    let large = push().layer(PROVENANCE, &vec![b'x'; 2 << 20]).review();
    assert_eq!(only(&large).0, "RSH060");
    let without_dots = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: web\n";
    let table = table();
    let rsa = &table["keys"]["armoured"]["rsa"];
    let text = table["cases"]["by helm-4.3.1 with rsa"]["provenance"].as_str().unwrap();
    let signature = &text[text.find("-----BEGIN PGP SIGNATURE-----").unwrap()..];
    let without_dots = [without_dots, signature].concat();
    for (provenance, code) in
        [("", "RSH060"), ("no signature", "RSH060"), (without_dots.as_str(), "RSH061")]
    {
        // helm does not look at it unless it is asked to verify
        let push = || push().layer(PROVENANCE, provenance.as_bytes());
        let report = push().review();
        assert_eq!((only(&report).0, report.rejects()), (code, false), "{provenance}");
        for settings in [json!({ "requireProvenance": true }), json!({ "keyring": rsa })] {
            let report = push().settings(&settings).review();
            assert_eq!((only(&report).0, report.rejects()), (code, true), "{provenance}");
        }
    }
    let case = &table["cases"]["by helm-4.3.1 with rsa"];
    let provenance = case["provenance"].as_str().unwrap().as_bytes();
    let required = json!({ "requireProvenance": true });
    let other = push().layer(PROVENANCE, provenance).settings(&required).review();
    assert_eq!(codes(&other), ["RSH062", "RSH064", "RSH064", "RSH064", "RSH064", "RSH063"]);
    assert!(other.annotations().iter().all(|fact| fact.key() != "signed-by"));
}

/// The time is asked for only where it matters, so that other reviews are remembered.
#[test]
fn a_review_depends_on_the_time_only_where_a_key_expires() {
    let table = table();
    for (key, asks) in [("rsa", false), ("expired", true)] {
        let case = &table["cases"][format!("by helm-4.3.1 with {key}")];
        let settings = json!({ "keyring": table["keys"]["armoured"][key] });
        let layer = crate::push::decoded(&case["archive"]);
        let provenance = case["provenance"].as_str().unwrap().as_bytes();
        let push = Push::new(&case["config"], &layer).layer(PROVENANCE, provenance);
        let (report, asked) = push.settings(&settings).review_at(1_600_000_000);
        assert_eq!(asked, asks, "{key}");
        assert_eq!(codes(&report), [""; 0], "{key}: it was valid then");
    }
}
