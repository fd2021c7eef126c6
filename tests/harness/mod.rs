//! A real server on a loopback port, for every kind of test.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// The binary under test.
pub const ROADSTEAD: &str = env!("CARGO_BIN_EXE_roadstead");

/// The least that there is: tests log in often.
const BCRYPT_COST: u32 = 4;

/// Longest wait for a server to come up, or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who may use a server that [`Server::guarded`] starts, and the password. It has what clients get
/// wrong: colons, white space, letters beyond ASCII.
pub const USER: &str = "anna";
pub const PASSWORD: &str = "sécret: a:b";

/// A running server; killed when it is dropped.
pub struct Server {
    child: Child,
    addr: SocketAddr,
    data: PathBuf,
    environment: Vec<(String, String)>,
    log: Arc<Mutex<Vec<String>>>,
    /// brings the address, and is cut off when the process has ended
    signs: Mutex<mpsc::Receiver<SocketAddr>>,
    folder: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts one with a fresh folder and these variables, such as `STORAGE__FSYNC`.
    pub fn start(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::start_at(&folder.path().join("data"), environment);
        server.folder = Some(folder);
        server
    }

    /// Starts one that asks for a login.
    pub fn guarded(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("users");
        let line = format!("{USER}:{}\n", bcrypt::hash(PASSWORD, BCRYPT_COST).unwrap());
        std::fs::write(&users, line).unwrap();
        let mut environment = environment.to_vec();
        environment.push(("AUTH__HTPASSWD", users.to_str().unwrap()));
        let mut server = Self::start_at(&folder.path().join("data"), &environment);
        server.folder = Some(folder);
        server
    }

    /// Starts one over a folder.
    pub fn start_at(data: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start_in(data, variables(environment))
    }

    /// Starts one that may open so many files: softly, and at all.
    pub fn with_open_files(soft: u32, hard: u32, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let limits = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &limits, ROADSTEAD]);
        let data = folder.path().join("data");
        let mut server = Self::start_by(shell, &data, variables(environment));
        server.folder = Some(folder);
        server
    }

    fn start_in(data: &Path, environment: Vec<(String, String)>) -> Self {
        Self::start_by(Command::new(ROADSTEAD), data, environment)
    }

    fn start_by(mut command: Command, data: &Path, environment: Vec<(String, String)>) -> Self {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("ROADSTEAD__")) {
            command.env_remove(key);
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_remove("RUST_LOG")
            // compiled once for all servers
            .env("ROADSTEAD__ENGINE__CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled"))
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (send, signs) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(addr) = listening(&line) {
                    // whoever waited may have given up
                    send.send(addr).ok();
                }
                kept.lock().unwrap().push(line);
            }
        });
        let addr = signs.recv_timeout(PATIENCE);
        let addr = addr.unwrap_or_else(|_| {
            drop(child.kill());
            panic!("the server did not start: {:#?}", log.lock().unwrap());
        });
        let (data, signs) = (data.to_owned(), Mutex::new(signs));
        Self { child, addr, data, environment, log, signs, folder: None }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// An URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What was read of its log so far. An answer may come before the lines that it caused: see
    /// [`Self::logged`] and [`Self::has_logged`].
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Its log, with everything that was written before the last answer. It must log requests.
    pub async fn logged(&self) -> Vec<String> {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("mark-{}", NTH.fetch_add(1, Ordering::Relaxed));
        let request = reqwest::Client::new().get(self.url("/v2/")).header("x-request-id", &mark);
        request.send().await.unwrap();
        self.has_logged(|line| line.contains(&mark)).await;
        self.log()
    }

    /// Waits until it has logged a line that fits.
    pub async fn has_logged(&self, fits: impl Fn(&str) -> bool) {
        let asked = Instant::now();
        while !self.log.lock().unwrap().iter().any(|line| fits(line)) {
            assert!(asked.elapsed() < PATIENCE, "it is not logged: {:#?}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Most memory that it ever had, in bytes.
    pub fn peak_memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
        kib * 1024
    }

    /// SIGKILL, and wait for the end.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        // the shell's own: the program is not everywhere
        let kill = Command::new("sh").args(["-c", "kill -TERM $0", &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// SIGTERM, and wait for the end.
    pub fn stop(&mut self) {
        self.terminate();
        self.wait();
        assert!(self.child.wait().unwrap().success(), "{:#?}", self.log());
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self) {
        let sign = self.signs.get_mut().unwrap().recv_timeout(PATIENCE);
        assert_eq!(sign, Err(mpsc::RecvTimeoutError::Disconnected), "it goes on");
        self.child.wait().unwrap();
    }

    /// Starts it again over the same folder. It must not be running.
    pub fn restart(&mut self) {
        let folder = self.folder.take();
        let mut next = Self::start_in(&self.data, self.environment.clone());
        next.folder = folder;
        *self = next;
    }

    /// Runs another command of the binary over the same folder.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(ROADSTEAD);
        command.args(arguments).arg("--data").arg(&self.data).output().unwrap()
    }

    /// `roadstead check`: no promise is broken.
    pub fn is_sound(&self) {
        let output = self.command(&["check"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn variables(environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let variable = |(key, value): &(&str, &str)| (format!("ROADSTEAD__{key}"), (*value).to_owned());
    environment.iter().map(variable).collect()
}

fn listening(line: &str) -> Option<SocketAddr> {
    let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else {
        let (_, fields) = line.split_once(" listening addr=")?;
        return fields.split(' ').next()?.parse().ok();
    };
    (event["message"] == "listening").then(|| event["addr"].as_str()?.parse().ok())?
}

/// A tool that `tests/setup` installs. Missing is a failure: a test that does not run passes
/// nothing.
pub fn tool(name: &str, file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("target/tools").join(name).join("bin").join(file);
    assert!(path.exists(), "{name} is missing: run `make test`, which installs it");
    path.canonicalize().unwrap()
}

/// Both outputs of a command, as a person sees them.
pub fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
