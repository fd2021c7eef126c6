//! Reading content, and what a scene shows of it.

use std::io::{Read, Seek, SeekFrom};

use roadstead_plugin_sdk::{
    Descriptor, Role,
    content::{self, ReadError},
    context,
    prelude::*,
    testing::{self, Scene, gzip},
};

/// Calls a test's function in place of a review.
struct Probe;

thread_local! {
    static PROBE: std::cell::Cell<fn(&Target)> = const { std::cell::Cell::new(|_| ()) };
}

impl Plugin for Probe {
    type Settings = NoSettings;

    fn describe() -> Metadata {
        Metadata::new("probe", "0.1.0", "Runs a test").reviews_manifests().reviews_blobs()
    }

    fn review(target: &Target, _: &NoSettings) -> Review {
        PROBE.get()(target);
        Ok(Some(Report::new()))
    }
}

fn probe(scene: &Scene, target: &Target, probe: fn(&Target)) {
    PROBE.set(probe);
    scene.review::<Probe>(target, "{}").expect("it can judge");
}

fn digest(target: &Target) -> &str {
    match target {
        Target::Blob(blob) => &blob.digest,
        Target::Manifest(manifest) => &manifest.layers().next().expect("a layer").digest,
    }
}

#[test]
fn a_blob_is_read_anywhere() {
    let mut scene = Scene::new();
    scene.set_read_bytes_max(3);
    let target = scene.blob_target("text/plain", b"0123456789");
    probe(&scene, &target, |target| {
        let mut blob = content::open(digest(target)).unwrap();
        assert_eq!(blob.size(), 10);
        assert_eq!(blob.read_at(2, 5).unwrap(), b"23456");
        assert_eq!(blob.read_at(8, 5).unwrap(), b"89");
        assert_eq!(blob.read_at(99, 5).unwrap(), b"");
        blob.seek(SeekFrom::End(-4)).unwrap();
        let mut rest = String::new();
        blob.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "6789");
        assert_eq!(content::read(digest(target), 10).unwrap(), b"0123456789");
        assert!(matches!(content::read(digest(target), 9), Err(ReadError::TooLarge(_))));
        assert!(blob.seek(SeekFrom::Current(-11)).is_err());
    });
}

#[test]
fn compressed_content_is_read_without_its_compression() {
    let mut scene = Scene::new();
    scene.set_read_bytes_max(1000);
    let members = [gzip(&[b'a'; 5000]), gzip(&[b'b'; 5000])].concat();
    let target = scene.blob_target("application/gzip", &members);
    probe(&scene, &target, |target| {
        let mut decoded = content::open_decoded(digest(target)).unwrap();
        let mut start = [0; 10];
        decoded.read_exact(&mut start).unwrap();
        assert_eq!(decoded.skip(4980).unwrap(), 4980);
        let mut middle = [0; 20];
        decoded.read_exact(&mut middle).unwrap();
        assert_eq!(&middle, b"aaaaaaaaaabbbbbbbbbb");
        assert_eq!(decoded.skip(9999).unwrap(), 4990);
        assert_eq!(decoded.read(&mut start).unwrap(), 0);
    });
}

#[test]
fn zstd_is_read_as_well_frame_by_frame() {
    // `hello`, a skippable frame, ` world`
    const FRAMES: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29, 0x00, 0x00, b'h', b'e', b'l', b'l', b'o', 0x50,
        0x2a, 0x4d, 0x18, 0x02, 0x00, 0x00, 0x00, 0xff, 0xff, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x06,
        0x31, 0x00, 0x00, b' ', b'w', b'o', b'r', b'l', b'd',
    ];
    let mut scene = Scene::new();
    let target = scene.blob_target("application/zstd", FRAMES);
    probe(&scene, &target, |target| {
        let mut text = String::new();
        content::open_decoded(digest(target)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello world");
        let plain = roadstead_plugin_sdk::oci::Digest::of(
            roadstead_plugin_sdk::oci::Algorithm::Sha256,
            text.as_bytes(),
        );
        assert_eq!(content::decoded_digest(digest(target)).unwrap(), plain.to_string());
    });
}

#[test]
fn errors_say_what_they_mean() {
    let mut scene = Scene::new();
    let target = scene.blob_target("application/gzip", &gzip(b"hello")[..12]);
    probe(&scene, &target, |target| {
        let mut decoded = content::open_decoded(digest(target)).unwrap();
        let error = decoded.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(matches!(ReadError::of(&error), ReadError::Encoding(_)));
        let error = content::open("sha256:00").unwrap_err();
        assert_eq!(error, ReadError::NotNamed("sha256:00".to_owned()));
        assert!(matches!(Failure::from(error), Failure::Internal(_)));
    });
    scene.forget(digest(&target));
    probe(&scene, &target, |target| {
        let error = content::open(digest(target)).unwrap_err();
        assert!(matches!(Failure::from(error), Failure::Unavailable(_)));
    });
    // 128 KiB of zeros from each block of four bytes
    let block = [&((128_u32 << 10) << 3 | 0b010).to_le_bytes()[..3], &[0]].concat();
    let bomb = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38][..], &block.repeat(32)].concat();
    let bomb = scene.blob_target("application/zstd", &bomb);
    probe(&scene, &bomb, |target| {
        let mut decoded = content::open_decoded(digest(target)).unwrap();
        let error = std::io::copy(&mut decoded, &mut std::io::sink()).unwrap_err();
        assert!(matches!(ReadError::of(&error), ReadError::TooLarge(_)), "{error}");
    });
}

#[test]
fn asking_for_context_is_noticed() {
    let mut scene = Scene::new();
    scene.set_now(42);
    let target = scene.manifest("image").layer("text/plain", b"x").build();
    probe(&scene, &target, |_| ());
    assert!(!scene.asked_context());
    let Target::Manifest(image) = &target else { unreachable!("it is a manifest") };
    let signature = Descriptor {
        artifact_type: Some("signature".to_owned()),
        ..testing::descriptor(Role::Manifest, &image.media_type, "sha256:11", 2)
    };
    scene.store(signature, Some(&image.digest), vec![]);
    probe(&scene, &target, |target| {
        let Target::Manifest(image) = target else { unreachable!("it is a manifest") };
        assert_eq!(context::now(), 42);
        assert_eq!(context::referrers(&image.digest, Some("signature")).len(), 1);
        assert_eq!(context::referrers(&image.digest, Some("sbom")).len(), 0);
        assert!(context::manifest("sha256:11").is_some());
        assert!(context::annotations("sha256:11", "release").is_empty());
    });
    assert!(scene.asked_context());
}

#[test]
#[should_panic(expected = "context is for the review of a manifest")]
fn there_is_no_context_in_the_review_of_a_blob() {
    let mut scene = Scene::new();
    let target = scene.blob_target("text/plain", b"x");
    probe(&scene, &target, |_| {
        context::now();
    });
}

/// Has settings.
struct Picky;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PickySettings {
    limits: Vec<std::collections::BTreeMap<String, u8>>,
}

impl Default for PickySettings {
    fn default() -> Self {
        Self { limits: vec![[("default".to_owned(), 1)].into()] }
    }
}

impl Plugin for Picky {
    type Settings = PickySettings;

    fn describe() -> Metadata {
        Metadata::new("picky", "0.1.0", "Has settings").reviews_blobs()
    }

    fn validate_settings(settings: &PickySettings) -> Vec<SettingsProblem> {
        let zero = settings.limits.iter().position(|limits| limits.values().any(|max| *max == 0));
        let problem = |i| SettingsProblem { pointer: format!("/limits/{i}"), message: "0".into() };
        zero.map(problem).into_iter().collect()
    }

    fn review(_: &Target, _: &PickySettings) -> Review {
        Ok(None)
    }
}

#[test]
fn a_problem_of_the_settings_says_where_it_is() {
    let scene = Scene::new();
    let pointers = |settings| -> Vec<String> {
        let problems = scene.validate_settings::<Picky>(settings);
        problems.into_iter().map(|problem| problem.pointer).collect()
    };
    assert_eq!(pointers("{}"), [""; 0]);
    assert_eq!(pointers("null"), [""; 0]);
    assert_eq!(pointers(r#"{"limits":[{"a":1},{"b/c":"x"}]}"#), ["/limits/1/b~1c"]);
    assert_eq!(pointers(r#"{"limits":[{"a":1},{"b":0}]}"#), ["/limits/1"]);
    assert_eq!(pointers(r#"{"limit":[]}"#), ["/limit"]);
    assert_eq!(pointers("{} {}"), [""]);
}

#[test]
fn the_log_is_kept() {
    let mut scene = Scene::new();
    let target = scene.blob_target("text/plain", b"x");
    probe(&scene, &target, |_| roadstead_plugin_sdk::log::warn("odd"));
    assert_eq!(scene.log(), ["warn: odd"]);
}
