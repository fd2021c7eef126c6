//! Who pushes much does not hold up the others, and what was judged is not judged again.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::join_all;
use roadstead_oci::media_type::OCI_CONFIG;

use super::{
    charts::{CHART, CONFIG, YAML, chart, config},
    policies::Policy,
};
use crate::{
    client::{Answer, Repository, manifest},
    harness::Server,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// What somebody waits for at the most who pushes something small.
const SECONDS: Duration = Duration::from_secs(8);

/// One component, which takes long for what is pushed to heavy/**.
const ONE_COMPONENT: &str = "version: 1
plugins:
  heavy:
    file: misbehave.wasm
    settings: { mode: spin-in-reviews }
    limits: { cpu: 500ms, time: 60s }
  light: { file: misbehave.wasm, settings: { mode: silent } }
rules:
  - { name: heavy, match: { repositories: [heavy/**] }, check: [heavy], failurePolicy: ignore }
  - { name: light, match: { repositories: [light/**] }, check: [light] }
";

async fn push(server: &Server, repository: &str, tag: &str) -> Answer {
    let layer = format!("{repository}:{tag}");
    let repository = Repository::of(server, repository);
    repository.push(tag, (OCI_CONFIG, b"{}"), &[(LAYER, layer.as_bytes())]).await
}

/// Connections that push something heavy again and again, and how long small pushes took meanwhile.
async fn beside_a_flood(repository_of: impl Fn(usize) -> String) -> Vec<Duration> {
    const CONNECTIONS: usize = 60;
    const PUSHES: usize = 12;
    let policy = Policy::new(ONE_COMPONENT);
    let server = policy.serve();
    push(&server, "light/a", "0").await.is(201);
    let flood = async {
        let connections = (0..CONNECTIONS).map(|connection| {
            let (server, repository) = (&server, repository_of(connection));
            async move {
                for push_number in 0.. {
                    let tag = format!("{connection}-{push_number}");
                    let status = push(server, &repository, &tag).await.status.as_u16();
                    // it waits for its own kind, and too long in the end
                    assert!([201, 503].contains(&status), "{status}");
                }
            }
        });
        join_all(connections).await;
    };
    let small = async {
        // all of the flood is there
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut took = Vec::new();
        for number in 1..=PUSHES {
            let started = Instant::now();
            push(&server, "light/a", &number.to_string()).await.is(201);
            took.push(started.elapsed());
        }
        took
    };
    tokio::select! {
        () = flood => unreachable!("it has no end"),
        took = small => took,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_repository_holds_up_no_other() {
    let took = beside_a_flood(|_| "heavy/a".to_owned()).await;
    assert!(took.iter().all(|took| *took < SECONDS), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_of_many_repositories() {
    let took = beside_a_flood(|connection| format!("heavy/{connection}")).await;
    assert!(took.iter().all(|took| *took < SECONDS), "{took:?}");
}

/// What the plugin said about a manifest at last.
async fn said(repository: &Repository, answer: &Answer) -> String {
    let path = format!("_roadstead/verdicts/{}", answer.header("docker-content-digest"));
    let found = repository.get(&path).await.is(200).json();
    let id = answer.header("roadstead-verdict");
    let all = found["verdicts"].as_array().unwrap();
    let verdict = all.iter().find(|verdict| verdict["id"] == id).unwrap();
    verdict["annotations"][0]["value"].as_str().unwrap().to_owned()
}

/// Reviews that the guest has made, as its lines in the log tell. Everything that was pushed before
/// `last` is in the log once that is.
async fn reviews(server: &Server, last: &Answer) -> usize {
    let id = last.header("x-request-id");
    server.has_logged(|line| line.contains(id)).await;
    server.log().iter().filter(|line| line.contains("\"reviewing\"")).count()
}

#[tokio::test]
async fn what_asks_for_no_tags_is_remembered_under_every_tag() {
    for (mode, says, count) in [
        ("read", ["64 bytes, sum 2048"; 4], 1),
        ("principal", ["None"; 4], 1),
        ("other-tag", ["true", "true", "false", "true"], 2),
        ("tags", ["2", "3", "1", "2"], 3),
        ("tags-of-others", ["2", "3", "only 1", "2"], 3),
        ("now", [""; 4], 4),
    ] {
        let policy = Policy::new(&format!(
            "version: 1\nplugins: {{ p: {{ file: misbehave.wasm, settings: {{ mode: {mode} }} }} \
             }}\nrules: [{{ name: r, check: [p] }}]\n"
        ));
        let server = policy.serve();
        let repository = Repository::of(&server, "a");
        let config = " ".repeat(64);
        let config = (OCI_CONFIG, config.as_bytes());
        repository.push_blob(&Bytes::copy_from_slice(config.1)).await.unwrap();
        let body = manifest(config, &[]);
        let mut last = None;
        for (tag, says) in ["2", "3", "1", "2"].into_iter().zip(says) {
            let answer = repository.put_manifest(tag, &body).await.is(201);
            if !says.is_empty() {
                assert_eq!(said(&repository, &answer).await, says, "{mode} under {tag}");
            }
            last = Some(answer);
        }
        assert_eq!(reviews(&server, &last.unwrap()).await, count, "{mode}");
    }
}

/// A chart that takes the plugin long, under tags that are not its version.
#[tokio::test]
async fn a_heavy_chart_is_judged_once_whatever_its_wrong_tags_are() {
    const AGAIN: u32 = 10;
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let mut values = String::new();
    for n in 0..40_000 {
        writeln!(values, "k{n}: {n}").unwrap();
    }
    let layer = chart(&[("web/Chart.yaml", YAML), ("web/values.yaml", &values)]);
    let config = config().to_string();
    let config = (CONFIG, config.as_bytes());
    for bytes in [config.1, &layer] {
        repository.push_blob(&Bytes::copy_from_slice(bytes)).await.unwrap();
    }
    let body = manifest(config, &[(CHART, &layer)]);
    let push = async |tag: &str| {
        let started = Instant::now();
        let pushed = repository.put_manifest(tag, &body).await.is(201);
        let warning = pushed.header("warning").to_owned();
        (warning.contains("the tag is different"), started.elapsed())
    };
    let (is_warned, first) = push("wrong").await;
    assert!(is_warned);
    let mut rest = Duration::ZERO;
    for number in 0..AGAIN {
        let (is_warned, took) = push(&format!("wrong-{number}")).await;
        assert!(is_warned);
        rest += took;
    }
    assert!(rest < first * AGAIN / 2, "{rest:?} after {first:?}");
    assert!(!push("1.2.3").await.0, "the right tag is no other");
}
