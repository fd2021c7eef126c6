//! What is an image, and what only borrows an image's types.

use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::{Target, oci::media_type, testing::Scene};

use crate::build::{Build, GZIP, TAR, archive, codes, gzip};

const IN_TOTO: &str = "application/vnd.in-toto+json";
const SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

#[test]
fn signatures_and_attestations_are_no_images() {
    for media_type in [
        IN_TOTO,
        SIGNING,
        "application/vnd.dsse.envelope.v1+json",
        "application/vnd.cyclonedx+json",
        "application/spdx+json",
        "text/spdx",
        "text/spdx+json",
        "application/vnd.syft+json",
    ] {
        assert!(!Build::default().layers(&[(media_type, b"{}")]).is_judged(), "{media_type}");
        let two = Build::default().layers(&[(media_type, b"{}"), (SIGNING, b"{}")]);
        assert!(!two.is_judged(), "{media_type}");
        let absent = Build::default().layers(&[(media_type, b"{}")]).without(b"{}");
        assert!(!absent.is_judged(), "{media_type}");
    }
}

#[test]
fn what_a_runtime_would_run_is_an_image_whatever_else_it_carries() {
    let (plain, packed) = (archive().bytes().to_vec(), gzip(archive().bytes()));
    for layers in [
        &[(GZIP, &packed[..])][..],
        &[(SIGNING, b"{}"), (GZIP, &packed)],
        &[(TAR, b"{}")],
        &[("text/plain", b"{}"), (SIGNING, b"{}")],
        &[],
    ] {
        assert!(Build::default().layers(layers).is_judged(), "{layers:?}");
    }
    // docker goes by content
    for archive in [&packed[..], &plain, b"\x28\xb5\x2f\xfd\x04\0", b"BZh9", b"\xfd7zXZ\0"] {
        let report = Build::default().layers(&[(IN_TOTO, archive)]).review();
        assert!(codes(&report).contains(&"RSI002"), "{report:?}");
    }
}

/// Old registries gave such types to docker's configs, so docker and podman take them.
#[test]
fn a_docker_manifest_may_call_its_config_anything() {
    let settings = serde_json::json!({ "nonRoot": true });
    for vague in ["application/octet-stream", "application/json", "text/html; charset=utf-8"] {
        let root = || Build::default().config_type(vague).with("/config/User", "0".into());
        let docker = root().docker().settings(&settings);
        assert!(codes(&docker.review()).contains(&"RSI040"), "{vague}");
        assert!(!root().is_judged(), "an OCI manifest says what it is: {vague}");
    }
    let plugin = Build::default().docker().config_type("application/vnd.docker.plugin.v1+json");
    assert!(!plugin.is_judged());
}

#[test]
fn what_the_host_takes_for_an_image_is_judged() {
    let mut scene = Scene::new();
    for (config, layer) in [
        (media_type::OCI_CONFIG, IN_TOTO),
        ("application/vnd.example.config+json", GZIP),
        ("application/octet-stream", TAR),
    ] {
        let target = scene.manifest("image").config(config, b"{}").layer(layer, b"x").build();
        let report = scene.review::<Image>(&target, r#"{"nonRoot":true}"#).unwrap().unwrap();
        assert!(codes(&report).contains(&"RSI040"), "{config}");
    }
}

#[test]
fn other_artifacts_are_left_alone() {
    let mut scene = Scene::new();
    for config in [
        media_type::OCI_EMPTY,
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.docker.plugin.v1+json",
        "application/vnd.buildkit.cacheconfig.v0",
    ] {
        let target = scene.manifest("unknown").config(config, b"{}").layer(GZIP, b"x").build();
        assert_eq!(scene.review::<Image>(&target, "{}"), Ok(None), "{config}");
    }
    let blob = scene.blob_target(GZIP, b"");
    assert!(matches!(blob, Target::Blob(_)));
    assert_eq!(scene.review::<Image>(&blob, "{}"), Ok(None));
}

/// The host names a kind by all that a manifest carries; the plugin looks for itself.
#[test]
fn a_disguise_does_not_help() {
    let mut scene = Scene::new();
    let target = scene
        .manifest("helm-chart")
        .artifact_type("application/vnd.cncf.helm.config.v1+json")
        .config(&format!("{}; a=b", media_type::OCI_CONFIG), b"{}")
        .layer(GZIP, b"x")
        .tag("sha256-00.sig")
        .subject(media_type::OCI_MANIFEST, "sha256:00", 2)
        .build();
    let report = scene.review::<Image>(&target, "{}").unwrap().unwrap();
    assert!(report.rejects());
}
