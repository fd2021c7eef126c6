//! The loads, each bounded in count.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::json;

use roadstead_oci::{Algorithm, Digest, media_type};

use crate::client::{Client, Content};

/// One line of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// what the ratio should be at least
    pub(crate) bar: f64,
    /// whether Roadstead makes its writes durable; distribution never does
    pub(crate) fsync: bool,
    streams: usize,
    count: usize,
    load: Load,
}

#[derive(Clone, Copy, PartialEq)]
enum Load {
    /// bytes of a blob, and whether by PATCH
    Push(usize, bool),
    /// bytes of a blob
    Pull(usize),
    ManifestByTag,
    ManifestByDigest,
    /// HEAD, POST, PUT for config and layer, then the manifest by tag
    Artifacts,
}

const MIB: usize = 1 << 20;
const REPOSITORY: &str = "bench/load";

const fn case(name: &'static str, bar: f64, streams: usize, count: usize, load: Load) -> Case {
    Case { name, bar, fsync: false, streams, count, load }
}

pub(crate) const CASES: [Case; 11] = [
    case("push 16 MiB x 1 PUT", 1.8, 1, 24, Load::Push(16 * MIB, false)),
    case("push 16 MiB x 1 PATCH", 1.8, 1, 24, Load::Push(16 * MIB, true)),
    case("push 8 MiB x 4 PUT", 1.8, 4, 64, Load::Push(8 * MIB, false)),
    case("push 8 MiB x 4 PATCH", 1.8, 4, 64, Load::Push(8 * MIB, true)),
    case("push 1 MiB x 16 PUT", 1.8, 16, 400, Load::Push(MIB, false)),
    case("push 1 MiB x 16 PATCH", 1.8, 16, 400, Load::Push(MIB, true)),
    case("pull 64 MiB x 4", 1.5, 4, 48, Load::Pull(64 * MIB)),
    case("manifest by tag x 16", 3.0, 16, 20_000, Load::ManifestByTag),
    case("manifest by digest x 16", 3.0, 16, 20_000, Load::ManifestByDigest),
    case("artifacts x 4", 3.0, 4, 600, Load::Artifacts),
    Case { fsync: true, ..case("artifacts x 4 fsync", 1.0, 4, 600, Load::Artifacts) },
];

/// What there is to do, and what each piece of it counts.
struct Work {
    contents: Vec<Content>,
    path: String,
}

impl Case {
    pub(crate) fn unit(&self) -> &'static str {
        match self.load {
            Load::Push(..) | Load::Pull(_) => "MB/s",
            _ => "/s",
        }
    }

    /// Amount, time, and the latency of each piece.
    pub(crate) async fn run(
        &self,
        addr: SocketAddr,
    ) -> anyhow::Result<(f64, Duration, Vec<Duration>)> {
        let work = Arc::new(self.prepare(addr).await?);
        let next = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for _ in 0..self.streams {
            clients.push(Client::connect(addr).await?);
        }
        let started = Instant::now();
        let streams: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let stream =
                    stream((self.load, self.count), client, Arc::clone(&work), Arc::clone(&next));
                tokio::spawn(stream)
            })
            .collect();
        let mut latencies = Vec::new();
        for stream in streams {
            latencies.extend(stream.await??);
        }
        let duration = started.elapsed();
        let amount = match self.load {
            Load::Push(size, _) | Load::Pull(size) => (size * self.count) as f64 / 1e6,
            _ => self.count as f64,
        };
        Ok((amount, duration, latencies))
    }

    async fn prepare(&self, addr: SocketAddr) -> anyhow::Result<Work> {
        let mut client = Client::connect(addr).await?;
        let shared = random(16 * MIB);
        let contents = |count: usize, size: usize, shared: &Bytes| {
            (0..count as u64).map(|number| Content::new(number, shared, size)).collect::<Vec<_>>()
        };
        let warm = Content::new(u64::MAX, &shared, 1000);
        client.push_blob(REPOSITORY, &warm, false).await?;
        let manifest = manifest(&warm, &warm);
        let digest = Digest::of(Algorithm::Sha256, &manifest);
        client.push_manifest(&format!("/v2/{REPOSITORY}/manifests/v1"), &manifest).await?;
        let manifests = format!("/v2/{REPOSITORY}/manifests");
        Ok(match self.load {
            Load::Push(size, _) => {
                Work { contents: contents(self.count, size, &shared), path: String::new() }
            }
            Load::Pull(size) => {
                let content = Content::new(7, &random(size), size);
                client.push_blob(REPOSITORY, &content, false).await?;
                let path = format!("/v2/{REPOSITORY}/blobs/{}", content.digest);
                Work { contents: Vec::new(), path }
            }
            Load::ManifestByTag => Work { contents: Vec::new(), path: format!("{manifests}/v1") },
            Load::ManifestByDigest => {
                Work { contents: Vec::new(), path: format!("{manifests}/{digest}") }
            }
            Load::Artifacts => {
                Work { contents: contents(self.count * 2, 2000, &shared), path: manifests }
            }
        })
    }
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
    let (config, layer) = (&work.contents[index * 2], &work.contents[index * 2 + 1]);
    for content in [config, layer] {
        client.absent(&format!("/v2/{REPOSITORY}/blobs/{}", content.digest)).await?;
        client.push_blob(REPOSITORY, content, false).await?;
    }
    let manifest = manifest(config, layer);
    client.push_manifest(&format!("{}/a{index}", work.path), &manifest).await
}

fn manifest(config: &Content, layer: &Content) -> Bytes {
    let descriptor = |content: &Content, media_type: &str| json!({ "mediaType": media_type, "digest": content.digest, "size": content.len() });
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
