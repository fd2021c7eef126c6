//! Policy files: what they say is what happens, and what they get wrong is told.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use serde_json::{Value, json};

use super::charts::{CHART, CONFIG};
use crate::{
    client::{Answer, Repository, descriptor, manifest},
    harness::{ROADSTEAD, Server, said},
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const THING: &str = "application/vnd.example.thing";

/// A folder with a policy, and the plugins that tests bring along.
pub(crate) struct Policy {
    folder: tempfile::TempDir,
}

impl Policy {
    pub(crate) fn new(text: &str) -> Self {
        let policy = Self { folder: tempfile::tempdir().unwrap() };
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins");
        for name in ["misbehave", "clumsy", "stall"] {
            let file = format!("{name}.wasm");
            std::fs::copy(plugins.join(&file), policy.folder.path().join(&file)).unwrap();
        }
        policy.save(text);
        policy
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("policy.yaml")
    }

    /// As careful editors save: all at once.
    pub(crate) fn save(&self, text: &str) {
        let draft = self.folder.path().join(".draft");
        std::fs::write(&draft, text).unwrap();
        std::fs::rename(draft, self.path()).unwrap();
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(&[("POLICY__PATH", self.path().to_str().unwrap())])
    }

    /// Puts another file beside it.
    pub(crate) fn beside(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// What `policy check` says, without the folder that everything is in.
    pub(crate) fn check(&self) -> (Option<i32>, String) {
        self.check_at(&self.path())
    }

    /// The same of another path. A check that computes for half a minute is killed.
    pub(crate) fn check_at(&self, path: &Path) -> (Option<i32>, String) {
        const BOUNDED: &str = "ulimit -t 30 && exec \"$0\" policy check \"$1\"";
        let output = Command::new("sh").args(["-c", BOUNDED, ROADSTEAD]).arg(path).output();
        let output = output.unwrap();
        let folder = format!("{}/", self.folder.path().display());
        (output.status.code(), said(&output).replace(&folder, ""))
    }
}

async fn push(server: &Server, repository: &str, tag: &str) -> Answer {
    Repository::of(server, repository).push(tag, (THING, b"{}"), &[(LAYER, b"layer")]).await
}

/// Policies that are wrong, and what is told of them.
const MISTAKES: &[(&str, &str)] = &[
    ("versin: 1", "policy.yaml:1:1\n  |\n1 | versin: 1\n  | ^^^^^^ did you mean \"version\"?"),
    ("version: 2", "only version 1 is supported"),
    ("version: 1\nrules: {}", "expected a list of rules"),
    (
        "version: 1\nrules:\n  - name: a\n    acceptOnly: [helm-chrt]",
        "policy.yaml:4:18\n  |\n4 |     acceptOnly: [helm-chrt]\n  |                  ^^^^^^^^^ \
             did you mean \"helm-chart\"?",
    ),
    ("version: 1\nrules:\n  - name: a\n    check: [helm]", "there is no plugin \"helm\""),
    (
        "version: 1\nplugins: { h: { builtin: helm } }\nrules:\n  - name: a\n    check: [hh]",
        "there is no plugin \"hh\"",
    ),
    ("version: 1\nrules:\n  - name: a", "this rule does nothing"),
    (
        "version: 1\nrules:\n  - name: a\n    acceptOnly: [image]\n    check: [x]",
        "a rule has only one verb",
    ),
    (
        "version: 1\nrules:\n  - name: a\n    requireToPull: []",
        "requireToPull is not supported yet",
    ),
    (
        "version: 1\nrules:\n  - { name: a, acceptOnly: [image] }\n  - { name: a, acceptOnly: \
             [wasm] }",
        "there are two rules named \"a\"",
    ),
    ("version: 1\nversion: 1", "version appears here a second time"),
    ("version: 1\n---\nversion: 1", "a second YAML document begins here"),
    ("version: [1", "this is not valid YAML"),
    ("version: 1\nplugins: { a: { builtin: hlem } }", "did you mean \"helm\"?"),
    ("version: 1\nplugins: { a: { file: no.wasm } }", "no.wasm can't be read: there is no such"),
    ("version: 1\nplugins: { a: { file: policy.yaml } }", "can't be loaded"),
    ("version: 1\nplugins: { a: {} }", "plugin \"a\" needs exactly one of `builtin:` or `file:`"),
    (
        "version: 1\nplugins: { a: { builtin: helm, file: helm.wasm } }",
        "plugin \"a\" needs exactly one of `builtin:` or `file:`",
    ),
    (
        "version: 1\nplugins: { a: { builtin: helm, limits: { cpu: 5 } } }",
        "expected a time such as 500ms or 5s, not a number",
    ),
    (
        "version: 1\nplugins: { a: { builtin: helm, limits: { time: 10 } } }",
        "expected a time such as 500ms or 5s, not a number",
    ),
    (
        "version: 1\nplugins: { a: { builtin: helm, limits: { memory: 1 } } }",
        "expected an amount such as 64MiB, not a number",
    ),
    (
        "version: 1\nplugins: { a: { builtin: helm, limits: { cpu: 1h } } }",
        "\"1h\" is not a valid time here",
    ),
    (
        "version: 1\nrules:\n  - { name: a, acceptOnly: [1] }",
        "^ `roadstead policy kinds` lists them",
    ),
    (
        "version: 1\nrules: [{ name: a, match: { kinds: [true] }, deny: true }]",
        "^^^^ `roadstead policy kinds` lists them",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm, settings: { forbidDeprecated: 1 } } }",
        "expected true or false, not a number",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm, settings: { requiredAnnotations: a } } }",
        "expected a list, not text",
    ),
    (
        "version: 1\nplugins: { c: { builtin: cosign, settings: { keys: [{ name: a }] } } }",
        "the setting \"key\" is missing here",
    ),
    ("version: 1\nplugins: { a: { builtin: helm, limits: { decoded: 65GiB } } }", "at most 64GiB"),
    (
        "version: 1\nplugins: { a: { builtin: helm, limits: { calls: 10000001 } } }",
        "at most 10000000",
    ),
    ("version: 1\nplugins: { a: { builtin: helm, limits: { calls: many } } }", "number of calls"),
    (
        "version: 1\nplugins: { a: { file: clumsy.wasm, settings: { x: 1 } } }",
        "this plugin has no settings",
    ),
    (
        "version: 1\nplugins: { a: { file: misbehave.wasm, settings: { mode: refuse-settings } \
             } }",
        "policy.yaml:2:51",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm } }\nrules:\n  - name: a\n    check: [h]\n    \
             severity: { RSH999: warning }",
        "no plugin of this rule has a code \"RSH999\"",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm } }\nrules:\n  - name: a\n    check: [h]\n    \
             severity: { RSI040: warning }",
        "^^^^^^ the codes of plugin \"h\" are RSH001 to RSH0",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm }, i: { builtin: image } }\nrules:\n  - { \
         name: a, \
             check: [h], severity: { RSI001: warning } }\n  - { name: b, check: [i] }",
        "it is a code of plugin \"i\", which this rule does not use",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm } }\nrules:\n  - name: a\n    check: [h]\n    \
             severity: { rsh25: warning }",
        "did you mean \"RSH025\"?",
    ),
    (
        "version: 1\nrules: [{ name: a, deny: true, severity: { RSE003: warning } }]",
        "`failurePolicy` says what happens if a plugin can't judge",
    ),
    (
        "version: 1\nplugins: { h: { builtin: helm } }\nrules:\n  - name: a\n    checkLayers: { \
             \"*\": [h] }",
        "does not review single layers",
    ),
    ("version: 1\ninclude: [builtin:defualt]", "did you mean \"default\"?"),
    ("version: 1\ninclude: [other.yaml]", "there is no such file"),
    (
        "version: 1\nrules:\n  - name: a\n    match: { repositories: [\"a[\"] }\n    acceptOnly: \
             [image]",
        "this is not a glob",
    ),
    (
        "version: 1\nrules:\n  - name: a\n    acceptOnly: [image]\n    mode: off",
        "expected one of enforce, warn, not true or false",
    ),
];

#[test]
fn each_mistake_is_told_with_its_place_and_its_cure() {
    let policy = Policy::new("version: 1");
    for (text, says) in MISTAKES {
        policy.save(text);
        let (code, told) = policy.check();
        assert_eq!(code, Some(1), "{text}\n{told}");
        assert!(told.contains(says), "{text}\n{told}");
    }
    let several = "version: 1\nrules:\n  - name: a\n    acceptOnly: [imag]\n    mode: wran";
    policy.save(several);
    let (_, told) = policy.check();
    assert!(told.contains("2 errors; this policy can't be used"), "{told}");
}

/// The policy's hash holds its plugins' limits.
#[test]
fn a_built_in_plugin_has_limits_of_its_own_wherever_it_is_declared() {
    let policy = Policy::new("version: 1");
    let hash = |plugin: &str| {
        policy.save(&format!("version: 1\nplugins: {{ p: {{ {plugin} }} }}\nrules: []"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{told}");
        told.lines().last().unwrap().to_owned()
    };
    let helm = hash("builtin: helm");
    assert_eq!(helm, hash("builtin: helm, limits: { cpu: 10s }"));
    assert_eq!(helm, hash("builtin: helm, limits: { time: 30s }"));
    assert_ne!(helm, hash("builtin: helm, limits: { cpu: 2s }"));
    assert_eq!(hash("builtin: cosign"), hash("builtin: cosign, limits: { cpu: 2s }"));
    let other = "file: misbehave.wasm, settings: { mode: find }";
    assert_eq!(hash(other), hash(&format!("{other}, limits: {{ cpu: 2s }}")));
}

#[tokio::test]
async fn accept_only_takes_what_is_of_a_kind_and_of_nothing_else() {
    let rules = format!(
        "version: 1\nrules:\n  - name: only\n    match: {{ repositories: [\"c/**\"] }}\n    \
         acceptOnly: [helm-chart, {{ type: \"{THING}\", layers: [\"text/*\"] }}]"
    );
    let policy = Policy::new(&rules);
    let server = policy.serve();
    let at = |name: &str| Repository::of(&server, name);
    let (chart, text) = ((CHART, &b"x"[..]), ("text/plain", &b"x"[..]));
    at("c/a").push("1", (CONFIG, b"{}"), &[chart]).await.is(201);
    at("c").push("1", (THING, b"{}"), &[text]).await.is(201);
    at("elsewhere").push("1", (OCI_CONFIG, b"{}"), &[(LAYER, b"x")]).await.is(201);
    for (config, layers) in [
        ((OCI_CONFIG, &b"{}"[..]), &[(LAYER, &b"x"[..])][..]),
        ((OCI_CONFIG, b"{}"), &[(LAYER, b"x"), chart]),
        ((CONFIG, b"{}"), &[chart, ("application/x", b"y")]),
        ((THING, b"{}"), &[(LAYER, b"x")]),
        ((OCI_EMPTY, b"{}"), &[text]),
    ] {
        let refused = at("c/a").push("2", config, layers).await.is(403);
        let error = &refused.errors()[0];
        let says = format!("DENIED: rule only: c/a accepts only helm-chart, {THING}; this is ");
        assert!(error.starts_with(&says) && error.contains("[RSA001 "), "{error}");
    }
    at("c/a").get("manifests/2").await.is(404);
    server.is_sound();
}

#[tokio::test]
async fn a_saved_policy_is_in_force_within_two_seconds_and_a_broken_one_changes_nothing() {
    let open = "version: 1";
    let shut = "version: 1\nrules:\n  - { name: shut, acceptOnly: [wasm] }";
    let policy = Policy::new(open);
    let server = policy.serve();
    push(&server, "a", "1").await.is(201);
    policy.save(shut);
    let saved = Instant::now();
    while push(&server, "a", "1").await.status != 403 {
        assert!(saved.elapsed() < Duration::from_secs(2), "{:#?}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    policy.save("version: 1\nrules:\n  - { name: shut, acceptOnly: [wsam] }");
    let saved = Instant::now();
    let told = [
        r#"policy.yaml:3:32: there is no kind \"wsam\"; did you mean \"wasm\"?"#,
        "  |",
        "3 |   - { name: shut, acceptOnly: [wsam] }",
        "  |                                ^^^^\"",
    ]
    .join("\\n");
    while !server.log().iter().any(|line| line.contains(&told)) {
        assert!(saved.elapsed() < Duration::from_secs(2), "{:#?}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    push(&server, "a", "1").await.is(403);
    std::fs::remove_file(policy.path()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    push(&server, "a", "1").await.is(403);
    policy.save(open);
    let saved = Instant::now();
    while push(&server, "a", "1").await.status != 201 {
        assert!(saved.elapsed() < Duration::from_secs(2), "{:#?}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn no_server_starts_with_a_broken_policy() {
    let policy = Policy::new("version: 1\nrules: 7");
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(ROADSTEAD)
        .args(["serve", "--listen", "127.0.0.1:0", "--policy"])
        .arg(policy.path())
        .arg("--data")
        .arg(data.path().join("data"))
        .output()
        .unwrap();
    let told = said(&output);
    assert!(!output.status.success() && told.contains("policy.yaml:2:8"), "{told}");
}

#[tokio::test]
async fn a_push_that_straddles_a_reload_is_judged_again() {
    let slow = "version: 1\nplugins:\n  slow:\n    file: misbehave.wasm\n    settings: { mode: \
                spin-in-reviews }\n    limits: { cpu: 3s }\nrules:\n  - name: slow\n    check: \
                [slow]\n    failurePolicy: ignore";
    let policy = Policy::new(slow);
    let server = policy.serve();
    let begun = async { push(&server, "a", "1").await };
    let changed = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        policy.save("version: 1\nrules:\n  - { name: shut, acceptOnly: [wasm] }");
    };
    let (pushed, ()) = tokio::join!(begun, changed);
    let refused = pushed.is(403);
    assert!(refused.errors()[0].contains("rule shut: "), "{:?}", refused.errors());
    Repository::of(&server, "a").get("manifests/1").await.is(404);
}

#[tokio::test]
async fn wrapping_a_manifest_in_an_index_is_no_way_round_a_rule_about_tags() {
    let policy = Policy::new(
        "version: 1\nrules:\n  - name: releases-are-wasm\n    match: { repositories: [\"r/*\"], \
         tags: [\"v*\"], mediaTypes: [\"application/vnd.oci.image.manifest.v1+json\"] }\n    \
         acceptOnly: [wasm]",
    );
    let server = policy.serve();
    let repository = Repository::of(&server, "r/a");
    push(&server, "r/a", "v1").await.is(403);
    push(&server, "r/a", "dev").await.is(201);
    let child = manifest((THING, b"{}"), &[(LAYER, b"layer")]).to_string();
    let index =
        |child: &Value| json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] });
    let one = index(&descriptor(OCI_MANIFEST, child.as_bytes()));
    repository.put_manifest("dev", &one).await.is(201);
    let two = index(&descriptor(OCI_INDEX, one.to_string().as_bytes()));
    for wrapped in [one, two] {
        let refused = repository.put_manifest("v1", &wrapped).await.is(403);
        let error = &refused.errors()[0];
        assert!(error.contains("rule releases-are-wasm: "), "{error}");
        repository.get("manifests/v1").await.is(404);
        repository.put_manifest("dev", &wrapped).await.is(201);
    }
}

#[tokio::test]
async fn a_layer_that_was_judged_before_is_not_judged_again() {
    let policy = Policy::new(
        "version: 1\nplugins:\n  any: { file: misbehave.wasm, settings: { mode: read } }\nrules:\n\
        \x20 - name: layers\n    checkLayers: { \"application/vnd.oci.image.layer.*\": [any] }",
    );
    let server = policy.serve();
    let counts = |answer: &Answer, repository: &str| {
        let digest = answer.header("docker-content-digest").to_owned();
        let repository = Repository::of(&server, repository);
        async move {
            let found = repository.get(&format!("_roadstead/verdicts/{digest}")).await.is(200);
            let judge = found.json()["verdicts"][0]["judges"][0].clone();
            (judge["reviews"].as_u64().unwrap(), judge["remembered"].as_u64().unwrap())
        }
    };
    let image = (OCI_CONFIG, &b"{}"[..]);
    let (base, app) = ((LAYER, &b"base"[..]), (LAYER, &b"app"[..]));
    let first = Repository::of(&server, "a").push("1", image, &[base]).await.is(201);
    assert_eq!(counts(&first, "a").await, (1, 0));
    let second = Repository::of(&server, "b").push("1", image, &[base, app]).await.is(201);
    assert_eq!(counts(&second, "b").await, (1, 1), "only what is new is reviewed");
    let other = (OCI_CONFIG, &b"{ }"[..]);
    let third = Repository::of(&server, "c").push("1", other, &[base, app]).await.is(201);
    assert_eq!(counts(&third, "c").await, (0, 2));
}

#[tokio::test]
async fn severities_modes_and_failure_policies_are_the_policys() {
    let rule = |more: &str| {
        format!(
            "version: 1\nplugins:\n  p: {{ file: misbehave.wasm, settings: {{ mode: find }} }}\n  \
             q: {{ file: misbehave.wasm, settings: {{ mode: panic }} }}\nrules:\n  - {{ name: r, \
             {more} }}"
        )
    };
    for (more, status, warnings) in [
        ("check: [p]", 403, 0),
        ("check: [p], mode: warn", 201, 1),
        ("check: [p], severity: { BAD001: warning }", 201, 1),
        ("check: [p], severity: { BAD001: ignore }", 201, 0),
        ("check: [q]", 403, 0),
        ("check: [q], failurePolicy: ignore", 201, 1),
        ("check: [p], match: { repositories: [other] }", 201, 0),
        ("check: [p], match: { types: [\"application/vnd.example.*\"] }", 403, 0),
        ("check: [p], match: { layerTypes: [\"text/*\"] }", 201, 0),
    ] {
        let policy = Policy::new(&rule(more));
        let answer = push(&policy.serve(), "a", "1").await;
        assert_eq!(answer.status, status, "{more}: {:?}", answer.body);
        assert_eq!(answer.headers.get_all("warning").iter().count(), warnings, "{more}");
    }
}
