//! A server with a store of some size, and the operations on it.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::ensure;
use bytes::Bytes;
use hyper::StatusCode;
use tokio::process::Command;

use roadstead_oci::{Algorithm, Digest};

use super::{
    build::{self, LIVE, SPARE},
    content::{self, DELETED, MANY},
    row::{Operation, Row, Sample},
};
use crate::{
    client::Client,
    process::FineClock,
    server::{Kind, Server},
};

pub(crate) struct Site {
    pub(crate) size: usize,
    binary: PathBuf,
    server: Server,
    client: Client,
    clock: FineClock,
    memory: Memory,
    /// where the next chunk of the upload goes
    location: String,
    blobs_deleted: usize,
    manifests_deleted: usize,
}

/// Bytes of a server's memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// after it was started over its store
    started: u64,
    /// after every manifest of a repository was read once
    served: u64,
    /// before the first check
    unchecked: Option<u64>,
    /// after a check
    checked: u64,
}

impl Memory {
    pub(crate) fn print(self, size: usize) {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        println!(
            "  memory at {size}: {:.1} MiB after the start, {:.1} after all manifests were read; \
             {:.1} before the first check, {:.1} after the last one",
            mib(self.started),
            mib(self.served),
            mib(self.unchecked.unwrap_or_default()),
            mib(self.checked),
        );
    }
}

impl Site {
    /// Fills a new store, and starts another server over it, which has nothing in memory yet.
    pub(crate) async fn build<'a>(
        size: usize,
        binary: &Path,
        kind: &impl Fn() -> Kind<'a>,
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        let server = Server::start(kind()).await?;
        let addr = server.addr();
        build::many(addr, size).await?;
        build::deleted(addr, size).await?;
        build::referrers(addr, size).await?;
        build::refusals(addr, size).await?;
        let location = build::chunks(&mut Client::connect(addr).await?, size).await?;
        build::verify(&mut Client::connect(addr).await?, size).await?;
        println!("a store of {size} was built in {:.0} s", started.elapsed().as_secs_f64());

        let server = server.restart(kind()).await?;
        let started = server.process().resident_bytes()?;
        build::spread(server.addr(), size + SPARE, async |client, number| {
            let path = content::manifest_path(MANY, &content::manifest(number));
            client.get(&path).await.map(drop)
        })
        .await?;
        let served = server.process().resident_bytes()?;
        Ok(Self {
            size,
            binary: binary.to_owned(),
            client: Client::connect(server.addr()).await?,
            clock: FineClock::of(server.process()),
            memory: Memory { started, served, ..Memory::default() },
            server,
            location,
            blobs_deleted: 0,
            manifests_deleted: 0,
        })
    }

    pub(crate) fn memory(&self) -> Memory {
        self.memory
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await
    }

    /// Measures one round of a row.
    pub(crate) async fn measure(&mut self, row: &Row) -> anyhow::Result<Sample> {
        // a server closes a connection that was idle while the other store was filled or measured
        self.client = Client::connect(self.server.addr()).await?;
        self.client.get("/v2/").await?;
        let before = self.clock.now()?;
        let mut walls = Vec::new();
        for _ in 0..row.count {
            let started = Instant::now();
            self.operate(row.operation).await?;
            walls.push(started.elapsed());
        }
        let cpu = self.clock.now()?.saturating_sub(before);
        Ok(Sample::new(&walls, cpu))
    }

    async fn operate(&mut self, operation: Operation) -> anyhow::Result<()> {
        let client = &mut self.client;
        match operation {
            Operation::DeleteBlob => {
                let blob = content::spare_blob(self.blobs_deleted);
                self.blobs_deleted += 1;
                let digest = Digest::of(Algorithm::Sha256, &blob);
                build::delete(client, &format!("/v2/{MANY}/blobs/{digest}")).await
            }
            Operation::DeleteManifest => {
                // from all over the repository
                let number = self.manifests_deleted * (self.size / SPARE);
                self.manifests_deleted += 1;
                let path = content::manifest_path(MANY, &content::manifest(number));
                build::delete(client, &path).await
            }
            Operation::TagsPage => {
                let last = content::tag(self.size / 2);
                let path = format!("/v2/{MANY}/tags/list?n=100&last={last}");
                let empty = ("application/json", &Bytes::new());
                client.call("GET", &path, empty, StatusCode::OK).await.map(drop)
            }
            Operation::TagsAll => {
                build::pages(client, &format!("/v2/{MANY}/tags/list")).await.map(drop)
            }
            Operation::LiveTags => {
                let path = format!("/v2/{DELETED}/tags/list?n={LIVE}");
                build::pages(client, &path).await.map(drop)
            }
            Operation::Referrers => {
                build::pages(client, &content::referrers_path()).await.map(drop)
            }
            Operation::ReferrersOfType => {
                let path = content::referrers_path();
                let path = format!("{path}?artifactType={}", content::RARE_TYPE);
                build::pages(client, &path).await.map(drop)
            }
            Operation::Chunk => {
                self.location = build::chunk(client, &self.location).await?;
                Ok(())
            }
            Operation::Verdicts => {
                self.command(&["verdict", "list", "--repository", "growth/absent"]).await
            }
            Operation::Check => self.check().await,
        }
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let process = self.server.process();
        if self.memory.unchecked.is_none() {
            self.memory.unchecked = Some(process.resident_bytes()?);
        }
        self.command(&["check"]).await?;
        self.memory.checked = process.resident_bytes()?;
        Ok(())
    }

    /// Runs a command of the binary, which asks the server that owns the folder.
    async fn command(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(self.server.folder());
        let output = command.kill_on_drop(true).output().await?;
        let status = output.status;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(status.success(), "roadstead {arguments:?}: {status}: {stderr}");
        Ok(())
    }
}
