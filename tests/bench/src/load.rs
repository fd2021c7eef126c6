//! Puts the loads of the table on a server.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use serde_json::json;
use tokio::time::timeout_at;

use roadstead_oci::{Algorithm, Digest, media_type};

use crate::{
    cases::{Case, Load},
    client::{Client, Content},
    server::Server,
};

pub(crate) const MIB: usize = 1 << 20;
/// Where all of it goes.
pub(crate) const REPOSITORY: &str = "bench/load";
/// Bytes of the config, and of the only layer, of a small artifact.
const ARTIFACT_BLOB_BYTES: usize = 2000;
/// Longest time that a case may take against one server.
const CASE_SECONDS_MAX: u64 = 300;

/// What a load came to.
pub(crate) struct Run {
    /// in the unit of the case
    pub(crate) rate: f64,
    pub(crate) latencies: Vec<Duration>,
    /// computing of the server meanwhile
    pub(crate) cpu_seconds: f64,
}

/// What there is to send or to ask for, made before the clock starts.
#[derive(Default)]
struct Work {
    contents: Vec<Content>,
    manifests: Vec<Bytes>,
    path: String,
}

impl Case {
    /// Bytes that a server writes during the case, and a quarter more.
    fn bytes(&self) -> usize {
        match self.load {
            Load::Push(size, _) => size * self.count * 5 / 4,
            _ => 128 * MIB,
        }
    }

    /// Puts the load on a server, from the first request to the end of the last one.
    pub(crate) async fn run(&self, server: &Server) -> anyhow::Result<Run> {
        let addr = server.addr();
        let work = Arc::new(self.prepare(addr).await?);
        let next = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for _ in 0..self.streams {
            clients.push(Client::connect(addr).await?);
        }
        warm(self.bytes())?;
        let computed = server.process().cpu_seconds()?;
        let started = Instant::now();
        let streams: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let todo = (self.load, self.count);
                tokio::spawn(stream(todo, client, Arc::clone(&work), Arc::clone(&next)))
            })
            .collect();
        let mut latencies = Vec::new();
        let end = started + Duration::from_secs(CASE_SECONDS_MAX);
        for stream in streams {
            let ended = timeout_at(end.into(), stream).await;
            latencies.extend(ended.with_context(|| format!("{} takes too long", self.name))???);
        }
        let seconds = started.elapsed().as_secs_f64();
        let amount = self.gigabytes().map_or(self.count as f64, |gigabytes| gigabytes * 1e3);
        let cpu_seconds = server.process().cpu_seconds()? - computed;
        Ok(Run { rate: amount / seconds, latencies, cpu_seconds })
    }

    async fn prepare(&self, addr: SocketAddr) -> anyhow::Result<Work> {
        let mut client = Client::connect(addr).await?;
        let shared = random(16 * MIB);
        let contents = |count: usize, size: usize, shared: &Bytes| {
            (0..count as u64).map(|number| Content::new(number, shared, size)).collect::<Vec<_>>()
        };
        let warm = Content::new(u64::MAX, &shared, 1000);
        client.push_blob(REPOSITORY, &warm, false).await?;
        let first = manifest(&warm, &warm);
        let digest = Digest::of(Algorithm::Sha256, &first);
        client.push_manifest(&format!("/v2/{REPOSITORY}/manifests/v1"), &first).await?;
        let manifests = format!("/v2/{REPOSITORY}/manifests");
        let work = Work { path: format!("{manifests}/v1"), ..Work::default() };
        Ok(match self.load {
            Load::ManifestByTag => work,
            Load::ManifestByDigest => Work { path: format!("{manifests}/{digest}"), ..work },
            Load::Push(size, _) => Work { contents: contents(self.count, size, &shared), ..work },
            Load::Pull(size) => {
                let content = Content::new(7, &random(size), size);
                client.push_blob(REPOSITORY, &content, false).await?;
                Work { path: format!("/v2/{REPOSITORY}/blobs/{}", content.digest), ..work }
            }
            Load::Artifacts => {
                let contents = contents(self.count * 2, ARTIFACT_BLOB_BYTES, &shared);
                let bodies = contents.chunks(2).map(|pair| manifest(&pair[0], &pair[1])).collect();
                Work { contents, manifests: bodies, path: manifests }
            }
        })
    }
}

/// Writes that much and takes it away again.
///
/// In a virtual machine memory that nobody used for a while is the host's, and comes back page by
/// page on its first use, at a tenth of the speed at which a server writes files. Without this the
/// table would show the host's page faults, for both servers alike.
fn warm(bytes: usize) -> anyhow::Result<()> {
    let mut file = tempfile::tempfile_in("target")?;
    let chunk = vec![7; MIB];
    for _ in 0..bytes.div_ceil(MIB) {
        file.write_all(&chunk)?;
    }
    Ok(())
}

/// Takes the next piece until none is left.
async fn stream(
    (load, count): (Load, usize),
    mut client: Client,
    work: Arc<Work>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return Ok(latencies);
        }
        let started = Instant::now();
        match load {
            Load::Push(_, patch) => {
                client.push_blob(REPOSITORY, &work.contents[index], patch).await?;
            }
            Load::Pull(_) | Load::ManifestByTag | Load::ManifestByDigest => {
                client.get(&work.path).await?;
            }
            Load::Artifacts => artifact(&mut client, &work, index).await?,
        }
        latencies.push(started.elapsed());
    }
}

async fn artifact(client: &mut Client, work: &Work, index: usize) -> anyhow::Result<()> {
    for content in &work.contents[index * 2..index * 2 + 2] {
        client.absent(&format!("/v2/{REPOSITORY}/blobs/{}", content.digest)).await?;
        client.push_blob(REPOSITORY, content, false).await?;
    }
    client.push_manifest(&format!("{}/a{index}", work.path), &work.manifests[index]).await
}

/// An artifact of a type that no client has.
pub(crate) fn manifest(config: &Content, layer: &Content) -> Bytes {
    let descriptor = |content: &Content, media_type: &str| {
        let (digest, size) = (&content.digest, content.len());
        json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(config, "application/vnd.example.config"),
        "layers": [descriptor(layer, "application/octet-stream")],
    });
    manifest.to_string().into()
}

/// Bytes that do not compress, the same in each run.
fn random(len: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}
