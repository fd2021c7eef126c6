//! Nobody's plugin hurts the registry: guests that break each promise of the contract, through a
//! policy file, in a real server.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, Ordering},
    thread::available_parallelism,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::join_all;
use roadstead_oci::media_type::OCI_CONFIG;
use serde_json::{Value, json};

use super::{
    charts::{CHART, CONFIG, YAML, chart, config},
    policies::Policy,
};
use crate::{
    client::{Answer, Repository, manifest, sha256},
    harness::Server,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// Longest wait for a server that has other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a guest does, how the failure is called, what is said of it, and whether it is remembered.
struct Hostile(&'static str, &'static str, &'static str, bool);

const OF_MANIFESTS: [Hostile; 15] = [
    Hostile("panic", "RSE001", "panicked", true),
    Hostile("spin-in-reviews", "RSE003", "used more than 500ms of CPU time", true),
    Hostile("recurse", "RSE012", "was stopped by a stack overflow", true),
    Hostile("allocate", "RSE002", "needs more than its 67108864 bytes of memory", true),
    Hostile("allocate-at-once", "RSE002", "needs more than its 67108864 bytes", true),
    Hostile("flood-100", "RSE005", "answered with more than 4 MiB in one call", true),
    Hostile("log-flood", "RSE005", "answered with more than 4 MiB in one call", true),
    Hostile("findings", "RSE005", "answered with more than 100 findings", true),
    Hostile("value", "RSE005", "more than 4 KiB of an annotation's value", true),
    Hostile("undeclared", "RSE006", "answered with the undeclared code \"NEW001\"", true),
    Hostile("garbled", "RSE006", "answered with an invalid report", true),
    Hostile("about-nothing", "RSE006", "answered with an annotation about an invalid digest", true),
    Hostile("calls", "RSE004", "exceeded its limit of 100000 host calls", true),
    Hostile("give-up", "RSE007", "failed: no [31m idea", true),
    // the guest was told, so that the contract says that it is not remembered
    Hostile("read-for-ever", "RSE004", "exceeded its limit of bytes to read", false),
];

/// A layer is judged once for the whole registry, so that what may differ between two pushes is
/// not there for its judge.
const OF_LAYERS: [Hostile; 2] = [
    Hostile("now", "RSE012", "asked for context where there is none", false),
    Hostile("referrers", "RSE012", "asked for context where there is none", false),
];

/// Each guest for a repository of its own, under both failure policies.
fn policy(more: &str) -> String {
    let mut lines = vec!["version: 1".to_owned(), "plugins:".to_owned()];
    for Hostile(mode, ..) in OF_MANIFESTS.iter().chain(&OF_LAYERS) {
        let memory = if *mode == "flood-100" { "512MiB" } else { "64MiB" };
        let cpu = if *mode == "spin-in-reviews" { "500ms" } else { "20s" };
        lines.push(format!(
            "  {mode}: {{ file: misbehave.wasm, settings: {{ mode: {mode} }}, limits: {{ time: \
             600s, cpu: {cpu}, memory: {memory} }} }}"
        ));
    }
    lines.push("rules:".to_owned());
    for failure in ["fail", "ignore"] {
        for (number, Hostile(mode, ..)) in OF_MANIFESTS.iter().chain(&OF_LAYERS).enumerate() {
            let verb = if number < OF_MANIFESTS.len() {
                format!("check: [{mode}]")
            } else {
                format!("checkLayers: {{ \"application/vnd.oci.image.layer.*\": [{mode}] }}")
            };
            lines.push(format!(
                "  - {{ name: {failure}-{mode}, match: {{ repositories: [{failure}/{mode}] }}, \
                 {verb}, failurePolicy: {failure} }}"
            ));
        }
    }
    lines.push(more.to_owned());
    lines.join("\n")
}

/// Pushes a layer beside a config that is long enough: what reads it for ever has read too much
/// before its calls are too many, however slow the store is.
async fn push(server: &Server, repository: &str, layer: &[u8]) -> Answer {
    let config = format!("{{}}{}", " ".repeat(64 << 10));
    let config = (OCI_CONFIG, config.as_bytes());
    Repository::of(server, repository).push("1", config, &[(LAYER, layer)]).await
}

/// The verdict that an answer names, and reviews that were made and remembered for it.
fn verdict(server: &Server, answer: &Answer) -> (Value, (u64, u64)) {
    let id = answer.header("roadstead-verdict");
    let shown = server.command(&["verdict", "show", id, "--json"]);
    let verdict: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let judge = &verdict["judges"][0];
    let counts = (judge["reviews"].as_u64().unwrap(), judge["remembered"].as_u64().unwrap());
    (verdict, counts)
}

/// Waits until the log tells that a plugin could not judge, for which rule, and why: an answer may
/// be there before its lines were read.
async fn is_logged(server: &Server, plugin: &str, rule: &str, says: &str) {
    let fits = |line: &str| {
        let Ok(event) = serde_json::from_str::<Value>(line) else { return false };
        event["message"] == "a plugin could not judge"
            && event["plugin"] == plugin
            && event["rule"] == rule
            && event["error"].as_str().unwrap().contains(says)
    };
    server.has_logged(fits).await;
}

/// Saves a policy, and waits until it is in force.
async fn replace(server: &Server, policy: &Policy, text: &str) {
    let in_force = || server.log().iter().filter(|line| line.contains("is in force")).count();
    let (before, saved) = (in_force(), Instant::now());
    policy.save(text);
    while in_force() == before {
        assert!(saved.elapsed() < PATIENCE, "{:#?}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_a_hostile_guest_does_is_told_refused_and_remembered() {
    let file = Policy::new(&policy(""));
    let server = file.serve();
    let all = || OF_MANIFESTS.iter().chain(&OF_LAYERS);
    let mut first = Vec::new();
    for Hostile(mode, code, says, _) in all() {
        let repository = format!("fail/{mode}");
        let refused = push(&server, &repository, b"layer").await.is(403);
        let error = &refused.errors()[0];
        assert!(error.starts_with(&format!("DENIED: rule fail-{mode}: plugin {mode} ")), "{error}");
        assert!(error.contains(says) && error.contains(&format!(" [{code} verdict ")), "{error}");
        is_logged(&server, mode, &format!("fail-{mode}"), says).await;
        Repository::of(&server, &repository).get("manifests/1").await.is(404);
        let (verdict, counts) = verdict(&server, &refused);
        assert_eq!((&verdict["decision"], counts), (&json!("reject"), (1, 0)), "{mode}");
        first.push(refused.header("roadstead-verdict").to_owned());
    }
    // a refusal that is repeated shares its verdict, unless another policy gave it
    replace(&server, &file, &policy("  - { name: more, acceptOnly: [image] }")).await;
    for (Hostile(mode, code, _, remembered), first) in all().zip(first) {
        let again = push(&server, &format!("fail/{mode}"), b"layer").await.is(403);
        assert!(again.errors()[0].contains(code), "{:?}", again.errors());
        let (verdict, counts) = verdict(&server, &again);
        assert_ne!(verdict["id"], first.as_str(), "{mode}");
        assert_eq!(counts, if *remembered { (0, 1) } else { (1, 0) }, "{mode}");
    }
    server.is_sound();
}

#[tokio::test]
async fn where_failures_are_ignored_it_is_stored_with_a_warning() {
    let file = Policy::new(&policy(""));
    let server = file.serve();
    for Hostile(mode, code, says, _) in OF_MANIFESTS.iter().chain(&OF_LAYERS) {
        let repository = format!("ignore/{mode}");
        let stored = push(&server, &repository, b"layer").await.is(201);
        let warning = stored.header("warning").to_owned();
        let says = says.replace('"', "'");
        assert!(warning.starts_with(&format!("299 - \"rule ignore-{mode}: ")), "{warning}");
        assert!(warning.contains(code) && warning.contains(&says), "{warning}");
        Repository::of(&server, &repository).get("manifests/1").await.is(200);
    }
    server.is_sound();
}

#[tokio::test]
async fn content_that_the_target_does_not_name_is_not_there() {
    let secrets = [&b"of another repository"[..], b"of the same repository"];
    let mut text = "version: 1\nplugins:\n".to_owned();
    for (number, secret) in secrets.iter().enumerate() {
        let settings = format!("{{ mode: open, digest: \"{}\" }}", sha256(secret));
        writeln!(text, "  p{number}: {{ file: misbehave.wasm, settings: {settings} }}").unwrap();
    }
    text += "rules:\n  - { name: r, match: { repositories: [a] }, check: [p0, p1] }";
    let file = Policy::new(&text);
    let server = file.serve();
    push(&server, "b", secrets[0]).await.is(201);
    let stored = push(&server, "a", secrets[1]).await.is(201);
    let said = async |stored: &Answer| {
        let path = format!("_roadstead/verdicts/{}", stored.header("docker-content-digest"));
        let found = Repository::of(&server, "a").get(&path).await.is(200).json();
        let facts = found["verdicts"][0]["annotations"].as_array().cloned().unwrap();
        facts.iter().map(|fact| fact["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // the one that this manifest names can be read, which shows that the question was right
    let [other, named] = <[String; 2]>::try_from(said(&stored).await).unwrap();
    assert!(other.contains("NotNamed"), "{other}");
    assert_eq!(named, format!("{} bytes", secrets[1].len()));
    let stored = push(&server, "a", b"of neither").await.is(201);
    assert!(said(&stored).await.iter().all(|said| said.contains("NotNamed")));
}

/// Memory that the guests of the next test may have, and that those which flood may have.
const MEMORY_BYTES_MAX: u64 = 64 << 20;
const FLOOD_BYTES_MAX: u64 = 128 << 20;
/// What a connection may hold (SECURITY.md).
const CONNECTION_BYTES_MAX: u64 = 5 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pushes_hold_up_nobody_in_bounded_memory() {
    const MODES: [&str; 16] = [
        "allocate",
        "allocate",
        "allocate",
        "allocate",
        "allocate",
        "allocate",
        "flood-100",
        "flood-100",
        "spin-in-reviews",
        "spin-in-reviews",
        "spin-in-reviews",
        "panic",
        "recurse",
        "undeclared",
        "calls",
        "read-for-ever",
    ];
    let mut text = "version: 1\nplugins:\n  helm: { builtin: helm }\n".to_owned();
    let mut rules = "rules:\n  - { name: charts, match: { repositories: [charts/**] }, check: \
                     [helm] }\n"
        .to_owned();
    for (number, mode) in MODES.iter().enumerate() {
        let memory = if *mode == "flood-100" { "128MiB" } else { "64MiB" };
        let cpu = if *mode == "spin-in-reviews" { "500ms" } else { "20s" };
        writeln!(
            text,
            "  p{number}: {{ file: misbehave.wasm, settings: {{ mode: {mode} }}, limits: {{ time: \
             600s, cpu: {cpu}, memory: {memory} }} }}"
        )
        .unwrap();
        writeln!(
            rules,
            "  - {{ name: r{number}, match: {{ repositories: [h/{number}] }}, check: [p{number}] }}"
        )
        .unwrap();
    }
    let file = Policy::new(&(text + &rules));
    // what the machine is slow at is no failure here
    let path = file.path();
    let server = Server::start(&[
        ("POLICY__PATH", path.to_str().unwrap()),
        ("ENGINE__QUEUE_SECONDS_MAX", "120"),
    ]);
    push_chart(&server, 0).await.is(201);
    let base = server.peak_memory_bytes();
    let over = AtomicBool::new(false);
    let hostile = async {
        let push_one = async |number: usize, mode: &str| {
            let layer = format!("{mode} {number}");
            let refused = push(&server, &format!("h/{number}"), layer.as_bytes()).await.is(403);
            assert!(refused.errors()[0].contains("[RSE0"), "{:?}", refused.errors());
        };
        let pushes = MODES.iter().enumerate().map(|(number, mode)| push_one(number, mode));
        join_all(pushes).await;
        over.store(true, Ordering::Relaxed);
    };
    let good = async {
        let mut charts = 1;
        while !over.load(Ordering::Relaxed) || charts < 10 {
            push_chart(&server, charts).await.is(201);
            charts += 1;
        }
    };
    tokio::join!(hostile, good);
    // Reviews at once are four a core (`engine.reviews_per_core_max`), of which the one component
    // of all these guests may hold half; the other half is helm's, with the usual 64 MiB each. Of
    // the guests' reviews two may flood. Beside them each of 17 connections may hold what it may.
    let reviews = (4 * available_parallelism().unwrap().get() as u64).max(2);
    let guests = FLOOD_BYTES_MAX * 2 + MEMORY_BYTES_MAX * (reviews - 2);
    let connections = CONNECTION_BYTES_MAX * (MODES.len() as u64 + 1);
    let (peak, max) = (server.peak_memory_bytes(), base + guests + connections);
    assert!(peak < max, "a peak of {} MiB, over {} MiB", peak >> 20, max >> 20);
    server.is_sound();
}

/// Judges charts, and what is pushed to flood/** by a plugin that never ends.
const OF_FLOODS: &str = "version: 1\nplugins:\n  helm: { builtin: helm }\n  slow: { file: \
    misbehave.wasm, settings: { mode: spin-in-reviews }, limits: { time: 600s, cpu: 600s } \
    }\nrules:\n  - { name: charts, match: { repositories: [charts/**] }, check: [helm] }\n  - { \
    name: slow, match: { repositories: [flood/**] }, check: [slow] }\n";

/// Starts a server with a patient queue.
fn serve_floods(policy: &Policy) -> Server {
    let path = policy.path();
    let path = path.to_str().unwrap();
    Server::start(&[("POLICY__PATH", path), ("ENGINE__QUEUE_SECONDS_MAX", "600")])
}

/// Pushes charts for a while, beside a flood that has no end.
async fn charts_beside(server: &Server, flood: impl Future) {
    const WATCHED: Duration = Duration::from_secs(5);
    let others = async {
        let (started, mut charts) = (Instant::now(), 0);
        while started.elapsed() < WATCHED || charts < 10 {
            push_chart(server, charts).await.is(201);
            charts += 1;
        }
    };
    tokio::select! {
        _ = flood => panic!("all of the flood was answered"),
        () = others => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_that_waits_for_one_plugin_holds_up_no_other() {
    const FLOOD: usize = 150;
    let file = Policy::new(OF_FLOODS);
    let server = serve_floods(&file);
    let flood = (0..FLOOD).map(|number| {
        let (server, layer) = (&server, number.to_string());
        async move { push(server, &format!("flood/{number}"), layer.as_bytes()).await }
    });
    charts_beside(&server, join_all(flood)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_manifests_wait_before_they_are_read() {
    const FLOOD: usize = 80;
    /// Of all large manifests at once: 64 MiB, and six times as much for what is made of them.
    const LARGE_BYTES_MAX: u64 = 7 * (64 << 20);
    let file = Policy::new(OF_FLOODS);
    let server = serve_floods(&file);
    push_chart(&server, 0).await.is(201);
    let base = server.peak_memory_bytes();
    let repository = Repository::of(&server, "flood/large");
    repository.push_blob(&Bytes::from_static(b"{}")).await.unwrap();
    let mut large = manifest((OCI_CONFIG, b"{}"), &[]);
    let annotation = |number| (format!("k{number}"), json!("v".repeat(100)));
    large["annotations"] = Value::Object((0..30_000).map(annotation).collect());
    let flood = (0..FLOOD).map(|number| {
        let (repository, large) = (&repository, &large);
        async move { repository.put_manifest(&number.to_string(), large).await }
    });
    charts_beside(&server, join_all(flood)).await;
    let connections = CONNECTION_BYTES_MAX * 2;
    let (peak, max) = (server.peak_memory_bytes(), base + LARGE_BYTES_MAX + connections);
    assert!(peak < max, "a peak of {} MiB, over {} MiB", peak >> 20, max >> 20);
}

/// A good chart like no other one.
async fn push_chart(server: &Server, number: usize) -> Answer {
    let values = format!("number: {number}\n");
    let layer = chart(&[("web/Chart.yaml", YAML), ("web/values.yaml", &values)]);
    let repository = Repository::of(server, "charts/web");
    repository.push("1.2.3", (CONFIG, config().to_string().as_bytes()), &[(CHART, &layer)]).await
}

#[tokio::test]
async fn a_review_that_takes_too_long_is_asked_for_again_and_not_remembered() {
    let policy = |more: &str| {
        format!(
            "version: 1\nplugins:\n  slow: {{ file: misbehave.wasm, settings: {{ mode: \
             spin-in-reviews }}, limits: {{ time: 500ms, cpu: 60s }} }}\nrules:\n  - {{ name: \
             r, check: [slow] }}\n{more}"
        )
    };
    let file = Policy::new(&policy(""));
    let server = file.serve();
    let mut ids = Vec::new();
    for more in ["", "  - { name: more, acceptOnly: [image] }"] {
        if !more.is_empty() {
            replace(&server, &file, &policy(more)).await;
        }
        let answer = push(&server, "a", b"layer").await.is(503);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        let error = &answer.errors()[0];
        assert!(error.starts_with("UNAVAILABLE: ") && !error.contains("500ms"), "{error}");
        is_logged(&server, "slow", "r", "took longer than 500ms").await;
        let (verdict, counts) = verdict(&server, &answer);
        assert_eq!((&verdict["decision"], counts), (&json!("unavailable"), (1, 0)));
        assert_eq!(verdict["findings"][0]["code"], "RSE010");
        ids.push(verdict["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    Repository::of(&server, "a").get("manifests/1").await.is(404);
}
