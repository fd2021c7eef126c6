//! A plugin, something to review, and a store with its moods.

use std::{
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::BoxFuture;

use roadstead_engine::{
    Annotation, Content, ContentError, Engine, EngineConfig, Limits, Listed, ManifestTarget, Named,
    Plugin, Push, Report, Review, Target,
};
use roadstead_oci::{Algorithm, Annotations, Descriptor, Digest, Role, Texts};

/// What a review may take beside its limit, for its turn and on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// One blob, or trouble.
pub(crate) enum Source {
    Blob(Bytes),
    /// a few bytes at a time
    Dribble(Bytes),
    /// each read takes 15 ms
    Slow(Bytes),
    /// none of the bytes that it claims to have
    Hollow,
    /// more than it was asked for
    Pushy,
    Absent,
    Broken,
    Silent,
}

pub(crate) fn blob(bytes: &[u8]) -> Source {
    Source::Blob(Bytes::copy_from_slice(bytes))
}

fn part(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let [start, end] = [range.start, range.end].map(usize::try_from);
    bytes.slice(start.unwrap()..end.unwrap())
}

fn gone() -> ContentError {
    ContentError("the disk is gone".into())
}

impl Content for Source {
    fn size<'a>(&'a self, _: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        Box::pin(async move {
            match self {
                Self::Blob(bytes) | Self::Dribble(bytes) | Self::Slow(bytes) => {
                    Ok(Some(bytes.len() as u64))
                }
                Self::Absent => Ok(None),
                Self::Hollow | Self::Pushy | Self::Broken | Self::Silent => Ok(Some(1000)),
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
                Self::Blob(bytes) => Ok(part(bytes, range)),
                Self::Dribble(bytes) => {
                    Ok(part(bytes, range.start..range.end.min(range.start + 7)))
                }
                Self::Slow(bytes) => {
                    tokio::time::sleep(Duration::from_millis(15)).await;
                    Ok(part(bytes, range))
                }
                Self::Hollow => Ok(Bytes::new()),
                Self::Pushy => Ok(vec![0; 5000].into()),
                Self::Absent | Self::Broken => Err(gone()),
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
        _: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        let broken = matches!(self, Self::Broken);
        Box::pin(async move { if broken { Err(gone()) } else { Ok(Some(Vec::new())) } })
    }

    fn annotations<'a>(
        &'a self,
        _: &'a Digest,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Annotation>, ContentError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

pub(crate) fn component(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins");
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|_| {
        panic!("the guest {name} is missing: run `plugins/build tests/plugins target/plugins`")
    })
}

pub(crate) fn engine() -> Arc<Engine> {
    Engine::new(EngineConfig::default(), None).unwrap()
}

pub(crate) async fn plugin() -> Plugin {
    engine().load("bad", &component("misbehave")).await.unwrap()
}

/// A manifest of these bytes with one layer.
pub(crate) fn manifest_of(bytes: Bytes) -> Target {
    let digest = Digest::of(Algorithm::Sha256, b"layer");
    let descriptor = Descriptor {
        media_type: "application/x".into(),
        digest: digest.clone(),
        size: 1000,
        artifact_type: None,
        annotations: Annotations::default(),
        platform: None,
        urls: Texts::default(),
        data: None,
    };
    Target::Manifest(ManifestTarget {
        digest,
        media_type: "application/y".into(),
        artifact_type: None,
        kind: "unknown".into(),
        bytes,
        annotations: Vec::new(),
        descriptors: vec![Named { role: Role::Layer, index: 0, descriptor }],
        repository: "a".into(),
        push: Push::default(),
    })
}

pub(crate) fn manifest() -> Target {
    manifest_of(Bytes::from_static(b"{}"))
}

pub(crate) async fn review(plugin: &Plugin, mode: &str, source: Source) -> Review {
    review_of(plugin, mode, source, &manifest(), &Limits::default()).await
}

pub(crate) async fn review_of(
    plugin: &Plugin,
    mode: &str,
    source: Source,
    target: &Target,
    limits: &Limits,
) -> Review {
    let settings = format!("{{\"mode\":\"{mode}\"}}");
    let started = Instant::now();
    let review = plugin.review(|| target.clone(), &settings, Arc::new(source), limits).await;
    assert!(started.elapsed() < limits.wall + PATIENCE, "{mode} took {:?}", started.elapsed());
    review
}

/// The report of a review that must have one.
pub(crate) fn found(review: &Review) -> &Report {
    review.outcome.as_ref().unwrap().as_ref().unwrap()
}

/// What the guest says that it read.
pub(crate) async fn said(plugin: &Plugin, mode: &str, source: Source) -> String {
    found(&review(plugin, mode, source).await).annotations[0].value.clone()
}
