//! What a guest gets to read, and what it does not.

use std::{io::Write, time::Duration};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use roadstead_engine::{BlobTarget, Limits, Question, ReviewError, Target};
use roadstead_oci::{Algorithm, Digest};

use crate::scene::{Source, blob, found, manifest, plugin, review, review_of, said};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Bytes that do not repeat soon.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reads_what_its_target_names_and_no_more() {
    let plugin = plugin().await;
    let bytes = noise(200_000);
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let whole = format!("200000 bytes, sum {sum}");
    assert_eq!(said(&plugin, "read", blob(&bytes)).await, whole);
    // however a store cuts it
    assert_eq!(said(&plugin, "read", Source::Dribble(bytes.into())).await, whole);
    let unnamed = said(&plugin, "unnamed", blob(b"x")).await;
    assert_eq!(unnamed.matches("NotNamed").count(), 4, "{unnamed}");
    let reopened = review(&plugin, "open-and-drop", blob(b"x")).await;
    assert_eq!(reopened.outcome.map(|report| report.is_some()), Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_makes_the_review_a_failure_whatever_the_guest_answers() {
    let plugin = plugin().await;
    for mode in ["read", "decode", "digest", "referrers"] {
        let broken = review(&plugin, mode, Source::Broken).await;
        let error = broken.outcome.unwrap_err();
        assert_eq!(error, ReviewError::Content("the disk is gone".into()), "{mode}");
        assert!(!error.is_property_of_content() && !broken.memoisable, "{mode}");
    }
    for source in [Source::Hollow, Source::Pushy] {
        let review = review(&plugin, "read", source).await;
        assert!(matches!(review.outcome, Err(ReviewError::Content(_))), "{review:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_decodes_all_that_clients_decode() {
    let plugin = plugin().await;
    let text = b"text ".repeat(100_000);
    for encoded in [
        text.clone(),
        gzip(&text),
        zstd(&text),
        [gzip(&text[..7]), gzip(&text[7..])].concat(),
        [zstd(&text[..7]), zstd(&text[7..])].concat(),
    ] {
        assert_eq!(said(&plugin, "decode", blob(&encoded)).await, "500000 bytes");
        let digest = said(&plugin, "digest", blob(&encoded)).await;
        assert_eq!(digest, Digest::of(Algorithm::Sha256, &text).to_string());
        let dribble = || Source::Dribble(Bytes::copy_from_slice(&encoded));
        assert_eq!(said(&plugin, "decode", dribble()).await, "500000 bytes");
        assert_eq!(said(&plugin, "digest", dribble()).await, digest);
    }
    assert_eq!(said(&plugin, "decode", blob(b"")).await, "0 bytes");
    assert_eq!(said(&plugin, "decode", blob(&gzip(b""))).await, "0 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_bytes_are_read_once() {
    let plugin = plugin().await;
    // what comes out is many times what goes in, and is asked for in small parts
    let encoded = gzip(&noise(1000).repeat(2000));
    let limits = Limits { read_bytes_max: Some(encoded.len() as u64 + 100), ..Limits::default() };
    let review = review_of(&plugin, "decode", blob(&encoded), &manifest(), &limits).await;
    assert_eq!(found(&review).annotations[0].value, "2000000 bytes");
    assert_eq!(review.statistics.read_bytes, encoded.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_decoded_ends_for_good() {
    let plugin = plugin().await;
    let text = noise(600_000);
    let garbage = [gzip(&text), b"garbage".to_vec()].concat();
    let cut = zstd(&text)[..300_000].to_vec();
    for bad in [&garbage, &cut] {
        let decoded = said(&plugin, "decode", blob(bad)).await;
        assert!(decoded.starts_with("Encoding") || decoded.contains("Encoding("), "{decoded}");
        let on = said(&plugin, "decode-on", blob(bad)).await;
        assert!(on.starts_with("errors: true") && on.ends_with("and 0 after"), "{on}");
        // it says something about the content, so it may be remembered
        assert!(review(&plugin, "decode", blob(bad)).await.memoisable);
    }
    let zeros = vec![0; 64 << 20];
    let limits = Limits { decoded_bytes_max: 8 << 20, ..Limits::default() };
    for bomb in [gzip(&zeros), zstd(&zeros)] {
        for mode in ["decode", "digest", "decode-on"] {
            let review = review_of(&plugin, mode, blob(&bomb), &manifest(), &limits).await;
            let said = &found(&review).annotations[0].value;
            let stopped = match mode {
                "decode-on" => said.ends_with("and 0 after"),
                _ => said.contains("TooLarge"),
            };
            assert!(stopped, "{mode}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_depends_on_nothing_else_may_be_remembered() {
    let plugin = plugin().await;
    assert!(review(&plugin, "read", blob(b"x")).await.memoisable);
    let absent = review(&plugin, "read", Source::Absent).await;
    assert!(!absent.memoisable, "it may be there the next time");
    let asked = review(&plugin, "now", blob(b"x")).await;
    assert_eq!(found(&asked).annotations[0].value, "1700000000");
    assert!(!asked.memoisable);
    let panicked = review(&plugin, "now-then-panic", blob(b"x")).await;
    assert_eq!(panicked.outcome, Err(ReviewError::Panic(None)));
    assert!(!panicked.memoisable, "it may not panic tomorrow");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_about_the_push_is_told_in_its_order() {
    let plugin = plugin().await;
    let asked = async |mode: &str, tags: &[&str]| {
        let Target::Manifest(mut manifest) = manifest() else { unreachable!() };
        manifest.push.tags = tags.iter().map(ToString::to_string).collect();
        manifest.push.principal = Some("ann".to_owned());
        let target = Target::Manifest(manifest);
        let review = review_of(&plugin, mode, blob(b"x"), &target, &Limits::default()).await;
        let said = found(&review).annotations[0].value.clone();
        (said, review.asked, review.memoisable)
    };
    let other = |than: &str| Question::OtherTag(than.to_owned());
    let said = |text: &str, asked: &[Question]| (text.to_owned(), asked.to_vec(), true);
    assert_eq!(asked("read", &["1"]).await, said("1 bytes, sum 120", &[]));
    assert_eq!(asked("tags", &["1", "2"]).await, said("1 2", &[Question::Tags]));
    assert_eq!(asked("principal", &[]).await, said("Some(\"ann\")", &[Question::Principal]));
    assert_eq!(asked("other-tag", &[]).await, said("false", &[other("1")]));
    assert_eq!(asked("tags-of-others", &["1"]).await, said("only 1", &[other("1")]));
    let both = [other("1"), Question::Tags];
    assert_eq!(asked("tags-of-others", &["1", "2"]).await, said("1 2", &both));
    // a bound on what a memory takes
    let (counted, questions, memoisable) = asked("many-questions", &["1"]).await;
    assert_eq!((counted.as_str(), questions.len(), memoisable), ("16", 16, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_of_a_blob_sees_that_blob_and_no_context() {
    let plugin = plugin().await;
    let digest = Digest::of(Algorithm::Sha256, b"x");
    let target = Target::Blob(BlobTarget { digest, media_type: "a/b".into(), size: 1 });
    let read = review_of(&plugin, "read", blob(b"x"), &target, &Limits::default()).await;
    assert_eq!(found(&read).annotations[0].value, "1 bytes, sum 120");
    for mode in ["now", "tags", "other-tag", "principal"] {
        let refused = review_of(&plugin, mode, blob(b"x"), &target, &Limits::default()).await;
        assert!(matches!(refused.outcome, Err(ReviewError::Trap(_))), "{refused:?}");
        assert!(!refused.memoisable);
    }
}

#[tokio::test]
async fn who_asks_for_randomness_is_told_that_there_is_none() {
    let said = said(&plugin().await, "random", blob(b"x")).await;
    assert_eq!(said.matches("Err(").count(), 3, "{said}");
    assert!(said.ends_with("untouched: true") && !said.contains("Ok("), "{said}");
}

/// A MiB that gzip makes small, though not as small as a bomb, so many times over.
fn large(mib: usize) -> Vec<u8> {
    gzip(&noise(8 << 10).repeat(128)).repeat(mib)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_of_more_than_a_gib_is_decoded_where_the_operator_allows_it() {
    const MIB: usize = 1100;
    let plugin = plugin().await;
    let encoded = large(MIB);
    assert!(encoded.len() < 32 << 20, "{} bytes", encoded.len());
    let limits = |decoded_bytes_max: u64| Limits {
        cpu: Duration::from_mins(1),
        // a busy machine leaves little to long reviews
        wall: Duration::from_mins(10),
        read_bytes_max: Some(u64::MAX),
        decoded_bytes_max,
        ..Limits::default()
    };
    let whole = (MIB as u64) << 20;
    let granted = review_of(&plugin, "decode", blob(&encoded), &manifest(), &limits(whole)).await;
    assert_eq!(found(&granted).annotations[0].value, format!("{whole} bytes"));
    let usual = Limits::default().decoded_bytes_max;
    let refused = review_of(&plugin, "decode", blob(&encoded), &manifest(), &limits(usual)).await;
    let said = &found(&refused).annotations[0].value;
    assert!(said.contains(&format!("TooLarge(\"more than {usual} decompressed bytes")), "{said}");
    assert!(refused.memoisable, "it is as large the next time");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decoded_counts_in_all_and_what_is_not_compressed_does_not() {
    let plugin = plugin().await;
    let (read_bytes_max, decoded_bytes_max) = (Some(u64::MAX), 5 << 20);
    let limits = Limits { read_bytes_max, decoded_bytes_max, ..Limits::default() };
    let said = async |mode: &str, bytes: &[u8]| {
        let review = review_of(&plugin, mode, blob(bytes), &manifest(), &limits).await;
        found(&review).annotations[0].value.clone()
    };
    let three = large(3);
    assert_eq!(said("decode", &three).await, format!("{} bytes", 3 << 20));
    let twice = said("decode-twice", &three).await;
    assert!(twice.contains("more than 5242880 decompressed bytes"), "{twice}");
    // zeros are their own MiB for each MiB: no bomb, and nothing that was decompressed
    let plain = vec![0; 12 << 20];
    let twice = said("decode-twice", &plain).await;
    assert_eq!(twice, format!("{} bytes, then {} bytes", 12 << 20, 12 << 20));
}
