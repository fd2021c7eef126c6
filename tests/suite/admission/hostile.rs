//! Manifests that two clients could read differently never get in.

use bytes::Bytes;
use serde_json::{Value, json};

use roadstead_oci::media_type::{DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};

use crate::{
    client::{Repository, descriptor, manifest, sha256},
    harness::Server,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

async fn repository(server: &Server) -> Repository {
    let repository = Repository::of(server, "hostile");
    for blob in [&b"{}"[..], b"layer"] {
        repository.push_blob(&Bytes::copy_from_slice(blob)).await.unwrap();
    }
    repository
}

fn image() -> Value {
    manifest((OCI_CONFIG, b"{}"), &[(LAYER, b"layer")])
}

fn with(mut manifest: Value, key: &str, value: Value) -> Value {
    manifest[key] = value;
    manifest
}

#[tokio::test]
async fn bodies_that_clients_read_differently_are_refused() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let twice = image().to_string().replacen('{', "{\"mediaType\":\"a/b\",", 1);
    let deep = with(image(), "x", serde_json::from_str(&"[".repeat(100)).unwrap_or(Value::Null));
    let deep = deep.to_string().replace("null", &format!("{}{}", "[".repeat(200), "]".repeat(200)));
    let mut lying = image();
    lying["layers"][0]["data"] = json!("bGF5ZXM=");
    let mut negative = image();
    negative["layers"][0]["size"] = json!(-1);
    for (body, says) in [
        (with(image(), "Layers", json!([])).to_string(), "read as \"layers\""),
        (with(image(), "Manifests", json!([])).to_string(), "read as \"manifests\""),
        (with(image(), "manifests", json!([])).to_string(), "does not belong"),
        (with(image(), "fsLayers", json!([])).to_string(), "schema 1"),
        (twice, "twice"),
        (deep, "levels deep"),
        (format!("{} {{}}", image()), "JSON"),
        (lying.to_string(), "does not match its size and digest"),
        (negative.to_string(), "size"),
        (with(image(), "schemaVersion", json!(1)).to_string(), "schemaVersion"),
    ] {
        let refused = repository.put("v1", OCI_MANIFEST, body.as_bytes()).await.unwrap().is(400);
        let error = &refused.errors()[0];
        assert!(error.starts_with("MANIFEST_INVALID: ") && error.contains(says), "{error}");
    }
    let docker = repository.put("v1", DOCKER_MANIFEST, image().to_string().as_bytes()).await;
    docker.unwrap().is(400);
    let index =
        json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "layers": [] });
    repository.put_manifest("v1", &index).await.is(400);
    repository.get("manifests/v1").await.is(404);
    server.is_sound();
}

#[tokio::test]
async fn a_blob_of_another_repository_is_no_blob_of_this_one() {
    let server = Server::start(&[]);
    let secret = Repository::of(&server, "secret");
    secret.push_blob(&Bytes::from_static(b"layer")).await.unwrap();
    let repository = Repository::of(&server, "thief");
    repository.push_blob(&Bytes::from_static(b"{}")).await.unwrap();
    let refused = repository.put_manifest("v1", &image()).await.is(404);
    assert!(refused.errors()[0].starts_with("MANIFEST_BLOB_UNKNOWN: "));
}

#[tokio::test]
async fn what_no_rule_is_about_is_stored_as_it_is() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let mut odd =
        manifest(("application/vnd.example.odd+json", b"{}"), &[("text/plain", b"layer")]);
    odd["org.example.more"] = json!({ "Layers": [1] });
    let body = odd.to_string();
    repository.put("v1", OCI_MANIFEST, body.as_bytes()).await.unwrap().is(201);
    assert!(repository.get("manifests/v1").await.is(200).body == body);
    let mut foreign = image();
    let kind = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    foreign["layers"] = json!([descriptor(kind, b"elsewhere")]);
    repository.put_manifest("v2", &foreign).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn what_would_take_too_much_memory_is_refused() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let large = |bytes: usize| {
        let empty = with(image(), "x", json!("")).to_string().len();
        with(image(), "x", json!("x".repeat(bytes - empty))).to_string()
    };
    let put =
        async |body: String| repository.put("v1", OCI_MANIFEST, body.as_bytes()).await.unwrap();
    put(large(4 << 20)).await.is(201);
    put(large((4 << 20) + 1)).await.is(413);
    let many: serde_json::Map<_, _> = (0..100_000).map(|n| (format!("{n}"), json!(""))).collect();
    put(with(image(), "annotations", Value::Object(many)).to_string()).await.is(201);
    let lists = format!("[{}0]", "[],".repeat(1_300_000));
    put(image().to_string().replacen('{', &format!("{{\"x\":{lists},"), 1)).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn only_bytes_bound_what_a_manifest_names() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let layer = |n: u32| {
        let title = json!({ "org.opencontainers.image.title": format!("folder/file-{n}.txt") });
        with(descriptor("text/plain", b"layer"), "annotations", title)
    };
    let layers: Vec<_> = (0..6000).map(layer).collect();
    let image = with(image(), "layers", json!(layers));
    repository.put_manifest("layers", &image).await.is(201);
    let child = descriptor(OCI_MANIFEST, image.to_string().as_bytes());
    let platform =
        |n: u32| json!({ "os": "linux", "architecture": "arm64", "variant": n.to_string() });
    let children: Vec<_> =
        (0..4000).map(|n| with(child.clone(), "platform", platform(n))).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
    repository.put_manifest("index", &index).await.is(201);
    repository.get("manifests/index").await.is(200);
    server.is_sound();
}

#[tokio::test]
async fn what_the_specification_only_recommends_is_no_reason_to_refuse() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let text = manifest((OCI_CONFIG, b"{}"), &[("text", b"layer")]);
    repository.put_manifest("v1", &text).await.is(201);
    let child = descriptor(OCI_MANIFEST, text.to_string().as_bytes());
    let child =
        with(child, "urls", json!(["ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3"]));
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] });
    repository.put_manifest("index", &index).await.is(201);
    let mut without_layers = image();
    without_layers.as_object_mut().unwrap().remove("layers");
    for (key, value) in [
        ("artifactType", json!("broken")),
        ("annotations", json!({ "a": null })),
        ("subject", with(descriptor("", b"later"), "mediaType", Value::Null)),
    ] {
        repository.put_manifest(key, &with(image(), key, value)).await.is(201);
    }
    repository.put_manifest("bare", &without_layers).await.is(201);
    let referrers = repository.get(&format!("referrers/{}", sha256(b"later"))).await.is(200).json();
    assert_eq!(referrers["manifests"][0]["artifactType"], OCI_CONFIG);
    server.is_sound();
}

#[tokio::test]
async fn a_foreign_layer_that_is_there_is_what_its_descriptor_says() {
    let server = Server::start(&[]);
    let repository = repository(&server).await;
    let kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let mut foreign = image();
    foreign["layers"] = json!([descriptor(kind, b"later")]);
    foreign["layers"][0]["size"] = json!(4);
    repository.put_manifest("v1", &foreign).await.is(201);
    repository.push_blob(&Bytes::from_static(b"later")).await.unwrap();
    let refused = repository.put_manifest("v1", &foreign).await.is(400);
    assert!(refused.errors()[0].contains("has 5 bytes, but the descriptor says 4"));
    foreign["layers"][0]["size"] = json!(5);
    repository.put_manifest("v1", &foreign).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn a_push_that_is_refused_leaves_no_repository_behind() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "nothing/here");
    repository.put_manifest("v1", &image()).await.is(404);
    repository.get("tags/list").await.is(404);
    let other = Repository::of(&server, "other");
    other.push_blob(&Bytes::from_static(b"{}")).await.unwrap();
    let catalog = reqwest::get(format!("http://{}/v2/_catalog", server.addr())).await.unwrap();
    let catalog: Value = serde_json::from_slice(&catalog.bytes().await.unwrap()).unwrap();
    assert_eq!(catalog["repositories"], json!(["other"]));
    server.is_sound();
}
