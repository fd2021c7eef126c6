//! Policies tried without a push: on files, and on what is stored.

use std::{
    path::Path,
    process::{Command, Output},
};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_MANIFEST};
use serde_json::{Value, json};

use super::{
    charts::{self, CHART, CONFIG},
    policies::Policy,
};
use crate::{
    client::{Repository, descriptor, manifest, sha256},
    harness::{ROADSTEAD, Server, said},
};

#[tokio::test]
async fn a_policy_is_tried_on_files_and_on_what_is_stored() {
    let policy = Policy::new("version: 1\ninclude: [builtin:default]");
    let server = policy.serve();
    let eval = |arguments: &[&str]| {
        let mut command = Command::new(ROADSTEAD);
        command.args(["policy", "eval", "--policy"]).arg(policy.path()).args(arguments);
        let output = command.arg("--data").arg(server.data()).output().unwrap();
        (output.status.code(), said(&output))
    };
    let good = charts::chart(&[("web/Chart.yaml", charts::YAML)]);
    let link = [("web/Chart.yaml", charts::YAML), ("web/link", "->/etc/passwd")];
    let file = |name: &str, bytes: &[u8]| {
        let path = policy.path().with_file_name(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (code, told) = eval(&[&file("web-1.2.3.tgz", &good)]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("ACCEPTED  web:1.2.3"), "{told}");
    let (code, told) = eval(&[&file("evil.tgz", &charts::chart(&link))]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("RSH025 by rule charts-are-valid"), "{told}");
    let config = charts::config().to_string();
    let repository = Repository::of(&server, "charts/web");
    repository.push("1.2.3", (CONFIG, config.as_bytes()), &[(CHART, &good)]).await.is(201);
    let (code, told) = eval(&["charts/web:1.2.3", "-o", "json"]);
    assert_eq!(code, Some(0), "{told}");
    let judged: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(judged[0]["decision"], "accept");
    let explained = server.command(&["policy", "explain", "charts/web:1.2.3"]);
    let told = said(&explained);
    assert!(told.contains("YES   charts-are-valid") && told.contains("asks helm"), "{told}");
    assert!(told.contains("Its newest verdict") && told.contains("plugin  helm (helm "), "{told}");
    policy.save("version: 1\nrules:\n  - { name: shut, acceptOnly: [wasm] }");
    let (code, told) = eval(&["charts/web:1.2.3"]);
    assert!(code == Some(1) && told.contains("rule shut"), "{told}");
    for wrong in ["charts/web:2.0.0", "nothing.tgz", "no/such"] {
        let (code, told) = eval(&[wrong]);
        assert_eq!(code, Some(2), "{wrong}: {told}");
    }
    policy.save("version: 1\nrules: 7");
    let (code, told) = eval(&["charts/web:1.2.3"]);
    assert_eq!(code, Some(2));
    assert!(told.starts_with("error: expected a list of rules\n"), "{told}");
}

/// What the command says without what differs from one run to the next.
fn lasting(output: &Output) -> (Option<i32>, Value) {
    let mut said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{}", said(output));
    });
    let verdicts = said.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    for verdict in verdicts {
        verdict["at"].take();
        verdict["duration_us"].take();
        verdict["judges"].take();
    }
    (output.status.code(), said)
}

/// Pushes an image as 1, and three manifests that refer to it. Answers its digest.
async fn push_with_referrers(repository: &Repository) -> String {
    let image = (OCI_CONFIG, &b"{}"[..]);
    let subject = manifest(image, &[]);
    let pushed = repository.push("1", image, &[]).await.is(201);
    for number in 0..3 {
        let mut referrer = manifest(image, &[]);
        referrer["subject"] = descriptor(OCI_MANIFEST, subject.to_string().as_bytes());
        referrer["annotations"] = json!({ "number": number.to_string() });
        let named = sha256(referrer.to_string().as_bytes()).to_string();
        repository.put_manifest(&named, &referrer).await.is(201);
    }
    pushed.header("docker-content-digest").to_owned()
}

#[tokio::test]
async fn what_is_stored_is_tried_alike_with_a_server_and_without_one() {
    let policy = Policy::new(
        "version: 1
plugins:
  teller: { file: misbehave.wasm, settings: { mode: read } }
rules:
  - { name: told, check: [teller] }
",
    );
    let mut server = policy.serve();
    let repository = Repository::of(&server, "a");
    let digest = push_with_referrers(&repository).await;
    let other = policy.path().with_file_name("other.yaml");
    let text = format!(
        "version: 1
plugins:
  other: {{ file: misbehave.wasm, settings: {{ mode: facts, digest: {digest}, by: teller }} }}
rules:
  - {{ name: facts, check: [other] }}
  - {{ name: shut, match: {{ repositories: [b] }}, acceptOnly: [wasm] }}
"
    );
    std::fs::write(&other, text).unwrap();
    let broken = policy.path().with_file_name("broken.yaml");
    std::fs::write(&broken, "version: 1\nrules: 7").unwrap();
    let by_digest = format!("a@{digest}");
    let by = |path: &Path| vec!["--policy".to_owned(), path.display().to_string()];
    let asked = [
        ("eval", vec!["a:1"], by(&other), Some(0)),
        ("eval", vec![&by_digest], by(&other), Some(0)),
        ("eval", vec!["a:1", "--as", "b:9"], by(&other), Some(1)),
        ("eval", vec!["a:1"], by(&policy.path()), Some(0)),
        ("explain", vec!["a:1"], by(&other), Some(0)),
    ];
    let absent = [vec!["a:2"], vec!["c:1"]];
    let run = |server: &Server, arguments: &[&[&str]]| {
        server.command(&[&["policy"][..], &arguments.concat(), &["-o", "json"]].concat())
    };
    let all = |server: &Server| {
        let answers = asked.iter().map(|(command, thing, by, code)| {
            let by: Vec<_> = by.iter().map(String::as_str).collect();
            let answer = lasting(&run(server, &[&[command], thing, &by]));
            assert_eq!(answer.0, *code, "{}", answer.1);
            answer
        });
        let answers: Vec<_> = answers.collect();
        let wrong = absent.iter().map(|thing| said(&run(server, &[&["eval"], thing])));
        let by = by(&broken);
        let broken: Vec<_> = by.iter().map(String::as_str).collect();
        let wrong = wrong.chain([said(&run(server, &[&["eval", "a:1"], &broken]))]);
        (answers, wrong.collect::<Vec<_>>())
    };
    let (beside, wrong_beside) = all(&server);
    let facts = beside[0].1[0]["annotations"][0]["value"].as_str().unwrap();
    assert!(facts.starts_with("said=2 bytes") && facts.ends_with("and 3 referrers"), "{facts}");
    assert!(wrong_beside[0].contains("repository a has no manifest 2"), "{}", wrong_beside[0]);
    assert!(wrong_beside[2].contains("broken.yaml:2:8"), "{}", wrong_beside[2]);
    // without a policy of its own a command gets the one that is in force
    let in_force = lasting(&run(&server, &[&["eval", "a:1"]])).1;
    assert_eq!(in_force, beside[3].1);
    // nothing of all that was kept
    let judged = server.command(&["verdict", "show", "a:1", "--json"]);
    let judged: Value = serde_json::from_slice(&judged.stdout).unwrap();
    assert_eq!(judged["verdicts"].as_array().unwrap().len(), 1);
    server.stop();
    let (alone, wrong_alone) = all(&server);
    assert_eq!(beside, alone);
    assert_eq!(wrong_beside, wrong_alone);
}
