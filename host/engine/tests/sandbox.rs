//! Whatever a guest does, the host answers in time, says why, and the next review is unharmed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::{
    io::Write,
    ops::Range,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::future::BoxFuture;

use roadstead_engine::{
    Annotation, BlobTarget, Content, ContentError, Engine, EngineConfig, Limits, Listed, LoadError,
    ManifestTarget, Named, Plugin, Report, Review, ReviewError, Target,
};
use roadstead_oci::{Algorithm, Descriptor, Digest, Role};

/// One blob, or trouble.
enum Source {
    Blob(Bytes),
    Absent,
    Broken,
    Silent,
}

impl Content for Source {
    fn size<'a>(&'a self, _: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        Box::pin(async move {
            match self {
                Self::Blob(bytes) => Ok(Some(bytes.len() as u64)),
                Self::Absent => Ok(None),
                Self::Broken | Self::Silent => Ok(Some(1000)),
            }
        })
    }

    fn read<'a>(
        &'a self,
        _: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        Box::pin(async move {
            match self {
                Self::Blob(bytes) => {
                    let [start, end] = [range.start, range.end].map(usize::try_from);
                    Ok(bytes.slice(start.unwrap()..end.unwrap()))
                }
                Self::Absent | Self::Broken => Err(ContentError("the disk is gone".into())),
                Self::Silent => std::future::pending().await,
            }
        })
    }

    fn now(&self) -> u64 {
        1_700_000_000
    }

    fn manifest<'a>(
        &'a self,
        _: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        Box::pin(async { Ok(None) })
    }

    fn referrers<'a>(
        &'a self,
        _: &'a Digest,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Listed>, ContentError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn annotations<'a>(
        &'a self,
        _: &'a Digest,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Annotation>, ContentError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

fn component() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/misbehave.wasm");
    std::fs::read(&path).unwrap_or_else(|_| {
        panic!("the misbehaving guest is missing: run `plugins/build tests/plugins target/plugins`")
    })
}

async fn plugin() -> Plugin {
    let engine = Engine::new(EngineConfig::default(), None).unwrap();
    engine.load("bad", &component()).await.unwrap()
}

fn manifest() -> Target {
    let digest = Digest::of(Algorithm::Sha256, b"layer");
    let descriptor = Descriptor {
        media_type: "application/x".into(),
        digest: digest.clone(),
        size: 1000,
        artifact_type: None,
        annotations: std::collections::BTreeMap::new(),
        platform: None,
        urls: Vec::new(),
        data: None,
    };
    Target::Manifest(ManifestTarget {
        digest,
        media_type: "application/y".into(),
        artifact_type: None,
        kind: "unknown".into(),
        bytes: Bytes::from_static(b"{}"),
        annotations: Vec::new(),
        descriptors: vec![Named { role: Role::Layer, index: 0, descriptor }],
        repository: "a".into(),
        tags: Vec::new(),
        principal: None,
    })
}

async fn review(plugin: &Plugin, mode: &str, source: Source) -> Review {
    review_of(plugin, mode, source, &manifest(), &Limits::default()).await
}

async fn review_of(
    plugin: &Plugin,
    mode: &str,
    source: Source,
    target: &Target,
    limits: &Limits,
) -> Review {
    let settings = format!("{{\"mode\":\"{mode}\"}}");
    let started = Instant::now();
    let review = plugin.review(target, &settings, Arc::new(source), limits).await;
    assert!(started.elapsed() < Duration::from_secs(20), "{mode} took {:?}", started.elapsed());
    review
}

async fn annotation(plugin: &Plugin, mode: &str, source: Source) -> String {
    let review = review(plugin, mode, source).await;
    found(&review).annotations[0].value.clone()
}

/// The report of a review that must have one.
fn found(review: &Review) -> &Report {
    review.outcome.as_ref().unwrap().as_ref().unwrap()
}

fn blob(bytes: &[u8]) -> Source {
    Source::Blob(Bytes::copy_from_slice(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_typed_and_the_next_review_is_unharmed() {
    let plugin = plugin().await;
    let limits = Limits { cpu: Duration::from_millis(200), ..Limits::default() };
    for (mode, says, lasting) in [
        ("panic", "the plugin panicked: panicked: the reason", true),
        ("spin", "the plugin computed for more than 200ms", true),
        ("allocate", "the plugin asked for more than its 67108864 bytes of memory", true),
        ("recurse", "the plugin was stopped: out of bounds memory access", true),
        ("calls", "the plugin used up its budget of host calls", true),
        ("undeclared", "the plugin answered with code \"NEW001\", which it never declared", true),
        ("findings", "the plugin answered with more than 100 findings", true),
        ("flood", "the plugin answered with more than 4 MiB in one call", true),
        ("key", "the plugin answered with more than 256 bytes of an annotation's key", true),
        ("value", "the plugin answered with more than 4 KiB of an annotation's value", true),
        ("give-up", "the plugin failed: no idea", true),
        ("unavailable", "the plugin could not judge for now: later", false),
    ] {
        // enough time where time is not what is tested
        let limits = if mode == "spin" { limits.clone() } else { Limits::default() };
        let failed = review_of(&plugin, mode, blob(b"x"), &manifest(), &limits).await;
        let error = failed.outcome.expect_err(mode);
        assert!(error.to_string().starts_with(says), "{mode}: {error}");
        assert_eq!(error.is_property_of_content(), lasting, "{mode}");
        assert_eq!(failed.memoisable, lasting, "{mode}");
        let good = review(&plugin, "find", blob(b"x")).await;
        assert_eq!(found(&good).findings[0].message, "it is bad", "after {mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_to_say_is_cut_and_what_is_logged_is_dropped() {
    let plugin = plugin().await;
    let long = review(&plugin, "long", blob(b"x")).await;
    assert_eq!(found(&long).findings[0].message.len(), 300);
    let logged = review(&plugin, "log", blob(b"x")).await;
    assert_eq!((found(&logged), logged.statistics.host_calls), (&Report::default(), 1000));
    assert_eq!(review(&plugin, "silent", blob(b"x")).await.outcome, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reads_what_its_target_names_and_no_more() {
    let plugin = plugin().await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let read = annotation(&plugin, "read", blob(&bytes)).await;
    assert_eq!(read, format!("200000 bytes, sum {sum}"));
    let unnamed = annotation(&plugin, "unnamed", blob(b"x")).await;
    assert!(unnamed.contains("NotNamed"), "{unnamed}");
    let absent = review(&plugin, "read", Source::Absent).await;
    assert!(!absent.memoisable, "it may be there the next time");
    let spent = review(&plugin, "read-for-ever", blob(&vec![1; 400_000])).await;
    assert_eq!(spent.outcome.unwrap_err(), ReviewError::Budget("bytes to read"));
    let broken = review(&plugin, "read", Source::Broken).await;
    assert_eq!(broken.outcome.unwrap_err(), ReviewError::Content("the disk is gone".into()));
    let limits = Limits { wall: Duration::from_millis(300), ..Limits::default() };
    let silent = review_of(&plugin, "read", Source::Silent, &manifest(), &limits).await;
    assert_eq!(silent.outcome.unwrap_err(), ReviewError::Wall { max: limits.wall });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_decodes_within_bounds() {
    let plugin = plugin().await;
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let text = b"text ".repeat(100_000);
    assert_eq!(annotation(&plugin, "decode", blob(&gzip(&text))).await, "500000 bytes");
    let digest = annotation(&plugin, "digest", blob(&gzip(&text))).await;
    assert_eq!(digest, Digest::of(Algorithm::Sha256, &text).to_string());
    let garbage = [gzip(b"x"), b"garbage".to_vec()].concat();
    assert!(annotation(&plugin, "decode", blob(&garbage)).await.contains("Encoding"));
    let bomb = gzip(&vec![0; 64 << 20]);
    let limits = Limits { decoded_bytes_max: 8 << 20, ..Limits::default() };
    for mode in ["decode", "digest"] {
        let review = review_of(&plugin, mode, blob(&bomb), &manifest(), &limits).await;
        let said = &found(&review).annotations[0].value;
        assert!(said.contains("TooLarge"), "{mode}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_depends_on_nothing_else_may_be_remembered() {
    let plugin = plugin().await;
    assert!(review(&plugin, "read", blob(b"x")).await.memoisable);
    let asked = review(&plugin, "now", blob(b"x")).await;
    assert_eq!(found(&asked).annotations[0].value, "1700000000");
    assert!(!asked.memoisable);
    let digest = Digest::of(Algorithm::Sha256, b"x");
    let target = Target::Blob(BlobTarget { digest, media_type: "a/b".into(), size: 1 });
    let refused = review_of(&plugin, "now", blob(b"x"), &target, &Limits::default()).await;
    assert!(matches!(refused.outcome, Err(ReviewError::Trap(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loops_in_one_plugin_do_not_hold_up_another() {
    let engine = Engine::new(EngineConfig::default(), None).unwrap();
    let (slow, quick) = (
        engine.load("slow", &component()).await.unwrap(),
        engine.load("quick", &component()).await,
    );
    let (slow, quick) = (Arc::new(slow), quick.unwrap());
    let loops: Vec<_> = (0..16)
        .map(|_| {
            let slow = Arc::clone(&slow);
            tokio::spawn(async move {
                let limits = Limits { cpu: Duration::from_millis(300), ..Limits::default() };
                review_of(&slow, "spin", blob(b"x"), &manifest(), &limits)
                    .await
                    .outcome
                    .unwrap_err()
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    for _ in 0..5 {
        found(&review(&quick, "find", blob(b"x")).await);
    }
    let quickly = started.elapsed();
    for looped in loops {
        assert!(matches!(looped.await.unwrap(), ReviewError::Cpu { .. }));
    }
    assert!(quickly < Duration::from_secs(2), "{quickly:?}");
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_when_it_is_loaded() {
    let engine = Engine::new(EngineConfig::default(), None).unwrap();
    let wasi = "(component (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance)))";
    let error = engine.load("clock", &wat::parse_str(wasi).unwrap()).await.unwrap_err();
    let says = error.to_string();
    assert!(says.contains("imports wasi:clocks/monotonic-clock@0.2.0"), "{says}");
    assert!(says.contains("wasm32-unknown-unknown"), "{says}");
    let nothing = engine.load("empty", &wat::parse_str("(component)").unwrap()).await;
    assert!(matches!(nothing, Err(LoadError::Invalid { .. })), "{nothing:?}");
    let garbage = engine.load("garbage", b"not wasm").await;
    assert!(matches!(garbage, Err(LoadError::Invalid { .. })), "{garbage:?}");
}

#[tokio::test]
async fn compiled_code_is_kept_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    for _ in 0..2 {
        let engine = Engine::new(EngineConfig::default(), Some(&cache)).unwrap();
        let plugin = engine.load("bad", &component()).await.unwrap();
        assert_eq!(plugin.metadata().name, "misbehave");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
        found(&review(&plugin, "find", blob(b"x")).await);
    }
    let file = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, b"damaged").unwrap();
    let engine = Engine::new(EngineConfig::default(), Some(&cache)).unwrap();
    engine.load("bad", &component()).await.unwrap();
    assert_eq!(std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn settings_are_the_plugin_s_to_judge() {
    let plugin = plugin().await;
    assert!(plugin.validate_settings("{}").await.unwrap().is_empty());
    let problems = plugin.validate_settings("{\"mode\":\"refuse-settings\"}").await.unwrap();
    assert_eq!(problems, [("/mode".to_owned(), "no".to_owned())]);
}
