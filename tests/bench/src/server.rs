//! The servers, each on a free loopback port with a fresh folder on the same disk.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

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
}

pub(crate) struct Server {
    child: Child,
    addr: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start(kind: Kind<'_>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in("target")?;
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = match kind {
            Kind::Roadstead { binary, fsync, policy } => {
                let mut command = Command::new(binary);
                command
                    .args(["serve", "--listen", &addr.to_string(), "--data"])
                    .arg(folder.path())
                    .env("ROADSTEAD__STORAGE__FSYNC", fsync.to_string())
                    .env("RUST_LOG", "error");
                if let Some(policy) = policy {
                    command.arg("--policy").arg(policy);
                }
                command
            }
            Kind::Distribution { binary } => {
                let configuration = folder.path().join("config.yml");
                let root = folder.path().join("data");
                fs::write(&configuration, distribution(addr, &root.display().to_string()))?;
                let mut command = Command::new(binary);
                // it would look for a collector of traces all the time
                command.arg("serve").arg(configuration).env("OTEL_TRACES_EXPORTER", "none");
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.kill_on_drop(true).spawn().context("a server can't start")?;
        let started = Instant::now();
        while TcpStream::connect(addr).await.is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                bail!("a server does not come up on {addr}");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { child, addr, _folder: folder })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Most memory that it ever had.
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        let pid = self.child.id().context("the server has ended")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.context("no VmHWM")?.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024)
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

fn distribution(addr: SocketAddr, root: &str) -> String {
    format!(
        "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
         storage:\n  filesystem: {{ rootdirectory: {root} }}\n  \
         cache: {{ blobdescriptor: inmemory }}\n  delete: {{ enabled: true }}\n\
         http: {{ addr: \"{addr}\" }}\n"
    )
}
