//! One guest for each limit.

use std::time::Duration;

use bytes::Bytes;

use roadstead_engine::{Limits, Report, ReviewError};

use crate::scene::{
    Source, blob, component, engine, found, manifest, manifest_of, plugin, review, review_of,
};

/// What a guest does; what is said of it; whether it would do so again.
const FAILURES: [(&str, &str, bool); 24] = [
    ("panic", "the plugin panicked: panicked: the reason", true),
    ("spin", "the plugin used more than 200ms of CPU time", true),
    ("allocate", "the plugin needs more than its 67108864 bytes of memory", true),
    ("recurse", "the plugin was stopped by a stack overflow: its calls nest too deeply", true),
    ("calls", "the plugin exceeded its limit of 100000 host calls", true),
    ("hoard", "the plugin exceeded its limit of 1000 blobs open at once", true),
    ("hoard-decoded", "the plugin exceeded its limit of 4 decoded blobs open at once", true),
    ("read-for-ever", "the plugin exceeded its limit of bytes to read", true),
    ("decode-for-ever", "the plugin exceeded its limit of bytes to read", true),
    ("undeclared", "the plugin answered with the undeclared code \"NEW001\"", true),
    ("findings", "the plugin answered with more than 100 findings", true),
    ("annotations", "the plugin answered with more than 64 annotations", true),
    ("flood", "the plugin answered with more than 4 MiB in one call", true),
    ("log-flood", "the plugin answered with more than 4 MiB in one call", true),
    ("key", "the plugin answered with more than 256 bytes of an annotation's key", true),
    ("value", "the plugin answered with more than 4 KiB of an annotation's value", true),
    ("many-properties", "the plugin answered with more than 16 properties of a finding", true),
    ("property-key", "the plugin answered with more than 256 bytes of a property's key", true),
    ("property-value", "the plugin answered with more than 4 KiB of a property's value", true),
    (
        "about-nothing",
        "the plugin answered with an annotation about an invalid digest: digest \
                       \"sha256:0\"",
        true,
    ),
    ("garbled", "the plugin answered with an invalid report: ", true),
    ("give-up", "the plugin failed: no [31m idea", true),
    ("unavailable", "the plugin could not judge now: later", false),
    ("no-such-mode", "the plugin failed: no such mode", true),
];

/// Failures after which the answer might be another one: a budget was answered to the guest, or the
/// machine was busy.
const NOT_REMEMBERED: [&str; 5] =
    ["hoard", "hoard-decoded", "read-for-ever", "decode-for-ever", "unavailable"];

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_typed_and_the_next_review_is_unharmed() {
    let plugin = plugin().await;
    for (mode, says, lasting) in FAILURES {
        // a loop of host calls takes longer than this where a machine is slow
        let cpu = Duration::from_millis(if mode == "spin" { 200 } else { 5000 });
        let limits = Limits { cpu, ..Limits::default() };
        let failed = review_of(&plugin, mode, blob(&[b'x'; 1000]), &manifest(), &limits).await;
        let error = failed.outcome.expect_err(mode);
        assert!(error.to_string().starts_with(says), "{mode}: {error}");
        assert_eq!(error.is_property_of_content(), lasting, "{mode}");
        assert_eq!(failed.memoisable, !NOT_REMEMBERED.contains(&mode), "{mode}");
        assert!(failed.statistics.memory_bytes <= limits.memory_bytes_max, "{mode}");
        let good = review(&plugin, "find", blob(b"x")).await;
        assert_eq!(found(&good).findings[0].message, "it is bad", "after {mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_ends_soon_after_its_budget() {
    let plugin = plugin().await;
    let limits = Limits { cpu: Duration::from_millis(200), ..Limits::default() };
    let spun = review_of(&plugin, "spin", blob(b"x"), &manifest(), &limits).await;
    assert_eq!(spun.outcome, Err(ReviewError::Cpu { max: limits.cpu }));
    let took = spun.statistics.duration;
    assert!(took >= limits.cpu, "{took:?}");
    // other tests compute beside it
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loops_end_soon_after_their_budgets_side_by_side() {
    let plugin = plugin().await;
    let limits = Limits { cpu: Duration::from_millis(200), ..Limits::default() };
    let target = manifest();
    let spin = || review_of(&plugin, "spin", blob(b"x"), &target, &limits);
    // on one thread: each is charged for its own turns
    for spun in futures::future::join_all([spin(), spin(), spin()]).await {
        assert_eq!(spun.outcome, Err(ReviewError::Cpu { max: limits.cpu }));
        let took = spun.statistics.duration;
        assert!(took >= limits.cpu && took < Duration::from_secs(6), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_store_is_not_computing() {
    const READS: usize = 250;
    let plugin = plugin().await;
    let bytes = Bytes::from(vec![0; READS * (64 << 10)]);
    let limits = Limits {
        cpu: Duration::from_millis(500),
        read_bytes_max: Some(u64::MAX),
        ..Limits::default()
    };
    let slow = review_of(&plugin, "read", Source::Slow(bytes), &manifest(), &limits).await;
    assert_eq!(found(&slow).annotations[0].value, "16384000 bytes, sum 0");
    assert!(slow.statistics.duration > limits.cpu * 7, "{:?}", slow.statistics);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_decodes_is_the_guest_s_time() {
    let plugin = plugin().await;
    // nothing comes out of it, so no bound on that is ever met
    let empty = zstd::encode_all(&b""[..], 1).unwrap().repeat(3 << 20);
    let cpu = Duration::from_millis(50);
    let limits = Limits { cpu, read_bytes_max: Some(u64::MAX), ..Limits::default() };
    for mode in ["decode", "digest", "decode-on"] {
        let review = review_of(&plugin, mode, blob(&empty), &manifest(), &limits).await;
        assert_eq!(review.outcome, Err(ReviewError::Cpu { max: cpu }), "{mode}");
        assert!(review.memoisable, "it would take as long the next time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_sdk_says_what_it_was_in_one_line() {
    let plugin = engine().load("clumsy", &component("clumsy")).await.unwrap();
    let review = review_of(&plugin, "", blob(b""), &manifest(), &Limits::default()).await;
    let settings = review.outcome.unwrap_err().to_string();
    assert!(
        settings.starts_with("the plugin failed: settings/mode: unknown field `mode`"),
        "{settings}"
    );
    let content = std::sync::Arc::new(blob(b""));
    let review = plugin.review(manifest, "{}", content, &Limits::default()).await;
    let says = review.outcome.unwrap_err().to_string();
    assert!(says.starts_with("the plugin panicked: panicked at clumsy/src/lib.rs:"), "{says}");
    assert!(says.ends_with("somebody pushed by digest"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_from_the_start() {
    let plugin = plugin().await;
    let limits = Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
    let small = review_of(&plugin, "find", blob(b"x"), &manifest(), &limits).await;
    assert_eq!(small.outcome, Err(ReviewError::Memory { bytes_max: 1 << 20 }));
    // the pool has no more than this, whatever a policy says
    let cpu = Duration::from_secs(15);
    let limits = Limits { memory_bytes_max: usize::MAX, cpu, ..Limits::default() };
    let hoard = review_of(&plugin, "allocate", blob(b"x"), &manifest(), &limits).await;
    assert_eq!(hoard.outcome, Err(ReviewError::Memory { bytes_max: 512 << 20 }));
    assert!(hoard.statistics.memory_bytes <= 512 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_to_say_is_cut_and_what_is_logged_is_dropped() {
    let plugin = plugin().await;
    let long = review(&plugin, "long", blob(b"x")).await;
    assert_eq!(found(&long).findings[0].message.len(), 300);
    let escapes = review(&plugin, "escapes", blob(b"x")).await;
    assert_eq!(found(&escapes).findings[0].message, "a  b [2Jc d  e");
    let logged = review(&plugin, "log", blob(b"x")).await;
    assert_eq!((found(&logged), logged.statistics.host_calls), (&Report::default(), 1000));
    assert_eq!(review(&plugin, "silent", blob(b"x")).await.outcome, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_ended_data_comes_along_with_a_finding() {
    let plugin = plugin().await;
    let review = review(&plugin, "properties", blob(b"x")).await;
    assert_eq!(found(&review).findings[0].properties, vec![("k".into(), "v".into()); 16]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_manifest_goes_in() {
    let plugin = plugin().await;
    let target = manifest_of(Bytes::from(vec![b' '; 4 << 20]));
    let review = review_of(&plugin, "find", blob(b"x"), &target, &Limits::default()).await;
    assert_eq!(found(&review).findings.len(), 1);
    assert!(review.statistics.memory_bytes > 4 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_never_answers_is_given_up() {
    let plugin = plugin().await;
    let limits = Limits { wall: Duration::from_millis(300), ..Limits::default() };
    let silent = review_of(&plugin, "read", Source::Silent, &manifest(), &limits).await;
    let error = silent.outcome.unwrap_err();
    assert_eq!(error, ReviewError::Wall { max: limits.wall });
    assert!(!error.is_property_of_content() && !silent.memoisable);
    assert!(silent.statistics.duration < Duration::from_secs(5));
}
