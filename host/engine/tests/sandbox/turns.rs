//! Many reviews at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use roadstead_engine::{Engine, EngineConfig, Limits, Plugin, ReviewError};

use crate::scene::{Source, blob, component, engine, found, manifest, plugin, review, review_of};

/// A loop for this long, in the background.
fn spin(plugin: &Arc<Plugin>, millis: u64) -> tokio::task::JoinHandle<Option<ReviewError>> {
    let plugin = Arc::clone(plugin);
    tokio::spawn(async move {
        let cpu = Duration::from_millis(millis);
        let limits = Limits { cpu, wall: Duration::from_mins(2), ..Limits::default() };
        review_of(&plugin, "spin", blob(b"x"), &manifest(), &limits).await.outcome.err()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loops_in_one_plugin_do_not_hold_up_another() {
    // a busy machine leaves little to long reviews
    let config = EngineConfig { queue_seconds_max: 120, ..EngineConfig::default() };
    let engine = Engine::new(config, None).unwrap();
    let slow = Arc::new(engine.load("slow", &component("misbehave")).await.unwrap());
    let quick = engine.load("quick", &component("clumsy")).await.unwrap();
    let loops: Vec<_> = (0..16).map(|_| spin(&slow, 300)).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    for _ in 0..5 {
        assert!(
            review(&quick, "", blob(b"x")).await.outcome.is_err(),
            "it panics over a push without a tag, and that is an answer"
        );
    }
    let quickly = started.elapsed();
    for looped in loops {
        assert!(matches!(looped.await.unwrap(), Some(ReviewError::Cpu { .. })));
    }
    assert!(quickly < Duration::from_secs(2), "{quickly:?}");
}

/// One thread, so whoever does not yield holds up everyone.
#[tokio::test]
async fn the_others_get_their_turn_while_the_host_decodes() {
    const MIB: usize = 64;
    let plugin = plugin().await;
    let zeros = Bytes::from(zstd::encode_all(&vec![0; MIB << 20][..], 1).unwrap());
    let limits =
        Limits { cpu: Duration::from_secs(10), decoded_ratio_max: u64::MAX, ..Limits::default() };
    for mode in ["skip", "digest"] {
        let turns = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let source = Source::Blob(zeros.clone());
        found(&review_of(&plugin, mode, source, &manifest(), &limits).await);
        other.abort();
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns > MIB / 2, "{mode}: {turns} turns while {MIB} MiB were decoded");
    }
}

/// Again one thread: a loop that only yielded would have it for ten milliseconds at a time, and
/// whoever serves for one.
#[tokio::test]
async fn a_long_review_leaves_the_thread_to_the_others() {
    const STEP: Duration = Duration::from_millis(1);
    let engine = engine();
    let slow = Arc::new(engine.load("slow", &component("misbehave")).await.unwrap());
    let looping = spin(&slow, 500);
    let mut steps = 0;
    while !looping.is_finished() {
        let started = Instant::now();
        while started.elapsed() < STEP {
            std::hint::black_box(0);
        }
        steps += 1;
        tokio::task::yield_now().await;
    }
    assert!(matches!(looping.await.unwrap(), Some(ReviewError::Cpu { .. })));
    assert!(steps > 250, "{steps} steps of a millisecond, while it looped for 500");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_too_long_for_a_turn_is_told_so() {
    let config =
        EngineConfig { reviews_per_core_max: 1, queue_seconds_max: 1, ..EngineConfig::default() };
    let engine = Engine::new(config, None).unwrap();
    let slow = Arc::new(engine.load("slow", &component("misbehave")).await.unwrap());
    let loops: Vec<_> = (0..64).map(|_| spin(&slow, 5000)).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    let late = review(&slow, "find", blob(b"x")).await;
    assert_eq!(late.outcome, Err(ReviewError::Busy));
    assert!(!late.memoisable);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    // who hangs up gives his turn back
    for looped in loops {
        looped.abort();
        // it was waiting in vain like the others, or is cut off in the middle
        let ended = looped.await;
        assert!(ended.map_or_else(|error| error.is_cancelled(), |e| e == Some(ReviewError::Busy)));
    }
    found(&review(&slow, "find", blob(b"x")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_is_never_full_for_whoever_has_a_turn() {
    let plugin = Arc::new(plugin().await);
    let reviews: Vec<_> = (0..200)
        .map(|n| {
            let plugin = Arc::clone(&plugin);
            let mode = ["find", "panic", "read", "decode"][n % 4];
            tokio::spawn(async move { review(&plugin, mode, blob(b"x")).await.outcome })
        })
        .collect();
    for (n, review) in reviews.into_iter().enumerate() {
        match review.await.unwrap() {
            Ok(report) => assert!(report.is_some()),
            Err(error) => assert!(n % 4 == 1 && matches!(error, ReviewError::Panic(_)), "{error}"),
        }
    }
}
