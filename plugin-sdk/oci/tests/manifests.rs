//! What a manifest may be, and each way to make two clients read two manifests in one body.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use roadstead_oci::{Algorithm, Content, Digest, Manifest, media_type::*};
use serde_json::{Value, json};

fn descriptor(media_type: &str) -> Value {
    json!({ "mediaType": media_type, "digest": digest(), "size": 3 })
}

fn digest() -> Digest {
    Digest::of(Algorithm::Sha256, b"abc")
}

fn image() -> Value {
    json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar")],
    })
}

fn index() -> Value {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(OCI_MANIFEST)] })
}

fn with(mut manifest: Value, key: &str, value: Value) -> Value {
    manifest[key] = value;
    manifest
}

fn without(mut manifest: Value, key: &str) -> Value {
    manifest.as_object_mut().unwrap().remove(key);
    manifest
}

fn parse(manifest: &Value) -> Result<Manifest, String> {
    Manifest::parse(manifest.to_string().as_bytes(), None).map_err(|error| error.to_string())
}

#[test]
fn what_the_specification_leaves_open_is_accepted() {
    let empty = Digest::of(Algorithm::Sha256, b"{}");
    let empty_config = json!({ "mediaType": OCI_EMPTY, "digest": empty,
        "size": 2, "data": "e30=", "custom": [1, { "Layers": 2 }] });
    for good in [
        image(),
        index(),
        with(image(), "layers", json!([])),
        with(index(), "manifests", json!([])),
        with(image(), "org.example.custom", json!({ "Digest": [1.5] })),
        with(image(), "annotations", json!({ "Digest": "x", "digest": "y" })),
        with(image(), "annotations", Value::Null),
        with(image(), "config", empty_config),
        with(image(), "artifactType", json!("")),
        with(image(), "layers", json!([descriptor("application/x;version=0.1")])),
        with(image(), "subject", descriptor(OCI_MANIFEST)),
        with(index(), "subject", descriptor(OCI_MANIFEST)),
        with(image(), "mediaType", json!(DOCKER_MANIFEST)),
        with(index(), "mediaType", json!(DOCKER_LIST)),
    ] {
        assert!(parse(&good).is_ok(), "{good}: {:?}", parse(&good));
    }
}

#[test]
fn d27_header_and_body_agree_and_one_of_them_is_enough() {
    let parse = |manifest: &Value, header| Manifest::parse(manifest.to_string().as_bytes(), header);
    let charset = format!("{OCI_MANIFEST}; charset=utf-8");
    assert_eq!(parse(&image(), Some(&charset)).unwrap().media_type, OCI_MANIFEST);
    let bare = without(image(), "mediaType");
    assert!(parse(&bare, Some(OCI_MANIFEST)).is_ok(), "helm sends none in the body");
    assert!(parse(&bare, None).is_err());
    assert!(parse(&image(), Some(DOCKER_MANIFEST)).is_err());
    assert!(parse(&image(), Some("application/json")).is_err());
    assert!(parse(&bare, Some(OCI_INDEX)).is_err());
}

#[test]
fn bodies_that_clients_would_read_differently_are_refused() {
    let message = |manifest| parse(&manifest).unwrap_err();
    for (bad, says) in [
        (with(image(), "Layers", json!([])), "\"Layers\""),
        (with(image(), "layer\u{17f}", json!([])), "\"layers\""),
        (with(image(), "manifests", json!([])), "/manifests does not belong"),
        (with(image(), "manifests", Value::Null), "/manifests does not belong"),
        (with(image(), "Manifests", json!([])), "\"Manifests\""),
        (with(index(), "layers", json!([])), "/layers does not belong"),
        (with(index(), "config", json!({})), "/config does not belong"),
        (with(image(), "fsLayers", json!([])), "schema 1"),
        (with(image(), "schemaVersion", json!(1)), "/schemaVersion must be 2"),
        (with(image(), "schemaVersion", json!(2.0)), "/schemaVersion must be 2"),
        (
            with(
                image(),
                "mediaType",
                json!("application/vnd.docker.distribution.manifest.v1+prettyjws"),
            ),
            "schema 1",
        ),
        (with(image(), "subject", json!({ "diGest": "x" })), "\"diGest\""),
        (without(image(), "config"), "/config is missing"),
        (without(image(), "layers"), "/layers is missing"),
        (with(image(), "annotations", json!({ "a": 1 })), "/annotations must map"),
        (with(image(), "artifactType", json!("x")), "/artifactType is \"x\""),
        (json!([]), "must be an object"),
    ] {
        let message = message(bad);
        assert!(message.contains(says), "{says}: {message}");
    }
    let twice = image().to_string().replacen('{', "{\"mediaType\":\"a/b\",", 1);
    let error = Manifest::parse(twice.as_bytes(), None).unwrap_err().to_string();
    assert!(error.contains("twice"), "{error}");
    let trailing = format!("{} {{}}", image());
    assert!(Manifest::parse(trailing.as_bytes(), None).is_err());
}

#[test]
fn descriptors_that_lie_about_themselves_are_refused() {
    for (key, value, says) in [
        ("size", json!(-1), "/layers/0/size must be"),
        ("size", json!(9_223_372_036_854_775_808_u64), "/layers/0/size must be"),
        ("size", json!(1.5), "/layers/0/size must be"),
        ("size", Value::Null, "/layers/0/size must be"),
        ("digest", json!("sha256:abc"), "64 hexadecimal"),
        ("digest", json!("sha256:../../../etc/passwd"), "64 hexadecimal"),
        ("mediaType", json!("x"), "no media type"),
        ("mediaType", Value::Null, "/layers/0/mediaType is missing"),
        ("data", json!("YWJk"), "other content"),
        ("data", json!("YWI="), "other content"),
        ("data", json!("%"), "base64"),
        ("urls", json!(["file:///etc/passwd"]), "http"),
        ("Size", json!(3), "\"Size\""),
    ] {
        let layer = with(descriptor("application/x"), key, value);
        let error = parse(&with(image(), "layers", json!([layer]))).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let honest = with(descriptor("application/x"), "data", json!("YWJj"));
    assert!(parse(&with(image(), "layers", json!([honest]))).is_ok());
}

#[test]
fn d40_a_referrer_says_what_it_is() {
    let read = |manifest: Value| {
        parse(&with(manifest, "annotations", json!({ "a": "b" })))
            .unwrap()
            .referrer_descriptor(&digest(), 9)
    };
    let image_descriptor = read(image());
    assert_eq!(image_descriptor["artifactType"], OCI_CONFIG);
    assert_eq!(image_descriptor["annotations"], json!({ "a": "b" }));
    assert_eq!(image_descriptor["size"], 9);
    assert_eq!(read(with(image(), "artifactType", json!("a/b")))["artifactType"], "a/b");
    assert_eq!(read(index()).get("artifactType"), None);
}

#[test]
fn a_manifest_of_4_mib_is_read_and_one_of_too_many_values_refused() {
    let annotations: serde_json::Map<_, _> =
        (0..390).map(|n| (format!("key{n}"), json!("x".repeat(10_000)))).collect();
    let large = with(image(), "annotations", Value::Object(annotations));
    assert_eq!(parse(&large).unwrap().annotations.len(), 390);
    let many = |count: u32| {
        let annotations = (0..count).map(|n| (format!("key{n}"), json!("x"))).collect();
        parse(&with(image(), "annotations", Value::Object(annotations)))
    };
    assert!(many(30_000).is_ok());
    let error = many(100_000).unwrap_err();
    assert!(error.contains("more than 32768 values"), "{error}");
    let Content::Image { layers, .. } = parse(&image()).unwrap().content else { panic!("image") };
    assert_eq!(layers.len(), 1);
}
