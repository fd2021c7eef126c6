//! The first start, which compiles plugins: it listens, says what it does, and can be stopped.

use std::{
    io::{BufRead, BufReader, Lines},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::harness::{ROADSTEAD, said as said_of};

/// A server that has compiled nothing yet.
struct Starting {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    seen: Vec<Value>,
    folder: tempfile::TempDir,
}

impl Starting {
    fn with(policy: Option<&str>) -> Self {
        Self::by(Path::new(ROADSTEAD), policy)
    }

    fn by(binary: &Path, policy: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("d"));
        if let Some(policy) = policy {
            let file = folder.path().join("policy.yaml");
            std::fs::write(&file, policy).unwrap();
            command.arg("--policy").arg(file);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log, seen: Vec::new(), folder }
    }

    /// Reads the log up to a message.
    fn until(&mut self, message: &str) -> Value {
        for line in self.log.by_ref() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            self.seen.push(line.clone());
            if line["message"].as_str().unwrap().starts_with(message) {
                return line;
            }
        }
        panic!("no line begins with {message:?}: {:#?}", self.seen);
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        let kill = Command::new("sh").args(["-c", "kill -TERM $0", &pid]).status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_listens_and_says_what_it_compiles_before_it_is_ready() {
    let mut server = Starting::with(None);
    let addr = server.until("starting")["addr"].as_str().unwrap().to_owned();
    let url = format!("http://{addr}/v2/");
    // compiling takes seconds
    let early = reqwest::get(&url).await.unwrap();
    assert_eq!(
        (early.status().as_u16(), &early.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let told: Value = serde_json::from_slice(&early.bytes().await.unwrap()).unwrap();
    assert_eq!(told["errors"][0]["code"], "UNAVAILABLE");
    // beside it every client asks, and again and again: no failure of ours
    for _ in 0..5 {
        let client = reqwest::Client::new();
        let push = client.put(format!("http://{addr}/v2/x/manifests/1")).body("{}");
        assert_eq!(push.send().await.unwrap().status(), 503);
    }
    let ready = tokio::task::spawn_blocking(move || {
        server.until("listening");
        server
    });
    let server = ready.await.unwrap();
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    let said: Vec<_> = server.seen.iter().filter(|line| line["message"] == "request").collect();
    assert!(said.len() == 6 && said.iter().all(|line| line["status"] == 503), "{said:?}");
    assert!(server.seen.iter().all(|line| line["level"] != "ERROR"), "{:?}", server.seen);
    let compiled = server
        .seen
        .iter()
        .filter(|line| line["message"].as_str().unwrap().starts_with("compiling a plugin"));
    let mut names: Vec<_> = compiled.map(|line| line["plugin"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cosign", "helm", "image"]);
}

#[test]
fn it_can_be_stopped_before_it_is_ready() {
    let mut server = Starting::with(None);
    let addr: SocketAddr = server.until("starting")["addr"].as_str().unwrap().parse().unwrap();
    // a client that says nothing holds up nothing
    let _silent = TcpStream::connect(addr).unwrap();
    let started = Instant::now();
    server.terminate();
    assert!(server.child.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(server.seen.iter().all(|line| line["message"] != "listening"));
}

#[test]
fn a_policy_that_is_broken_ends_the_start() {
    let mut server = Starting::with(Some("version: 1\nrules: nonsense\n"));
    let said: Vec<_> = server.log.by_ref().map(Result::unwrap).collect();
    assert!(!server.child.wait().unwrap().success());
    let last = said.iter().position(|line| line.starts_with("error: ")).unwrap();
    assert!(said[last..].concat().contains("policy.yaml:2"), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains("listening")), "{said:#?}");
    // nor is there anything that looks like a registry
    let data = server.folder.path().join("d");
    assert!(data.join("lock").exists() && !data.join("objects").exists());
    let mut list = Command::new(ROADSTEAD);
    let list = list.args(["verdict", "list", "--data"]).arg(&data).output().unwrap();
    assert!(said_of(&list).contains("has no registry"), "{}", said_of(&list));
}

/// What was compiled, by the log of a server up to the moment when it is ready.
fn compiled(server: &mut Starting) -> usize {
    server.until("listening");
    let compiled = server
        .seen
        .iter()
        .filter(|line| line["message"].as_str().unwrap().starts_with("compiling a plugin"));
    compiled.count()
}

#[test]
fn a_binary_that_carries_its_plugins_compiles_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let carrying = folder.path().join("roadstead");
    let carry = |binary: &Path| {
        let mut command = Command::new(binary);
        command.args(["plugin", "carry", "--into"]).arg(&carrying);
        let carried = command.arg("--cache").arg(folder.path().join("cache")).output().unwrap();
        assert!(carried.status.success(), "{}", said_of(&carried));
        std::fs::metadata(&carrying).unwrap().len()
    };
    let length = carry(Path::new(ROADSTEAD));
    let own = std::fs::metadata(ROADSTEAD).unwrap().len();
    assert!(length > own, "{length} of {own}");
    let mut server = Starting::by(&carrying, None);
    assert_eq!(compiled(&mut server), 0);
    assert!(server.seen.iter().all(|line| line["level"] == "INFO"), "{:#?}", server.seen);
    // it can be made again in its own place
    assert_eq!(carry(&carrying), length);
    // damage costs the time that it saved, and nothing else
    let mut bytes = std::fs::read(&carrying).unwrap();
    let first = usize::try_from(own).unwrap() + 1000;
    bytes[first] ^= 1;
    std::fs::remove_file(&carrying).unwrap();
    std::fs::copy(ROADSTEAD, &carrying).unwrap();
    std::fs::write(&carrying, &bytes).unwrap();
    let mut server = Starting::by(&carrying, None);
    assert_eq!(compiled(&mut server), 1);
    let warned = server.seen.iter().filter(|line| line["level"] == "WARN");
    assert!(warned.count() == 1, "{:#?}", server.seen);
}
