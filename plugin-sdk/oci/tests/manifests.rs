//! What a manifest may be, and each way to make two clients read two manifests in one body.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use roadstead_oci::{Algorithm, Content, Descriptor, Digest, Manifest, media_type::*};
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
        // Go's decoder makes nothing of null, and distribution asks for no list
        with(image(), "annotations", json!({ "a": null })),
        without(image(), "layers"),
        with(image(), "layers", Value::Null),
        without(index(), "manifests"),
        with(image(), "subject", Value::Null),
        with(image(), "artifactType", json!("broken")),
        with(image(), "artifactType", json!("text")),
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
    assert!(parse(&with(bare, "mediaType", json!("")), Some(OCI_MANIFEST)).is_ok());
}

#[test]
fn bodies_that_clients_would_read_differently_are_refused() {
    let message = |manifest| parse(&manifest).unwrap_err();
    let oddly = with(descriptor("a/b"), "platform", json!({ "OS": "" }));
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
        (with(image(), "config", Value::Null), "/config is missing"),
        (with(image(), "layers", json!({})), "/layers must be a list"),
        (with(image(), "layers", json!([null])), "/layers/0 must be an object"),
        (with(index(), "manifests", json!(["x"])), "/manifests/0 must be an object"),
        (with(image(), "layers", json!([oddly])), "/layers/0/platform has a key \"OS\""),
        (with(index(), "config", Value::Null), "/config does not belong"),
        (with(image(), "annotations", json!({ "a": 1 })), "/annotations must map"),
        (with(image(), "annotations", json!({ "a": ["b"] })), "/annotations must map"),
        (with(image(), "annotations", json!([])), "/annotations must map"),
        (with(image(), "artifactType", json!(1)), "/artifactType must be a string"),
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
        ("mediaType", json!(["a/b"]), "/layers/0/mediaType must be a string"),
        ("data", json!("YWJk"), "does not match its size and digest"),
        ("data", json!("YWI="), "does not match its size and digest"),
        ("data", json!("%"), "base64"),
        ("urls", json!("https://example.org"), "/layers/0/urls must be a list of strings"),
        ("urls", json!([1]), "/layers/0/urls must be a list of strings"),
        ("annotations", json!({ "a": 1 }), "/layers/0/annotations must map"),
        ("platform", json!("linux"), "/layers/0/platform must be an object"),
        ("platform", json!({ "os.features": [{}] }), "/platform/os.features must be a list"),
        ("size", json!("3"), "/layers/0/size must be"),
        ("Size", json!(3), "\"Size\""),
    ] {
        let layer = with(descriptor("application/x"), key, value);
        let error = parse(&with(image(), "layers", json!([layer]))).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_a_descriptor_should_and_need_not_be_is_accepted() {
    for (key, value) in [
        ("data", json!("YWJj")),
        ("data", json!("YW\nJj\r\n")),
        ("data", json!("")),
        // unknown media types are never a reason to refuse
        ("mediaType", json!("text")),
        ("mediaType", json!("a b/c; d=\u{e4}")),
        ("mediaType", json!("x".repeat(1000))),
        ("mediaType", json!("")),
        ("mediaType", Value::Null),
        ("artifactType", json!("broken")),
        // "entries SHOULD conform to RFC 3986", and should have a scheme of the web
        ("urls", json!(["ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"])),
        ("urls", json!(["file:///etc/passwd", "", null])),
        ("urls", Value::Null),
        ("annotations", json!({ "a": null, "b": "" })),
        ("platform", json!({})),
        ("platform", json!({ "os": null, "os.features": null, "features": ["sse4"] })),
    ] {
        let layer = with(descriptor("application/x"), key, value);
        let read = parse(&with(image(), "layers", json!([layer])));
        assert!(read.is_ok(), "{layer}: {read:?}");
        assert!(parse(&with(index(), "manifests", json!([layer]))).is_ok(), "{layer}");
    }
    let one = json!({ "annotations": { "b": null, "a": "1" }, "urls": ["ipfs://x"] });
    let mut layer = without(descriptor(""), "mediaType");
    layer.as_object_mut().unwrap().extend(one.as_object().unwrap().clone());
    let read = parse(&with(image(), "layers", json!([layer]))).unwrap();
    let (_, _, layer) = read.descriptors().nth(1).unwrap();
    assert_eq!(layer.annotations.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "")]);
    assert_eq!((layer.media_type.as_str(), layer.urls.iter().next()), ("", Some("ipfs://x")));
}

#[test]
fn equal_keys_are_found_wherever_they_stand() {
    let twice = |text: &str, key: &str| {
        let found = Manifest::parse(text.as_bytes(), None).unwrap_err().to_string();
        assert!(found.contains(&format!("{key} appears twice")), "{text}: {found}");
    };
    let image = with(image(), "x", json!({ "y": [{ "HERE": 0 }] })).to_string();
    twice(&image.replace("\"HERE\":0", "\"a\":0,\"b\":{},\"\\u0061\":0"), "\"a\"");
    twice(&image.replace("\"size\":3", "\"size\":3,\"size\":4"), "\"size\"");
    twice(&image.replace("\"size\":3", "\"size\":3,\"annotations\":{\"\":\"\",\"\":\"\"}"), "\"\"");
    twice(&image.replace("\"size\":3", "\"platform\":{\"os\":1,\"os\":1},\"size\":3"), "\"os\"");
    let nested = image.replace("\"HERE\":0", "\"a\":{\"a\":{\"a\":0}}, \"b\":{\"a\":0}");
    assert!(Manifest::parse(nested.as_bytes(), None).is_ok());
}

#[test]
fn d40_a_referrer_says_what_it_is() {
    let read = |manifest: Value| {
        let manifest = parse(&with(manifest, "annotations", json!({ "a": "b" }))).unwrap();
        let descriptor = manifest.referrer_descriptor(&digest(), 9);
        let parsed = Descriptor::parse(descriptor.to_string().as_bytes());
        assert_eq!(parsed, Some(manifest.listed(&digest(), 9)));
        descriptor
    };
    let image_descriptor = read(image());
    assert_eq!(image_descriptor["artifactType"], OCI_CONFIG);
    assert_eq!(image_descriptor["annotations"], json!({ "a": "b" }));
    assert_eq!(image_descriptor["size"], 9);
    assert_eq!(read(with(image(), "artifactType", json!("a/b")))["artifactType"], "a/b");
    assert_eq!(read(index()).get("artifactType"), None);
    for damaged in ["", "null", "{}", "[]", "{\"digest\":\"sha256:x\",\"size\":1}"] {
        assert_eq!(Descriptor::parse(damaged.as_bytes()), None, "{damaged}");
    }
    let twice = format!("{}{}", read(image()), read(image()));
    assert_eq!(Descriptor::parse(twice.as_bytes()), None);
}

#[test]
fn there_is_no_bound_but_that_on_bytes() {
    let layer = |n: u32| {
        with(
            descriptor("a/b"),
            "annotations",
            json!({ "org.opencontainers.image.title": n.to_string() }),
        )
    };
    let layers: Vec<_> = (0..6000).map(layer).collect();
    let Content::Image { layers, .. } =
        parse(&with(image(), "layers", json!(layers))).unwrap().content
    else {
        panic!("an image")
    };
    let title = |layer: usize| layers[layer].annotations.get("org.opencontainers.image.title");
    assert_eq!((layers.len(), title(0), title(5999)), (6000, Some("0"), Some("5999")));
    let child = with(
        descriptor(OCI_MANIFEST),
        "platform",
        json!({ "os": "linux", "architecture": "arm64" }),
    );
    let index = with(index(), "manifests", json!(vec![child; 4000]));
    assert_eq!(parse(&index).unwrap().descriptors().count(), 4000);
    let annotations: serde_json::Map<_, _> =
        (0..100_000).map(|n| (format!("key{n}"), json!("x"))).collect();
    let read = parse(&with(image(), "annotations", Value::Object(annotations))).unwrap();
    assert_eq!((read.annotations.len(), read.annotations.get("key99999")), (100_000, Some("x")));
    let deep = |levels| {
        image().to_string().replacen(
            '{',
            &format!("{{\"x\":{}{},", "[".repeat(levels), "]".repeat(levels)),
            1,
        )
    };
    assert!(Manifest::parse(deep(120).as_bytes(), None).is_ok());
    assert!(Manifest::parse(deep(200).as_bytes(), None).is_err());
}
