//! The loads, each bounded in count.

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
    client::{Client, Content},
    server::Server,
};

/// One line of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// what the ratio should be at least
    pub(crate) bar: f64,
    /// which share of the floor's rate Roadstead's should be at least
    pub(crate) floor_bar: Option<f64>,
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
/// Where all of it goes.
pub(crate) const REPOSITORY: &str = "bench/load";
/// Bytes of the config, and of the only layer, of a small artifact.
const ARTIFACT_BLOB_BYTES: usize = 2000;
/// Longest time that a case may take against one server.
const CASE_SECONDS_MAX: u64 = 300;

/// How much faster than distribution's pushes Roadstead's should be.
const PUSH_BAR: f64 = 1.8;
/// Which share of the floor's rate a push should reach where streams keep all cores at work.
const FLOOR_BAR: f64 = 0.85;

const fn case(name: &'static str, bar: f64, streams: usize, count: usize, load: Load) -> Case {
    Case { name, bar, floor_bar: None, fsync: false, streams, count, load }
}

/// Pushes of so many blobs of so many bytes by so many streams, which have a floor of their own.
const fn floored(name: &'static str, streams: usize, count: usize, load: Load) -> Case {
    Case { floor_bar: Some(FLOOR_BAR), ..case(name, PUSH_BAR, streams, count, load) }
}

pub(crate) const CASES: [Case; 11] = [
    case("push 16 MiB x 1 PUT", PUSH_BAR, 1, 24, Load::Push(16 * MIB, false)),
    case("push 16 MiB x 1 PATCH", PUSH_BAR, 1, 24, Load::Push(16 * MIB, true)),
    floored("push 8 MiB x 4 PUT", 4, 64, Load::Push(8 * MIB, false)),
    floored("push 8 MiB x 4 PATCH", 4, 64, Load::Push(8 * MIB, true)),
    floored("push 1 MiB x 16 PUT", 16, 400, Load::Push(MIB, false)),
    floored("push 1 MiB x 16 PATCH", 16, 400, Load::Push(MIB, true)),
    case("pull 64 MiB x 4", 1.5, 4, 48, Load::Pull(64 * MIB)),
    case("manifest by tag x 16", 3.0, 16, 20_000, Load::ManifestByTag),
    case("manifest by digest x 16", 3.0, 16, 20_000, Load::ManifestByDigest),
    ARTIFACTS,
    Case { name: "artifacts x 4 fsync", bar: 1.0, fsync: true, ..ARTIFACTS },
];

/// Small artifacts, one after the other by a few clients.
pub(crate) const ARTIFACTS: Case = case("artifacts x 4", 3.0, 4, 600, Load::Artifacts);

/// A thousand clients at once, with a small artifact each.
pub(crate) const CROWD: Case = case("artifacts x 1000", 0.0, 1000, 1000, Load::Artifacts);

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
    pub(crate) fn unit(&self) -> &'static str {
        match self.load {
            Load::Push(..) | Load::Pull(_) => "MB/s",
            _ => "/s",
        }
    }

    /// Gigabytes of blobs that a run moves; none where it is not about bytes.
    pub(crate) fn gigabytes(&self) -> Option<f64> {
        match self.load {
            Load::Push(size, _) | Load::Pull(size) => Some((size * self.count) as f64 / 1e9),
            _ => None,
        }
    }

    /// Whether the load makes sense for what is no registry.
    pub(crate) fn is_push(&self) -> bool {
        matches!(self.load, Load::Push(..))
    }

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
