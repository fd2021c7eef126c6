//! The servers, each on a free loopback port with a fresh folder on the same disk.

use std::{
    env, fs, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::{client::Client, process::Process};

/// Longest wait for a server, which may have to compile its plugins first.
const START_SECONDS_MAX: u64 = 60;
/// Where all servers have their folders.
const FOLDERS: &str = "target/bench";

/// Which server, and how.
pub(crate) enum Kind<'a> {
    /// without a policy, the one that is built in
    Roadstead {
        binary: &'a Path,
        fsync: bool,
        policy: Option<&'a Path>,
    },
    Distribution {
        binary: &'a Path,
    },
    /// this binary, see `floor.rs`
    Floor,
}

pub(crate) struct Server {
    child: Child,
    addr: SocketAddr,
    process: Process,
    folder: TempDir,
    /// from the start of the process to its first answer of 200
    pub(crate) start: Duration,
}

impl Server {
    /// Starts a server on a new folder, and waits until it serves.
    pub(crate) async fn start(kind: Kind<'_>) -> anyhow::Result<Self> {
        fs::create_dir_all(FOLDERS)?;
        Self::start_in(tempfile::tempdir_in(FOLDERS)?, kind).await
    }

    async fn start_in(folder: TempDir, kind: Kind<'_>) -> anyhow::Result<Self> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = command(kind, addr, folder.path())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let child = command.kill_on_drop(true).spawn().context("a server can't start")?;
        let process = Process(child.id().context("a server has ended")?);
        // Roadstead answers 503 until it is ready
        while !serves(addr).await {
            if started.elapsed() > Duration::from_secs(START_SECONDS_MAX) {
                bail!("a server does not come up on {addr}");
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { child, addr, process, folder, start: started.elapsed() })
    }

    /// Kills the server and starts one over the same folder.
    pub(crate) async fn restart(mut self, kind: Kind<'_>) -> anyhow::Result<Self> {
        self.child.kill().await?;
        Self::start_in(self.folder, kind).await
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// Kills the server. What it wrote stays as empty files until the end of the run: some file
    /// systems are slow to make files for minutes after many were removed, and the next server
    /// would pay for that.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        empty(self.folder.path())?;
        self.folder.disable_cleanup(true);
        Ok(())
    }
}

/// Gives back the bytes of all files below a folder.
fn empty(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (entry, kind) = entry.map(|entry| (entry.path(), entry.file_type()))?;
        match kind? {
            kind if kind.is_dir() => empty(&entry)?,
            kind if kind.is_file() => {
                fs::OpenOptions::new().write(true).truncate(true).open(entry).map(drop)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes what all servers wrote.
pub(crate) fn remove_folders() -> anyhow::Result<()> {
    match fs::remove_dir_all(FOLDERS) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

async fn serves(addr: SocketAddr) -> bool {
    match Client::connect(addr).await {
        Ok(mut client) => client.get("/v2/").await.is_ok(),
        Err(_) => false,
    }
}

fn command(kind: Kind<'_>, addr: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
    Ok(match kind {
        Kind::Roadstead { binary, fsync, policy } => {
            let mut command = Command::new(binary);
            command
                .args(["serve", "--listen", &addr.to_string(), "--data"])
                .arg(folder)
                .env("ROADSTEAD__STORAGE__FSYNC", fsync.to_string())
                .env("RUST_LOG", "error");
            if let Some(policy) = policy {
                command.arg("--policy").arg(policy);
            }
            command
        }
        Kind::Distribution { binary } => {
            let configuration = folder.join("config.yml");
            let root = folder.join("data");
            fs::write(&configuration, distribution(addr, &root.display().to_string()))?;
            let mut command = Command::new(binary);
            // it would look for a collector of traces all the time
            command.arg("serve").arg(configuration).env("OTEL_TRACES_EXPORTER", "none");
            command
        }
        Kind::Floor => {
            let mut command = Command::new(env::current_exe()?);
            command.args(["floor", &addr.to_string()]).arg(folder);
            command
        }
    })
}

fn distribution(addr: SocketAddr, root: &str) -> String {
    format!(
        "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
         storage:\n  filesystem: {{ rootdirectory: {root} }}\n  \
         cache: {{ blobdescriptor: inmemory }}\n  delete: {{ enabled: true }}\n\
         http: {{ addr: \"{addr}\" }}\n"
    )
}
