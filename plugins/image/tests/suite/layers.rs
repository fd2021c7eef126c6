//! Layers, by their types and their first bytes.

use roadstead_plugin_sdk::testing::Tar;
use serde_json::json;

use crate::build::{
    Build, DOCKER_CONFIG, DOCKER_GZIP, FOREIGN, GZIP, TAR, ZSTD, archive, codes, gzip, only,
};

fn of(media_type: &str, bytes: &[u8]) -> Vec<String> {
    let report = Build::default().layers(&[(media_type, bytes)]).review();
    codes(&report).into_iter().map(ToOwned::to_owned).collect()
}

/// An archive as before POSIX: the mark is gone, and the sum is right.
fn old_archive() -> Vec<u8> {
    let mut bytes = archive().bytes().to_vec();
    bytes[257..265].fill(0);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

#[test]
fn what_runtimes_unpack_passes() {
    let archive = archive();
    for (media_type, bytes) in [
        (GZIP, &gzip(archive.bytes())[..]),
        (TAR, archive.bytes()),
        (TAR, &[0; 1024]),
        (TAR, &[0; 10240]),
        (ZSTD, &[0x28, 0xb5, 0x2f, 0xfd, 4, 0]),
        (ZSTD, &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]),
        (ZSTD, &[0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", b"who knows"),
    ] {
        assert_eq!(of(media_type, bytes), [""; 0], "{media_type} {:?}", &bytes[..4]);
    }
    let docker = Build::default().docker().config_type(DOCKER_CONFIG);
    let packed = gzip(archive.bytes());
    let zstd: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 4, 0];
    for (media_type, bytes) in [
        (DOCKER_GZIP, &packed[..]),
        ("application/vnd.docker.image.rootfs.diff.tar", archive.bytes()),
        ("application/vnd.docker.image.rootfs.diff.tar.zstd", zstd),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", &packed),
    ] {
        let report = docker.clone().layers(&[(media_type, bytes)]).review();
        assert_eq!(codes(&report), [""; 0], "{media_type}");
    }
}

#[test]
fn what_is_something_else_does_not() {
    let (plain, packed) = (archive().bytes().to_vec(), gzip(archive().bytes()));
    let docker = "application/vnd.docker.image.rootfs.diff.tar";
    for (media_type, bytes) in [
        (GZIP, b"".as_slice()),
        (GZIP, b"BZh9"),
        (ZSTD, b"\xfd7zXZ\0"),
        (docker, b"BZh9"),
        (TAR, &packed),
        (TAR, b"\x28\xb5\x2f\xfd\x04\0"),
        (TAR, b"hello\n"),
        (TAR, &[b'x'; 2000]),
        (TAR, &[0; 511]),
        (FOREIGN, b"hello"),
    ] {
        let report = Build::default().layers(&[(media_type, bytes)]).review();
        assert!(report.rejects());
        assert!(codes(&report).contains(&"RSI020"), "{media_type}");
    }
    // runtimes find the compression by the bytes
    for (media_type, bytes) in [
        (GZIP, &plain[..]),
        (GZIP, b"\x28\xb5\x2f\xfd\x04\0"),
        (ZSTD, &packed),
        (ZSTD, &plain),
        (DOCKER_GZIP, &plain),
        (docker, &packed),
    ] {
        let report = Build::default().layers(&[(media_type, bytes)]).review();
        assert!(!report.rejects());
        assert!(codes(&report).contains(&"RSI025"), "{media_type}");
    }
    let report = Build::default().layers(&[(GZIP, &plain)]).review();
    assert_eq!(
        only(&report).1,
        "layer 0 is an uncompressed tar archive, but its media type says gzip; push the image with \
         a tool that sets the right media type"
    );
}

#[test]
fn the_oldest_tar_is_a_warning() {
    let report = Build::default().layers(&[(TAR, &old_archive())]).review();
    assert_eq!(only(&report).0, "RSI021");
    assert!(!report.rejects());
    let mut wrong_sum = old_archive();
    wrong_sum[0] ^= 1;
    assert_eq!(of(TAR, &wrong_sum), ["RSI020"]);
}

#[test]
fn layers_have_types_that_runtimes_unpack() {
    let packed = gzip(archive().bytes());
    let report = Build::default().layers(&[("text/plain", &packed)]).review();
    assert_eq!(
        only(&report),
        (
            "RSI002",
            "layer 0 has the type \"text/plain\", which runtimes do not unpack; use one such as \
             application/vnd.oci.image.layer.v1.tar+gzip"
        )
    );
    assert_eq!(of("application/vnd.oci.image.layer.v1.tar+xz", &packed), ["RSI002"]);
    let beside = Build::default().layers(&[(GZIP, &packed), ("text/plain", b"x")]);
    assert_eq!(codes(&beside.review()), ["RSI002"], "the config lists what runtimes unpack");
    let many = vec![("text/plain", &b"x"[..]); 60];
    let ids = json!(vec![Build::default().config["rootfs"]["diff_ids"][0].clone(); 60]);
    let many =
        Build::default().layers(&many).with("/rootfs/diff_ids", ids).with("/history", json!([]));
    assert_eq!(codes(&many.review()), ["RSI002"; 10]);
}

#[test]
fn a_foreign_layer_may_be_elsewhere() {
    let packed = gzip(archive().bytes());
    let build = Build::default().layers(&[(FOREIGN, &packed)]);
    assert_eq!(codes(&build.review()), [""; 0]);
    assert_eq!(codes(&build.without(&packed).review()), [""; 0]);
}

#[test]
fn types_of_two_kinds_are_a_warning() {
    let packed = gzip(archive().bytes());
    for report in [
        Build::default().layers(&[(DOCKER_GZIP, &packed)]).review(),
        Build::default().config_type(DOCKER_CONFIG).review(),
        Build::default().docker().layers(&[(DOCKER_GZIP, &packed)]).review(),
        Build::default().docker().config_type(DOCKER_CONFIG).review(),
    ] {
        assert_eq!(only(&report).0, "RSI003");
        assert!(!report.rejects());
    }
}

/// A layer that is named twice is looked at once, and told of once.
#[test]
fn a_layer_is_looked_at_once() {
    let bytes = Tar::new().end();
    let ids = json!(vec![Build::default().config["rootfs"]["diff_ids"][0].clone(); 2]);
    let twice = Build::default()
        .layers(&[(GZIP, bytes.bytes()), (GZIP, bytes.bytes())])
        .with("/rootfs/diff_ids", ids)
        .with("/history", json!([]));
    assert_eq!(codes(&twice.review()), ["RSI025"]);
}
