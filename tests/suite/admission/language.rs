//! What rules can say beyond their verbs for plugins: `deny`, `except`, and changes of included
//! rules.

use std::{fs, process::Command};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use serde_json::{Value, json};

use super::{
    charts::{CHART, CONFIG, YAML, chart, config},
    policies::Policy,
};
use crate::{
    client::{Answer, Repository, descriptor, manifest, sha256},
    harness::{ROADSTEAD, Server, said},
};

const THING: &str = "application/vnd.example.thing";
const SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ROOTFS: &str = "application/vnd.oci.image.layer.v1.tar";

/// A policy with one rule.
fn rule(more: &str) -> Policy {
    Policy::new(&format!("version: 1\nrules:\n  - {{ name: r, {more} }}"))
}

async fn thing(server: &Server, repository: &str, tag: &str) -> Answer {
    let repository = Repository::of(server, repository);
    repository.push(tag, (THING, b"{}"), &[("text/plain", b"x")]).await
}

async fn image(server: &Server, repository: &str, layers: &[(&str, &[u8])]) -> Answer {
    Repository::of(server, repository).push("1", (OCI_CONFIG, b"{}"), layers).await
}

/// Runs `roadstead policy` with a policy; the exit code and what it says.
fn command(policy: &Policy, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(ROADSTEAD)
        .arg("policy")
        .args(arguments)
        .arg("--policy")
        .arg(policy.path())
        .output()
        .unwrap();
    (output.status.code(), said(&output))
}

#[tokio::test]
async fn deny_rejects_what_it_matches_with_its_message_and_nothing_else() {
    for deny in [
        "deny: true, message: push a version",
        "deny: { message: push a version }",
        "deny: , message: push a version",
    ] {
        let policy = rule(&format!("match: {{ tags: [latest] }}, {deny}"));
        let server = policy.serve();
        let refused = thing(&server, "a", "latest").await.is(403);
        let error = &refused.errors()[0];
        assert!(error.starts_with("DENIED: rule r: push a version [RSA005 verdict "), "{error}");
        // no plugin judged, so none is named
        let detail = refused.json()["errors"][0]["detail"].clone();
        let members: Vec<_> = detail.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["code", "help", "policy", "rule", "verdict"], "{detail}");
        let id = detail["verdict"].as_str().unwrap();
        let by_id = Repository::of(&server, "a").get(&format!("_roadstead/verdicts/id/{id}")).await;
        let finding = &by_id.is(200).json()["findings"][0];
        assert_eq!((&finding["rule"], finding.get("plugin")), (&"r".into(), None), "{finding}");
        let shown = said(&server.command(&["verdict", "show", id]));
        assert!(shown.contains("error  RSA005 by rule r\n"), "{shown}");
        Repository::of(&server, "a").get("manifests/latest").await.is(404);
        thing(&server, "a", "1.0.0").await.is(201);
        server.is_sound();
    }
    let policy = rule("match: { repositories: [\"a/**\"] }, deny: true");
    let server = policy.serve();
    let refused = thing(&server, "a/b", "1").await.is(403);
    let error = &refused.errors()[0];
    let says =
        "rule r: the policy denies this in a/b: it is unknown (application/vnd.example.thing)";
    assert!(error.contains(says), "{error}");
    thing(&server, "b", "1").await.is(201);
}

#[tokio::test]
async fn a_denial_warns_where_the_rule_or_its_severity_says_so() {
    for (more, status, warnings) in [
        ("deny: true, mode: warn", 201, 1),
        ("deny: true, severity: { RSA005: warning }", 201, 1),
        ("deny: true, severity: { RSA005: ignore }", 201, 0),
        ("deny: true, severity: { RSA001: warning }", 403, 0),
        ("deny: true, failurePolicy: ignore", 403, 0),
    ] {
        let policy = rule(more);
        let answer = thing(&policy.serve(), "a", "1").await;
        assert_eq!(answer.status, status, "{more}: {:?}", answer.body);
        assert_eq!(answer.headers.get_all("warning").iter().count(), warnings, "{more}");
    }
}

#[tokio::test]
async fn wrapping_is_no_way_round_a_denial() {
    let policy = rule("match: { tags: [\"v*\"], kinds: [unknown] }, deny: true");
    let server = policy.serve();
    let repository = Repository::of(&server, "a");
    thing(&server, "a", "dev").await.is(201);
    let child = manifest((THING, b"{}"), &[("text/plain", b"x")]).to_string();
    let child = descriptor(OCI_MANIFEST, child.as_bytes());
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] });
    let refused = repository.put_manifest("v1", &index).await.is(403);
    assert!(refused.errors()[0].contains("[RSA005 "), "{:?}", refused.errors());
    repository.put_manifest("dev2", &index).await.is(201);
}

#[tokio::test]
async fn an_exception_holds_for_what_is_hidden_below() {
    let policy = rule(
        "match: { tags: [\"v*\"], kinds: [helm-chart], except: { repositories: [\"play/**\"] } }, \
         deny: true",
    );
    let server = policy.serve();
    let chart = manifest((CONFIG, b"{}"), &[("text/plain", b"x")]).to_string();
    let mut about = manifest((THING, b"{}"), &[("text/plain", b"x")]);
    about["subject"] = descriptor(OCI_MANIFEST, chart.as_bytes());
    for (name, status) in [("work/a", 403), ("play/a", 201)] {
        let repository = Repository::of(&server, name);
        thing(&server, name, "dev").await.is(201);
        // judged when it comes
        repository.put_manifest("v1", &about).await.is(201);
        let digest = sha256(chart.as_bytes()).to_string();
        let answer = repository.put(&digest, OCI_MANIFEST, chart.as_bytes()).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[test]
fn a_denial_is_shown_by_every_command() {
    let policy = rule("match: { kinds: [image] }, deny: true, message: no images here");
    let (code, told) = command(&policy, &["explain", "--repository", "a", "--kind", "image"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("YES   r (enforce"), "{told}");
    assert!(told.contains("REJECTS it: no images here"), "{told}");
    let (_, told) = command(&policy, &["explain", "--repository", "a", "--kind", "wasm"]);
    assert!(told.contains("no   r: does not match (its kinds: wasm)"), "{told}");
    let cases = policy.path().with_file_name("cases.yaml");
    let config = "config: { mediaType: application/vnd.oci.image.config.v1+json, json: {} }";
    let list = format!(
        "- name: image\n  manifest: {{ {config}, layers: [] }}\n  expect: {{ decision: reject, \
         findings: [{{ code: RSA005, message: no images here }}], rules: [r] }}\n- name: other\n  \
         manifest: {{ layers: [{{ mediaType: a/b, text: x }}] }}\n  expect: {{ decision: accept, \
         rules: [] }}\n"
    );
    fs::write(&cases, list).unwrap();
    let (code, told) = command(&policy, &["test", cases.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{told}");
    let archive = policy.path().with_file_name("web-1.2.3.tgz");
    fs::write(&archive, chart(&[("web/Chart.yaml", YAML)])).unwrap();
    let denied = rule("deny: true, message: nothing lands here");
    let (code, told) = command(&denied, &["eval", archive.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("RSA005 by rule r") && told.contains("nothing lands here"), "{told}");
    let explained = Command::new(ROADSTEAD).args(["explain", "rsa5"]).output().unwrap();
    let told = said(&explained);
    assert!(explained.status.success(), "{told}");
    assert!(told.starts_with("RSA005  of the registry: a rule denies"), "{told}");
}

/// What a rule with `deny` leaves out, and what becomes of pushes: of a thing (an unknown artifact
/// with one text layer) to `a/b` tagged `v1`, and of an image with one layer to `a/b` tagged `1`.
const EXCEPTIONS: &[(&str, u16, u16)] = &[
    ("repositories: [\"a/*\"]", 201, 201),
    ("repositories: [\"b/*\"]", 403, 403),
    ("kinds: [unknown]", 201, 403),
    ("kinds: [image, wasm]", 403, 201),
    ("types: [\"application/vnd.example.*\"]", 201, 403),
    ("types: [\"application/vnd.oci.image.config.v1+json\"]", 403, 201),
    ("layerTypes: [\"text/*\"]", 201, 403),
    ("mediaTypes: [\"application/vnd.oci.image.manifest.v1+json\"]", 201, 201),
    ("mediaTypes: [\"application/vnd.oci.image.index.v1+json\"]", 403, 403),
    ("tags: [\"v*\"]", 201, 403),
    ("tags: [\"?\"]", 403, 201),
    ("repositories: [\"a/*\"], kinds: [image]", 403, 201),
    ("repositories: [\"b/*\"], kinds: [image]", 403, 403),
];

#[tokio::test]
async fn an_exception_is_subtracted_and_all_its_keys_must_match() {
    for (except, of_thing, of_image) in EXCEPTIONS {
        let policy = rule(&format!("match: {{ except: {{ {except} }} }}, deny: true"));
        let server = policy.serve();
        let pushed = thing(&server, "a/b", "v1").await;
        assert_eq!(pushed.status, *of_thing, "{except}: {:?}", pushed.errors());
        let pushed = image(&server, "a/b", &[(ROOTFS, b"x")]).await;
        assert_eq!(pushed.status, *of_image, "{except}: {:?}", pushed.errors());
    }
}

#[tokio::test]
async fn one_type_or_kind_more_is_no_way_out_of_a_rule() {
    for (except, extra) in [
        ("kinds: [image]", SIGNING),
        ("layerTypes: [\"application/vnd.oci.image.layer.*\"]", "text/plain"),
    ] {
        let policy = rule(&format!("match: {{ except: {{ {except} }} }}, deny: true"));
        let server = policy.serve();
        image(&server, "a", &[(ROOTFS, b"x")]).await.is(201);
        image(&server, "a", &[(ROOTFS, b"x"), (extra, b"y")]).await.is(403);
    }
}

#[tokio::test]
async fn what_is_excepted_from_a_check_is_not_checked() {
    let policy = Policy::new(
        "version: 1\nplugins:\n  p: { file: misbehave.wasm, settings: { mode: find } \
         }\nrules:\n  - \
         { name: r, match: { repositories: [\"a/**\"], except: { repositories: [\"a/old/**\"] } }, \
         check: [p] }",
    );
    let server = policy.serve();
    thing(&server, "a/new", "1").await.is(403);
    thing(&server, "a/old", "1").await.is(201);
    thing(&server, "a/old/x", "1").await.is(201);
    thing(&server, "b", "1").await.is(201);
    let explained = ["explain", "--repository", "a/old", "--kind", "image"];
    let (_, told) = command(&policy, &explained);
    assert!(told.contains("no   r: does not match (its `except` matches)"), "{told}");
}

/// A file beside a policy whose one rule denies images in `a/**`.
const BASE: &str = "version: 1\nrules:\n  - name: base\n    match: { repositories: [\"a/**\"], \
                    kinds: [image] }\n    deny: true\n    message: no images\n";

#[tokio::test]
async fn a_file_changes_an_included_rule_and_only_what_it_says() {
    for (change, in_a, in_b, says) in [
        ("mode: warn", 201, 201, ""),
        ("severity: { RSA005: warning }", 201, 201, ""),
        ("message: use team/images", 403, 201, "rule base: use team/images [RSA005 "),
        ("match: { repositories: [b] }", 201, 403, "rule base: no images [RSA005 "),
        ("match: { except: { repositories: [a] } }", 201, 201, ""),
        ("match: { except: { repositories: [a/x] } }", 403, 201, "rule base: no images [RSA005 "),
        ("failurePolicy: ignore", 403, 201, "rule base: no images [RSA005 "),
    ] {
        let policy = Policy::new("version: 1");
        policy.beside("base.yaml", BASE.as_bytes());
        policy.save(&format!(
            "version: 1\ninclude: [base.yaml]\nrules:\n  - {{ name: base, {change} }}"
        ));
        let server = policy.serve();
        for (repository, status) in [("a", in_a), ("b", in_b)] {
            let pushed = image(&server, repository, &[]).await;
            assert_eq!(pushed.status, status, "{change}: {:?}", pushed.body);
            if status == 403 {
                assert!(pushed.errors()[0].contains(says), "{:?}", pushed.errors());
            }
        }
        // what the rule is not about stays so
        thing(&server, "a", "1").await.is(201);
    }
}

#[tokio::test]
async fn the_built_in_rules_can_be_softened() {
    let text = |rules: &str| format!("version: 1\ninclude: [builtin:default]\n{rules}");
    let policy = Policy::new(&text("rules: [{ name: charts-are-valid, mode: warn }]"));
    let (code, told) = policy.check();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("3 rules, 3 plugins\n"), "{told}");
    let server = policy.serve();
    let link = chart(&[("web/Chart.yaml", YAML), ("web/link", "->/etc/passwd")]);
    let config = config().to_string();
    let push = async |server: &Server| {
        let repository = Repository::of(server, "charts/web");
        repository.push("1.2.3", (CONFIG, config.as_bytes()), &[(CHART, &link)]).await
    };
    let pushed = push(&server).await.is(201);
    assert!(pushed.header("warning").contains("RSH025"), "{:?}", pushed.headers);
    let explained = ["explain", "--repository", "charts/web", "--kind", "helm-chart"];
    let (_, told) = command(&policy, &explained);
    assert!(told.contains("YES   charts-are-valid (warn; "), "{told}");
    assert!(told.contains("          mode changed at ") && told.contains(":3:17\n"), "{told}");
    let (_, told) = command(&policy, &[&explained[..], &["-o", "json"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["rules"][0]["changed"][0]["keys"], json!(["mode"]));
    // near misses: without the change, and a rule of another name
    for rules in ["", "rules: [{ name: images-are-sound, mode: enforce }]"] {
        push(&Policy::new(&text(rules)).serve()).await.is(403);
    }
}

#[test]
fn an_outer_file_has_the_last_word_in_whatever_order_files_are_included() {
    let inner = "version: 1\ninclude: [base.yaml]\nrules: [{ name: base, mode: warn, severity: { \
                 RSA005: ignore } }]";
    for include in ["[base.yaml, inner.yaml]", "[inner.yaml, base.yaml]", "[inner.yaml]"] {
        let policy = Policy::new("version: 1");
        policy.beside("base.yaml", BASE.as_bytes());
        policy.beside("inner.yaml", inner.as_bytes());
        policy.save(&format!(
            "version: 1\ninclude: {include}\nrules: [{{ name: base, mode: enforce }}]"
        ));
        let explained = ["explain", "--repository", "a", "--kind", "image", "-o", "json"];
        let (_, told) = command(&policy, &explained);
        let told: Value = serde_json::from_str(&told).unwrap();
        let rule = &told["rules"][0];
        assert_eq!(
            (&rule["mode"], &rule["severity"]["RSA005"]),
            (&json!("enforce"), &json!("ignore"))
        );
        let places: Vec<_> = rule["changed"].as_array().unwrap().iter().collect();
        assert_eq!(places.len(), 2, "{rule}");
        assert!(places[0]["at"].as_str().unwrap().contains("inner.yaml:3:"), "{rule}");
    }
}

/// What a policy that includes `base.yaml` and `other.yaml` says, and what is wrong with it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "{ name: bas, mode: warn }",
        "no included file has a rule of this name",
        "did you mean \"base\"?",
    ),
    ("{ name: own }", "rule \"own\" has no verb", "give it one of check, checkLayers"),
    ("{ name: base }", "this changes nothing in rule \"base\"", "change match, severity, mode"),
    ("{ name: base, deny: true }", "there are two rules named \"base\"", "leave its verb out to"),
    (
        "{ name: base, mode: warn }, { name: base, mode: enforce }",
        "rule \"base\" is changed twice",
        "the other change is at policy.yaml:3:17",
    ),
    (
        "{ name: own, deny: true }, { name: own, mode: warn }",
        "no included file has a rule of this name",
        "is in this file; change it there",
    ),
    (
        "{ name: kinds, message: not here }",
        "only a rule with `deny` can have a message",
        "has a different verb",
    ),
    (
        "{ name: base, severity: { RSA999: warning } }",
        "no plugin of this rule has a code \"RSA999\"",
        "RSA codes",
    ),
    ("{ name: base, match: { except: {} } }", "this exception is empty", "leave `except` out"),
    (
        "{ name: base, match: { except: { except: { tags: [a] } } } }",
        "unknown key \"except\"",
        "an exception has repositories",
    ),
    ("{ name: base, mode: wran }", "unknown value \"wran\"", "did you mean \"warn\"?"),
    ("{ name: own, deny: false }", "this denies nothing", "leave the rule out"),
    ("{ name: own, deny: {} }", "the message is missing", "write `deny: true`, or"),
    ("{ name: own, deny: }", "the value is missing", "write `deny: true`, or"),
    ("{ name: own, deny: {}, message: a }", "the message is missing", "write `deny: true`, or"),
    ("{ name: own, deny: no images }", "expected true, not text", "deny: { message: … }"),
    ("{ name: own, deny: { message: a }, message: b }", "the message is given twice", "remove one"),
    (
        "{ name: own, deny: true, message: \"\" }",
        "a message must be one line of 1 to 200 bytes",
        "write what to do instead",
    ),
    (
        "{ name: own, deny: true, message: \"a\\nb\" }",
        "a message must be one line of 1 to 200 bytes",
        "write what to do instead",
    ),
    (
        "{ name: own, acceptOnly: [image], message: b }",
        "only a rule with `deny` can have a message",
        "leave it out",
    ),
];

#[test]
fn each_wrong_change_is_told_with_its_place_and_its_cure() {
    let policy = Policy::new("version: 1");
    let base = format!("{BASE}  - {{ name: kinds, acceptOnly: [image] }}");
    policy.beside("base.yaml", base.as_bytes());
    for (rules, says, cure) in WRONG {
        policy.save(&format!("version: 1\ninclude: [base.yaml]\nrules: [{rules}]"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(1), "{rules}\n{told}");
        assert!(told.contains("policy.yaml:3:"), "{rules}\n{told}");
        assert!(told.contains(says) && told.contains(cure), "{rules}\n{told}");
        assert!(told.contains("1 error; "), "{rules}\n{told}");
    }
}

#[test]
fn two_files_can_t_change_one_rule_unless_one_includes_the_other() {
    let policy = Policy::new("version: 1");
    policy.beside("base.yaml", BASE.as_bytes());
    let change = "version: 1\ninclude: [base.yaml]\nrules: [{ name: base, mode: warn }]";
    policy.beside("one.yaml", change.as_bytes());
    policy.beside("two.yaml", change.as_bytes());
    for include in ["[one.yaml, two.yaml]", "[two.yaml, one.yaml]"] {
        policy.save(&format!("version: 1\ninclude: {include}"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(1), "{told}");
        let says = "rule \"base\" is changed by two files, neither of which includes the other";
        assert!(told.contains(says) && told.contains("the other change is at "), "{told}");
    }
    // a file that does not include the rule can't change it, even where another one does
    policy.beside(
        "two.yaml",
        b"version: 1\ninclude: [none.yaml]\nrules: [{ name: base, mode: warn }]",
    );
    policy.beside("none.yaml", b"version: 1");
    policy.save("version: 1\ninclude: [base.yaml, two.yaml]");
    let (code, told) = policy.check();
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("base.yaml:3:11 is not in an included file"), "{told}");
}
