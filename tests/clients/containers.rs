//! skopeo and podman: an image goes to the registry and comes back the same.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use roadstead_oci::{Algorithm, Digest, media_type};

use crate::{
    client::Client,
    harness::{Server, USER},
};

const PLAIN: &str = "--tls-verify=false";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Writes an image of one file into the layout `layout`, with the tag `v1`.
pub fn image(client: &Client<'_>) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(6);
    header.set_mode(0o644);
    tar.append_data(&mut header, "hello.txt", &b"hello\n"[..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let mut layer = GzEncoder::new(Vec::new(), Compression::fast());
    layer.write_all(&tar).unwrap();
    let layer = layer.finish().unwrap();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": { "Cmd": ["/hello"] },
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(Algorithm::Sha256, &tar)] },
    });
    let config = blob(client, media_type::OCI_CONFIG, config.to_string().as_bytes());
    let layer = blob(client, LAYER, &layer);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
        "config": config, "layers": [layer],
    });
    let mut manifest = blob(client, media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "v1" });
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    client.file("layout/index.json", index.to_string());
    client.file("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
}

fn blob(client: &Client<'_>, kind: &str, bytes: &[u8]) -> Value {
    let digest = Digest::of(Algorithm::Sha256, bytes);
    client.file(&format!("layout/blobs/sha256/{}", digest.hex()), bytes);
    json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
}

#[test]
fn an_image_goes_to_the_registry_and_back_with_skopeo() {
    let server = Server::guarded(&[]);
    let skopeo = Client::packaged(&server, "skopeo");
    image(&skopeo);
    let wrong = skopeo.log_in(&["login", PLAIN, "-u", USER, "--password-stdin", "HOST"]);
    assert!(wrong.contains("invalid username/password"), "{wrong}");
    let to = |kind: &str, name: &str| {
        let dest = ["--dest-tls-verify=false", "--format", kind, "oci:layout:v1", name];
        skopeo.ok(&[&["copy"][..], &dest].concat());
    };
    to("oci", "docker://HOST/img:v1");
    to("v2s2", "docker://HOST/img:docker");
    let digest = |name: &str| {
        let source = if name.starts_with("docker:") { &[PLAIN][..] } else { &[] };
        skopeo.ok(&[&["inspect", "--format", "{{.Digest}}", name][..], source].concat())
    };
    assert_eq!(digest("docker://HOST/img:v1"), digest("oci:layout:v1"));
    assert_ne!(digest("docker://HOST/img:docker"), digest("oci:layout:v1"));
    let back = ["--src-tls-verify=false", "docker://HOST/img:v1", "oci:back:v1"];
    skopeo.ok(&[&["copy"][..], &back].concat());
    assert_eq!(digest("oci:back:v1"), digest("oci:layout:v1"));
    let tags = skopeo.ok(&["list-tags", PLAIN, "docker://HOST/img"]);
    assert!(tags.contains("\"v1\"") && tags.contains("\"docker\""), "{tags}");
    skopeo.ok(&["delete", PLAIN, "docker://HOST/img:docker"]);
    skopeo.ok(&["logout", "HOST"]);
    let out = skopeo.refused(&["inspect", PLAIN, "docker://HOST/img:v1"]);
    assert!(out.contains("log in first"), "{out}");
    server.is_sound();
}

/// podman with images of its own.
pub fn podman(server: &Server) -> Client<'_> {
    let words = ["--storage-driver", "vfs", "--root", "HOME/root", "--runroot", "HOME/run"];
    Client::packaged(server, "podman").with(&words)
}

#[test]
fn an_image_goes_to_the_registry_and_back_with_podman() {
    let server = Server::guarded(&[]);
    let podman = podman(&server);
    image(&podman);
    let wrong = podman.log_in(&["login", PLAIN, "-u", USER, "--password-stdin", "HOST"]);
    assert!(wrong.contains("invalid username/password"), "{wrong}");
    let id = podman.ok(&["pull", "--quiet", "oci:layout:v1"]);
    let push = ["push", PLAIN, "--digestfile", "digest", id.trim(), "HOST/img:v1"];
    podman.ok(&push);
    podman.ok(&["rmi", "--force", id.trim()]);
    podman.ok(&["pull", "--quiet", PLAIN, "HOST/img:v1"]);
    let pulled = podman.ok(&["image", "inspect", "--format", "{{.Digest}}", "HOST/img:v1"]);
    assert_eq!(pulled.trim().as_bytes(), podman.bytes("digest"));
    podman.ok(&["logout", "HOST"]);
    let out = podman.refused(&["pull", "--quiet", PLAIN, "HOST/img:v1"]);
    assert!(out.contains("log in first"), "{out}");
    server.is_sound();
}
