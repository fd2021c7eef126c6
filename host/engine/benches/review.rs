//! What a review costs: `cargo bench -p roadstead-engine`, once `plugins/build tests/plugins
//! target/plugins` has made the guests. Medians, on a machine that does nothing else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may fail")]
#![expect(clippy::print_stdout, reason = "and says what it measured")]

#[path = "../tests/sandbox/scene.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod scene;

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use roadstead_engine::{Engine, EngineConfig, Limits, Plugin, Target};

use scene::{Source, blob, component, found, manifest, manifest_of, review_of};

/// What is decoded and read: a tar of text would be much like it.
const CONTENT_BYTES: u32 = 64 << 20;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = load(folder.path()).await;
    let limits = Limits {
        cpu: Duration::from_mins(1),
        wall: Duration::from_mins(1),
        read_bytes_max: Some(u64::MAX),
        ..Limits::default()
    };
    let (small, nothing) = (manifest(), blob(b"x"));
    let typical = manifest_of(Bytes::from(vec![b' '; 1200]));
    let large = manifest_of(Bytes::from(vec![b' '; 4 << 20]));
    for (what, target) in
        [("manifest of 2 B", &small), ("of 1.2 KB", &typical), ("of 4 MiB", &large)]
    {
        let took = median(2000, || one(&plugin, "find", &nothing, target, &limits)).await;
        println!("a review that looks at nothing, {what}: {took:?}");
    }
    let content = content();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&content).unwrap();
    let gzip = Bytes::from(encoder.finish().unwrap());
    let zstd = Bytes::from(zstd::encode_all(&content[..], 3).unwrap());
    println!("content of 64 MiB; gzip {} KiB, zstd {} KiB", gzip.len() >> 10, zstd.len() >> 10);
    let plain = Bytes::from(content);
    for (what, mode, bytes) in [
        ("read, and summed up by the guest", "read", &plain),
        ("gzip, decoded", "decode", &gzip),
        ("zstd, decoded", "decode", &zstd),
        ("plain, passed through", "decode", &plain),
        ("gzip, decoded and hashed", "digest", &gzip),
    ] {
        let source = Source::Blob(bytes.clone());
        let took = median(9, || one(&plugin, mode, &source, &small, &limits)).await;
        let megabytes = f64::from(CONTENT_BYTES) / 1e6 / took.as_secs_f64();
        println!("{what}: {took:?}, {megabytes:.0} MB/s");
    }
    together(Arc::new(plugin), &limits).await;
}

async fn load(cache: &std::path::Path) -> Plugin {
    let engine = Engine::new(EngineConfig::default(), Some(cache)).unwrap();
    let bytes = component("misbehave");
    let started = Instant::now();
    drop(engine.load("bad", &bytes).await.unwrap());
    println!("load of {} KiB, compiled: {:?}", bytes.len() >> 10, started.elapsed());
    let started = Instant::now();
    let plugin = engine.load("bad", &bytes).await.unwrap();
    println!("load of the same, from the cache: {:?}", started.elapsed());
    plugin
}

fn content() -> Vec<u8> {
    let len = CONTENT_BYTES as usize;
    let mut bytes = Vec::with_capacity(len + 80);
    let mut line = 0_u32;
    while bytes.len() < len {
        line = line.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        writeln!(bytes, "resource-{}: {{ kind: Service, port: {} }}", line >> 20, line & 0xffff)
            .unwrap();
    }
    bytes.truncate(len);
    bytes
}

async fn one(plugin: &Plugin, mode: &str, source: &Source, target: &Target, limits: &Limits) {
    let Source::Blob(bytes) = source else { return };
    let source = Source::Blob(bytes.clone());
    found(&review_of(plugin, mode, source, target, limits).await);
}

async fn median<F: Future<Output = ()>>(times: usize, run: impl Fn() -> F) -> Duration {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        run().await;
        took.push(started.elapsed());
    }
    took.sort_unstable();
    took[times / 2]
}

/// Sixteen pushers, without a pause.
async fn together(plugin: Arc<Plugin>, limits: &Limits) {
    const REVIEWS: u32 = 2000;
    let started = Instant::now();
    let pushers: Vec<_> = (0..16)
        .map(|_| {
            let (plugin, limits) = (Arc::clone(&plugin), limits.clone());
            tokio::spawn(async move {
                let target = manifest_of(Bytes::from(vec![b' '; 1200]));
                for _ in 0..REVIEWS {
                    one(&plugin, "find", &blob(b"x"), &target, &limits).await;
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.unwrap();
    }
    let rate = f64::from(16 * REVIEWS) / started.elapsed().as_secs_f64();
    println!("16 at once: {rate:.0} reviews/s");
}
