//! Logins: nobody gets in without one, nothing of a password gets out, and nobody else waits.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;

use crate::{
    client::Repository,
    harness::{PASSWORD, ROADSTEAD, Server, USER, said},
};

const CHALLENGE: &str = "Basic realm=\"roadstead\"";

#[tokio::test]
async fn without_a_login_every_path_is_401_with_one_challenge() {
    let server = Server::guarded(&[]);
    let digest = format!("sha256:{}", "0".repeat(64));
    let http = reqwest::Client::new();
    for (method, path) in [
        (Method::GET, "/v2/"),
        (Method::HEAD, "/v2/"),
        (Method::GET, "/v2"),
        (Method::GET, "/v2/_catalog"),
        (Method::GET, "/v2/a/tags/list"),
        (Method::HEAD, "/v2/a/manifests/v1"),
        (Method::PUT, "/v2/a/manifests/v1"),
        (Method::DELETE, "/v2/a/manifests/v1"),
        (Method::POST, "/v2/a/blobs/uploads/"),
        (Method::PATCH, "/v2/a/blobs/uploads/x"),
        (Method::GET, &format!("/v2/a/blobs/{digest}")),
        (Method::GET, &format!("/v2/a/referrers/{digest}")),
        (Method::GET, "/v2/UPPER/tags/list"),
        (Method::GET, "/"),
    ] {
        let request = http.request(method.clone(), server.url(path));
        let answer = Repository::try_send(request).await.unwrap().is(401);
        let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges, [CHALLENGE], "{method} {path}");
        match method {
            Method::HEAD => assert!(answer.body.is_empty()),
            _ => assert!(answer.errors()[0].starts_with("UNAUTHORIZED: log in first"), "{path}"),
        }
    }
}

#[tokio::test]
async fn a_login_that_makes_no_sense_is_401_and_never_500() {
    let server = Server::guarded(&[]);
    let long = format!("{USER}:{}", "x".repeat(100_000));
    let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text.as_bytes()));
    for value in [
        "Basic".to_owned(),
        "Basic %".to_owned(),
        "Bearer abc".to_owned(),
        "Digest username=anna".to_owned(),
        encoded(""),
        encoded(USER),
        encoded(&format!(":{PASSWORD}")),
        encoded(&format!("{USER}:")),
        encoded(&format!("{USER}:{PASSWORD}\0")),
        encoded(&format!("{USER} :{PASSWORD}")),
        encoded(&format!("bert:{PASSWORD}")),
        encoded(&long),
        format!("Basic {}", STANDARD.encode(b"\xff\xfe:\xff")),
    ] {
        let request = reqwest::Client::new().get(server.url("/v2/"));
        let answer = Repository::try_send(request.header("authorization", &value)).await.unwrap();
        let answer = answer.is(401);
        assert_eq!(answer.header("www-authenticate"), CHALLENGE);
        assert!(answer.errors()[0].starts_with("UNAUTHORIZED: "), "{value:.50}");
    }
}

#[tokio::test]
async fn who_pushed_is_logged_and_kept_and_no_password_is() {
    let mut server = Server::guarded(&[]);
    let repository = Repository::of(&server, "logins").logged_in(USER, PASSWORD);
    repository.push("v1", ("application/x", b"{}"), &[]).await.is(201);
    let chart = "application/vnd.cncf.helm.config.v1+json";
    let refused = repository.push("v2", (chart, b"{}"), &[]).await.is(403);
    let shown = server.command(&["verdict", "show", refused.header("roadstead-verdict")]);
    assert!(said(&shown).contains("pushed by anna"), "{}", said(&shown));
    Repository::of(&server, "logins").logged_in(PASSWORD, "x").get("tags/list").await.is(401);
    server.is_sound();
    let mut grep = Command::new("grep");
    grep.args(["-rlF", "\"pushed_by\":\"anna\""]).arg(server.data().join("objects"));
    let kept = said(&grep.output().unwrap());
    assert!(kept.contains("_manifests"), "{kept}");
    server.stop();
    let log = server.log();
    let lines: Vec<serde_json::Value> =
        log.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let put = lines.iter().find(|line| line["method"] == "PUT" && line["status"] == 201).unwrap();
    assert_eq!(put["principal"], USER);
    let refused = lines.iter().find(|line| line["status"] == 401).unwrap();
    assert_eq!((&refused["route"], refused.get("principal")), (&"tags".into(), None));
    let credential = STANDARD.encode(format!("{USER}:{PASSWORD}").as_bytes());
    for secret in [PASSWORD, &credential, "sécret"] {
        assert!(!log.iter().any(|line| line.contains(secret)), "{secret}");
    }
}

/// Made by libxcrypt, which htpasswd and PHP use as well.
#[tokio::test]
async fn bcrypt_of_others_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let long = "x".repeat(72);
    let text = "# made elsewhere\n\
        anna:$2y$05$CCCCCCCCCCCCCCCCCCCCC.PK0UdbrwnPNdqnEGWO/RiTxnCEUylv.\n\
        bert:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n\
        carl:$2b$05$CCCCCCCCCCCCCCCCCCCCC.D7RDOYXakZhsFmh/LdqQNx0kQ424AFS\n";
    std::fs::write(&users, text).unwrap();
    let server = Server::start(&[("AUTH__HTPASSWD", users.to_str().unwrap())]);
    for (name, password) in [("anna", "sécret: word"), ("bert", "U*U"), ("carl", &*long)] {
        let status = |password: &str| {
            let repository = Repository::of(&server, "any").logged_in(name, password);
            async move { repository.get("tags/list").await.status.as_u16() }
        };
        assert_eq!(status(password).await, 404, "{name}");
        assert_eq!(status(&format!("{password}x")).await, 401, "{name}");
    }
}

#[test]
fn a_file_with_a_mistake_is_named_with_its_line_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let started = || {
        let output = Command::new(ROADSTEAD)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .env("ROADSTEAD__AUTH__HTPASSWD", &users)
            .output()
            .unwrap();
        assert!(!output.status.success());
        said(&output)
    };
    assert!(started().contains(&format!("{} can't be read", users.display())), "{}", started());
    std::fs::write(&users, "# ours\nanna:c1eartext\n").unwrap();
    let place = format!("error: {}:2: \"anna\" has ", users.display());
    let said = started();
    assert!(said.contains(&place) && said.contains("use htpasswd -B"), "{said}");
    assert!(!said.contains("c1eartext"), "{said}");
}

#[tokio::test]
async fn the_users_are_read_again_when_their_file_changes_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let write = |password: &str| {
        let line = format!("anna:{}\n", bcrypt::hash(password, 4).unwrap());
        std::fs::write(&users, line).unwrap();
    };
    write("old");
    let server = Server::start(&[("AUTH__HTPASSWD", users.to_str().unwrap())]);
    let with = |password| Repository::of(&server, "any").logged_in("anna", password);
    let (old, new) = (with("old"), with("new"));
    old.get("tags/list").await.is(404);
    write("new");
    let started = Instant::now();
    while new.get("tags/list").await.status == 401 {
        assert!(started.elapsed() < Duration::from_secs(20), "the change is not seen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    old.get("tags/list").await.is(401);
    std::fs::write(&users, "anna:nonsense\n").unwrap();
    server.has_logged(|line| line.contains("could not be reloaded")).await;
    new.get("tags/list").await.is(404);
}

/// Guessing keeps its own queue busy, and nobody who is known waits in it.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_hold_up_neither_the_known_nor_the_server() {
    const GUESSES: usize = 64;
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    std::fs::write(&users, format!("anna:{}\n", bcrypt::hash("right", 10).unwrap())).unwrap();
    let server = Server::start(&[("AUTH__HTPASSWD", users.to_str().unwrap())]);
    let known = Repository::of(&server, "any").logged_in("anna", "right");
    known.get("tags/list").await.is(404);
    let guess = |n: usize| Repository::of(&server, "any").logged_in("anna", &format!("wrong{n}"));
    let guesses = (0..GUESSES).map(guess).map(|guess| {
        tokio::spawn(async move {
            let status = guess.get("tags/list").await.status.as_u16();
            (status, Instant::now())
        })
    });
    let guesses: Vec<_> = guesses.collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..10 {
        known.get("tags/list").await.is(404);
    }
    let served = Instant::now();
    let mut last = served;
    for guess in guesses {
        let (status, at) = guess.await.unwrap();
        assert!([401, 503].contains(&status), "{status}");
        last = last.max(at);
    }
    assert!(last > served, "the guesses were over before anybody could wait for them");
}
