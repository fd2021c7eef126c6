//! Every judgement is recorded, and looked up: by its id, by its manifest, and in a list.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    charts::{CHART, CONFIG, YAML, chart, config},
    policies::Policy,
};
use crate::{
    client::{Answer, Repository, sha256},
    harness::{Server, said},
};

/// Ids tell the time in steps of 82 ms.
const MOMENT: Duration = Duration::from_millis(200);

async fn push(repository: &Repository, tag: &str, yaml: &str, config: &Value) -> Answer {
    let layer = chart(&[("web/Chart.yaml", yaml)]);
    repository.push(tag, (CONFIG, config.to_string().as_bytes()), &[(CHART, &layer)]).await
}

/// A chart without a fault.
async fn push_good(repository: &Repository) -> Answer {
    push(repository, "1.2.3", YAML, &config()).await.is(201)
}

/// A chart whose version is short: stored with a warning.
async fn push_odd(repository: &Repository) -> Answer {
    let lenient = json!({ "apiVersion": "v2", "name": "web", "version": "1.2" });
    let yaml = "apiVersion: v2\nname: web\nversion: \"1.2\"\n";
    push(repository, "1.2", yaml, &lenient).await.is(201)
}

/// A chart whose config tells another version: refused.
async fn push_bad(repository: &Repository) -> Answer {
    push(repository, "6.6.6", &YAML.replace("1.2.3", "6.6.6"), &config()).await.is(403)
}

fn id(answer: &Answer) -> String {
    answer.header("roadstead-verdict").to_owned()
}

fn path(answer: &Answer) -> String {
    format!("_roadstead/verdicts/{}", answer.header("docker-content-digest"))
}

/// What `verdict list` says, and its JSON.
fn listed(server: &Server, arguments: &[&str]) -> (Vec<String>, Vec<Value>) {
    let command = |more: &[&str]| {
        let output = server.command(&[&["verdict", "list"], arguments, more].concat());
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let lines = command(&[]).lines().map(ToOwned::to_owned).collect();
    (lines, serde_json::from_str(&command(&["--json"])).unwrap())
}

/// The files of an object folder, recursively.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    paths.flat_map(below).collect()
}

fn kept(server: &Server) -> Vec<PathBuf> {
    files(&server.data().join("objects/verdicts"))
}

#[tokio::test]
async fn what_was_refused_or_warned_of_is_listed_from_the_newest_on() {
    let mut server = Server::start(&[]);
    assert_eq!(listed(&server, &[]).1, [] as [Value; 0]);
    let (charts, other) = ["charts/web", "other"].map(|name| Repository::of(&server, name)).into();
    push_good(&charts).await;
    let refused = id(&push_bad(&charts).await);
    tokio::time::sleep(MOMENT).await;
    let warned = id(&push_odd(&other).await);
    let reject: &[&str] = &["--decision", "reject"];
    for running in [true, false] {
        let (lines, verdicts) = listed(&server, &[]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        for (line, says) in lines.iter().zip([
            ["  ACCEPTED    other:1.2", &warned],
            ["  REJECTED    charts/web:6.6.6  RSH", &refused],
        ]) {
            assert!(line.contains(says[0]) && line.ends_with(says[1]), "{line}");
        }
        assert_eq!([&verdicts[0]["id"], &verdicts[1]["id"]], [&warned, &refused]);
        for (filter, found) in [
            (reject, vec![&refused]),
            (&["--decision", "accept"], vec![&warned]),
            (&["--repository", "charts/**"], vec![&refused]),
            (&["--repository", "other", "--decision", "reject"], vec![]),
            (&["--repository", "{other,charts/*}"], vec![&warned, &refused]),
            (&["--repository", "*"], vec![&warned]),
            (&["--limit", "1"], vec![&warned]),
        ] {
            let (_, verdicts) = listed(&server, filter);
            let ids: Vec<_> = verdicts.iter().map(|verdict| &verdict["id"]).collect();
            assert_eq!(ids, found, "{filter:?}");
        }
        let first = said(&server.command(&["verdict", "list", "--limit", "1"]));
        assert!(first.ends_with("only the newest 1 are shown; use --limit for more\n"), "{first}");
        let wrong = server.command(&["verdict", "list", "--repository", "a["]);
        assert!(said(&wrong).contains("\"a[\" is not a valid glob: "), "{}", said(&wrong));
        if running {
            server.stop();
        }
    }
}

#[tokio::test]
async fn what_was_judged_about_a_manifest_is_shown() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let odd = push_odd(&repository).await;
    let judged = repository.get(&path(&odd)).await.is(200);
    assert_eq!(judged.header("content-type"), "application/json");
    let judged = judged.json();
    assert_eq!(judged["digest"], odd.header("docker-content-digest"));
    assert_eq!(judged["verdicts"].as_array().unwrap().len(), 1);
    let verdict = &judged["verdicts"][0];
    assert_eq!((&verdict["id"], &verdict["decision"]), (&json!(id(&odd)), &json!("accept")));
    let judge = &verdict["judges"][0];
    for digest in ["digest", "settings"] {
        assert!(judge[digest].as_str().unwrap().starts_with("sha256:"), "{judge}");
    }
    let by_digest = format!("charts/web@{}", odd.header("docker-content-digest"));
    for running in [true, false] {
        let with_host = "localhost:5000/charts/web:1.2";
        let as_helm = format!("oci://{with_host}");
        for name in ["charts/web:1.2", with_host, &as_helm, &by_digest] {
            let shown = server.command(&["verdict", "show", name]);
            let text = said(&shown);
            assert!(shown.status.success() && text.contains(": one verdict\n"), "{text}");
            assert!(text.contains(&format!("  {} of ", id(&odd))), "{text}");
            assert!(text.contains("   plugin  helm (helm "), "{text}");
            assert!(text.contains("with settings sha256:"), "{text}");
        }
        let shown = server.command(&["verdict", "show", &by_digest, "--json"]);
        assert_eq!(serde_json::from_slice::<Value>(&shown.stdout).unwrap(), judged);
        let unknown = server.command(&["verdict", "show", "charts/web:9"]);
        let text = said(&unknown);
        assert!(!unknown.status.success() && text.contains("has no manifest 9"), "{text}");
        let unknown = server.command(&["verdict", "show", "00000000000"]);
        assert!(said(&unknown).contains("verdict show REPOSITORY@DIGEST"), "{}", said(&unknown));
        if running {
            server.stop();
        }
    }
}

#[tokio::test]
async fn a_client_asks_what_was_judged_and_is_told_what_is_unknown() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let nothing = format!("_roadstead/verdicts/{}", sha256(b"nothing"));
    assert!(repository.get(&nothing).await.is(404).errors()[0].starts_with("NAME_UNKNOWN: "));
    let good = push_good(&repository).await;
    assert!(repository.get(&nothing).await.is(404).errors()[0].starts_with("MANIFEST_UNKNOWN: "));
    let refused = push_bad(&repository).await;
    let refused = &refused.json()["errors"][0]["detail"]["verdict"];
    assert!(refused.is_string());
    let judged = repository.get(&path(&good)).await.is(200);
    assert_eq!(judged.json()["verdicts"][0]["id"], id(&good));
    let head = repository.send(Method::HEAD, &path(&good)).await.is(200);
    assert_eq!(head.header("content-length"), judged.body.len().to_string());
    assert!(head.body.is_empty());
    for method in [Method::PUT, Method::DELETE, Method::POST] {
        let answer = repository.send(method, &path(&good)).await.is(405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    for none in ["latest", "1.2.3", "sha256:12", "M9DWFBKHSF3", "id", "a:b"] {
        let malformed = repository.get(&format!("_roadstead/verdicts/{none}")).await.is(400);
        let told = malformed.errors();
        assert!(
            told[0].starts_with("DIGEST_INVALID: verdicts are found by the digest"),
            "{told:?}"
        );
        assert!(told[0].contains("verdicts/id/<id>"), "{told:?}");
    }
    let elsewhere = Repository::of(&server, "other");
    elsewhere.get(&path(&good)).await.is(404);
    let manifest = format!("manifests/{}", good.header("docker-content-digest"));
    repository.send(Method::DELETE, &manifest).await.is(202);
    repository.get(&path(&good)).await.is(404);
}

#[tokio::test]
async fn what_is_pushed_again_and_again_fills_nothing() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let (good, odd, bad) =
        (push_good(&repository).await, push_odd(&repository).await, push_bad(&repository).await);
    let before = files(&server.data().join("objects/repos/charts/web/_verdicts")).len();
    assert_eq!((before, kept(&server).len()), (0, 2));
    for _ in 0..20 {
        assert_eq!(id(&push_good(&repository).await), id(&good));
        assert_eq!(id(&push_odd(&repository).await), id(&odd));
        assert_eq!(id(&push_bad(&repository).await), id(&bad));
    }
    assert_eq!(kept(&server).len(), 2);
    let later = files(&server.data().join("objects/repos/charts/web/_verdicts"));
    assert_eq!(later, [] as [PathBuf; 0]);
    server.is_sound();
}

#[tokio::test]
async fn a_repeated_refusal_is_found_after_a_restart_and_counted() {
    let mut server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let first = push_bad(&repository).await;
    let shown = said(&server.command(&["verdict", "show", &id(&first)]));
    assert!(!shown.contains(" times"), "{shown}");
    let written = || files(&server.data().join("objects/repos/charts/web/_refusals"));
    assert_eq!(written().len(), 1);
    for _ in 1..20 {
        assert_eq!(id(&push_bad(&repository).await), id(&first));
    }
    assert_eq!((kept(&server).len(), written().len()), (1, 1));
    let says = |server: &Server, times: u64| {
        let shown = said(&server.command(&["verdict", "show", &id(&first)]));
        assert!(shown.contains(&format!("\n  {times} times, last at 20")), "{shown}");
        let (lines, verdicts) = listed(server, &[]);
        let again = format!("{}  {times} times, last at ", id(&first));
        assert!(lines[0].contains(&again), "{lines:?}");
        let seen = &verdicts[0]["seen"];
        assert_eq!(seen["times"], times);
        assert!(seen["last"].as_str().unwrap() >= verdicts[0]["at"].as_str().unwrap(), "{seen}");
    };
    says(&server, 20);
    server.stop();
    says(&server, 20);
    server.restart();
    let repository = Repository::of(&server, "charts/web");
    assert_eq!(id(&push_bad(&repository).await), id(&first));
    assert_eq!(kept(&server).len(), 1);
    says(&server, 21);
    // what is not written yet is lost in a kill: at most half
    server.kill();
    says(&server, 20);
    server.restart();
    let repository = Repository::of(&server, "charts/web");
    // another policy, another repository: other grounds, another verdict
    let elsewhere = push_bad(&Repository::of(&server, "charts/other")).await;
    assert_ne!(id(&elsewhere), id(&first));
    push_good(&repository).await;
    server.is_sound();
}

const NO_CHARTS: &str = "version: 1\nrules: [{ name: images, match: { repositories: [\"**\"] }, \
                         acceptOnly: [image] }]\n";

#[tokio::test]
async fn new_tags_write_no_new_refusal_and_the_last_ones_are_told() {
    let policy = Policy::new(NO_CHARTS);
    let mut server = policy.serve();
    let repository = Repository::of(&server, "charts/web");
    let refused = async |repository: &Repository, n: usize| {
        id(&push(repository, &format!("9.0.{n}"), YAML, &config()).await.is(403))
    };
    let first = refused(&repository, 0).await;
    for n in 1..20 {
        assert_eq!(refused(&repository, n).await, first);
    }
    let written = |server: &Server| {
        let refusals = server.data().join("objects/repos/charts/web/_refusals");
        (kept(server).len(), files(&refusals).len())
    };
    assert_eq!(written(&server), (1, 1));
    let says = |server: &Server, times: usize| {
        let tags: Vec<_> = (0..times).rev().take(10).map(|n| format!("9.0.{n}")).collect();
        let (lines, verdicts) = listed(server, &[]);
        assert!(lines[0].contains(&format!("charts/web:9.0.0  RSA001  {first}  {times} times")));
        let seen = &verdicts[0]["seen"];
        assert_eq!((&seen["times"], &seen["tags"]), (&json!(times), &json!(tags)));
        let shown = said(&server.command(&["verdict", "show", &first]));
        let told = format!("\n  recently under the tags {}\n", tags.join(", "));
        assert!(shown.contains(&told), "{shown}");
    };
    says(&server, 20);
    server.kill();
    // what is not written yet is lost: at most half
    says(&server, 16);
    server.restart();
    let repository = Repository::of(&server, "charts/web");
    assert_eq!(refused(&repository, 16).await, first);
    says(&server, 17);
    // another manifest is refused for itself
    let other =
        push(&repository, "9.0.0", &YAML.replace("1.2.3", "2.0.0"), &config()).await.is(403);
    assert_ne!(id(&other), first);
    assert_eq!(written(&server), (2, 2));
    server.is_sound();
}

#[tokio::test]
async fn refusals_that_are_about_the_tag_are_bounded() {
    const MAX: usize = 100;
    let policy = Policy::new(
        "version: 1\nplugins: { helm: { builtin: helm, settings: { strictReference: true } } }\n\
         rules: [{ name: charts, match: { kinds: [helm-chart] }, check: [helm] }]\n",
    );
    let server = policy.serve();
    let repository = Repository::of(&server, "charts/web");
    let refused =
        async |n: usize| id(&push(&repository, &format!("9.0.{n}"), YAML, &config()).await.is(403));
    let mut ids = Vec::new();
    for n in 0..MAX + 20 {
        ids.push(refused(n).await);
    }
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), MAX + 20, "each is about its own tag");
    assert_eq!(kept(&server).len(), MAX);
    let by_id = async |id: &str| repository.get(&format!("_roadstead/verdicts/id/{id}")).await;
    by_id(&ids[0]).await.is(404);
    by_id(&ids[MAX + 19]).await.is(200);
    // one that went is given anew, and found
    let again = refused(0).await;
    assert_ne!(again, ids[0]);
    by_id(&again).await.is(200);
    assert_eq!(refused(MAX + 19).await, ids[MAX + 19]);
    assert_eq!(kept(&server).len(), MAX);
    server.is_sound();
}

#[tokio::test]
async fn a_pusher_reads_his_refusal() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let refused = push_bad(&repository).await;
    let entry = refused.json()["errors"][0].clone();
    assert_eq!(entry["detail"]["plugin"], "helm");
    let help = entry["detail"]["help"].as_str().unwrap();
    let (command, url) = help.split_once(", or GET ").unwrap();
    assert_eq!(command, format!("roadstead verdict show {}", id(&refused)));
    assert_eq!(url, repository.url(&format!("_roadstead/verdicts/id/{}", id(&refused))));
    assert!(entry.to_string().len() < 1000, "{entry}");
    let by_url = Repository::try_send(reqwest::Client::new().get(url)).await.unwrap().is(200);
    let verdict = by_url.json();
    assert_eq!((&verdict["id"], &verdict["decision"]), (&json!(id(&refused)), &json!("reject")));
    assert_eq!(verdict["seen"]["times"], 1);
    assert!(!verdict["findings"].as_array().unwrap().is_empty());
    let lower = format!("_roadstead/verdicts/id/{}", id(&refused).to_lowercase());
    assert_eq!(repository.get(&lower).await.is(200).json(), verdict);
    // by the manifest as well, of which nothing is stored
    let digest = verdict["digest"].as_str().unwrap();
    repository.get(&format!("manifests/{digest}")).await.is(404);
    let judged = repository.get(&format!("_roadstead/verdicts/{digest}")).await.is(200).json();
    assert_eq!(judged, json!({ "digest": digest, "verdicts": [verdict] }));
    let shown = said(&server.command(&["verdict", "show", &format!("charts/web@{digest}")]));
    assert!(shown.contains(": one verdict\n\nREJECTED  charts/web:6.6.6\n"), "{shown}");
    // only in the repository that it is about, and only what is kept by its id
    let elsewhere = Repository::of(&server, "charts/other");
    let by_id = format!("_roadstead/verdicts/id/{}", id(&refused));
    let unknown = elsewhere.get(&by_id).await.is(404);
    assert!(unknown.errors()[0].contains("charts/other has no verdict"), "{:?}", unknown.errors());
    elsewhere.get(&format!("_roadstead/verdicts/{digest}")).await.is(404);
    let good = push_good(&repository).await;
    for none in [id(&good).as_str(), "00000000000"] {
        repository.get(&format!("_roadstead/verdicts/id/{none}")).await.is(404);
    }
    for malformed in ["1", "0000000000!", "000000000000"] {
        repository.get(&format!("_roadstead/verdicts/id/{malformed}")).await.is(404);
    }
    repository.send(Method::DELETE, &by_id).await.is(405);
    // a warning too
    let odd = push_odd(&repository).await;
    let warned = repository.get(&format!("_roadstead/verdicts/id/{}", id(&odd))).await.is(200);
    assert!(warned.json().get("seen").is_none());
}

#[tokio::test]
async fn refusals_stand_beside_what_let_a_manifest_in() {
    let policy = Policy::new("version: 1\ninclude: [builtin:default]\n");
    let mut server = policy.serve();
    let good = push_good(&Repository::of(&server, "charts/web")).await;
    server.stop();
    policy.save(
        "version: 1\nrules: [{ name: none, match: { repositories: [charts/web] }, acceptOnly: \
         [image] }]\n",
    );
    server.restart();
    tokio::time::sleep(MOMENT).await;
    let repository = Repository::of(&server, "charts/web");
    let refused = push(&repository, "1.2.3", YAML, &config()).await.is(403);
    let judged = repository.get(&path(&good)).await.is(200).json();
    let ids = judged["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["id"]);
    assert_eq!(ids.collect::<Vec<_>>(), [&id(&refused), &id(&good)]);
    let shown = said(&server.command(&["verdict", "show", "charts/web:1.2.3"]));
    assert!(shown.contains(": 2 verdicts, newest first; the last one accepted it\n"), "{shown}");
    // without the manifest the refusal is left
    let manifest = format!("manifests/{}", good.header("docker-content-digest"));
    repository.send(Method::DELETE, &manifest).await.is(202);
    let judged = repository.get(&path(&good)).await.is(200).json();
    assert_eq!(judged["verdicts"].as_array().unwrap().len(), 1);
    server.is_sound();
}

#[tokio::test]
async fn what_another_policy_says_is_kept_beside_it() {
    let default = "version: 1\ninclude: [builtin:default]\n";
    let policy = Policy::new(default);
    let mut server = policy.serve();
    let first = push_odd(&Repository::of(&server, "charts/web")).await;
    server.stop();
    let more = "rules: [{ name: more, match: { repositories: [x] }, acceptOnly: [image] }]\n";
    policy.save(&format!("{default}{more}"));
    server.restart();
    tokio::time::sleep(MOMENT).await;
    let repository = Repository::of(&server, "charts/web");
    let second = push_odd(&repository).await;
    assert_ne!(id(&first), id(&second));
    for _ in 0..5 {
        assert_eq!(id(&push_odd(&repository).await), id(&second));
    }
    let judged = repository.get(&path(&first)).await.is(200).json();
    let ids = judged["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["id"]);
    assert_eq!(ids.collect::<Vec<_>>(), [&id(&second), &id(&first)]);
    let shown = said(&server.command(&["verdict", "show", "charts/web:1.2"]));
    assert!(shown.contains(": 2 verdicts, newest first; the last one accepted it\n"), "{shown}");
    let policies = judged["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["policy"]);
    for policy in policies {
        assert!(shown.contains(&format!("by policy {}", policy.as_str().unwrap())), "{shown}");
    }
    let found = server.command(&["verdict", "show", &id(&second)]);
    assert!(found.status.success(), "{}", said(&found));
    server.is_sound();
}

#[tokio::test]
async fn who_pushed_is_kept_apart_and_told_to_the_operator_alone() {
    // made by libxcrypt
    let users = "anna:$2y$05$CCCCCCCCCCCCCCCCCCCCC.PK0UdbrwnPNdqnEGWO/RiTxnCEUylv.\n\
        bert:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users");
    fs::write(&file, users).unwrap();
    let server = Server::start(&[("AUTH__HTPASSWD", file.to_str().unwrap())]);
    let as_user = |name, password| Repository::of(&server, "charts/web").logged_in(name, password);
    let (anna, bert) = (as_user("anna", "sécret: word"), as_user("bert", "U*U"));
    let first = push_odd(&anna).await;
    tokio::time::sleep(MOMENT).await;
    let second = push_odd(&bert).await;
    assert_eq!(id(&push_odd(&bert).await), id(&second));
    let judged = anna.get(&path(&first)).await.is(200).json();
    let verdicts = judged["verdicts"].as_array().unwrap();
    let ids: Vec<_> = verdicts.iter().map(|verdict| &verdict["id"]).collect();
    assert_eq!(ids, [&id(&second), &id(&first)]);
    assert!(verdicts.iter().all(|verdict| verdict.get("pushed_by").is_none()), "{judged}");
    let shown = said(&server.command(&["verdict", "show", "charts/web:1.2"]));
    assert!(shown.contains("pushed by anna") && shown.contains("pushed by bert"), "{shown}");
    let refused = push_bad(&bert).await;
    // whoever else pushes the same shares his refusal
    assert_eq!(id(&push_bad(&anna).await), id(&refused));
    let by_id = format!("_roadstead/verdicts/id/{}", id(&refused));
    let verdict = anna.get(&by_id).await.is(200).json();
    assert!(verdict.get("pushed_by").is_none(), "{verdict}");
    assert_eq!(
        (&verdict["seen"]["times"], &verdict["seen"]["tags"]),
        (&json!(2), &json!(["6.6.6"]))
    );
    assert!(verdict["seen"].get("pushed_by").is_none(), "{verdict}");
    let shown = said(&server.command(&["verdict", "show", &id(&refused)]));
    assert!(shown.contains(", pushed by bert\n"), "{shown}");
    assert!(shown.contains("\n  recently pushed by anna, bert\n"), "{shown}");
    let nobody = Repository::of(&server, "charts/web");
    for path in [&path(&first), &by_id] {
        nobody.get(path).await.is(401);
    }
}

#[tokio::test]
async fn old_verdicts_go_by_themselves_and_a_warning_is_then_given_anew() {
    let mut server = Server::start(&[("VERDICTS__DAYS_MAX", "30")]);
    let odd = push_odd(&Repository::of(&server, "charts/web")).await;
    server.stop();
    let verdict = kept(&server).pop().unwrap();
    // the day that H00 is lies years back
    let old = server.data().join("objects/verdicts/H00/H0000000000");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::rename(&verdict, &old).unwrap();
    server.restart();
    let since = Instant::now();
    while old.exists() {
        assert!(since.elapsed() < Duration::from_secs(30), "it stays");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let repository = Repository::of(&server, "charts/web");
    assert_eq!(repository.get(&path(&odd)).await.is(200).json()["verdicts"][0]["id"], id(&odd));
    let again = push_odd(&repository).await;
    let shown = server.command(&["verdict", "show", &id(&again)]);
    assert!(shown.status.success(), "{}", said(&shown));
    assert_eq!(kept(&server).len(), 1);
}
