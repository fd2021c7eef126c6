//! Layers against the config's `diff_ids`, where the settings want that.

use serde_json::json;

use crate::build::{Build, FOREIGN, GZIP, TAR, ZSTD, archive, codes, gzip, only};

fn build() -> Build {
    Build::default().settings(&json!({ "diffIds": true }))
}

#[test]
fn the_layers_of_one_build_pass() {
    assert_eq!(codes(&build().review()), [""; 0]);
    let bytes = archive();
    assert_eq!(codes(&build().layers(&[(TAR, bytes.bytes())]).review()), [""; 0]);
    let id = build().config["rootfs"]["diff_ids"][0].clone();
    let packed = gzip(bytes.bytes());
    let twice = build()
        .layers(&[(GZIP, &packed), (GZIP, &packed)])
        .with("/rootfs/diff_ids", json!([id, id]))
        .with("/history", json!([]));
    assert_eq!(codes(&twice.review()), [""; 0]);
}

#[test]
fn another_layer_is_found() {
    let other = gzip(archive().file("evil", "x").end().bytes());
    let report = build().layers(&[(GZIP, &other)]).review();
    assert_eq!(
        only(&report),
        (
            "RSI023",
            "the content of layer 0 does not match the config's diff_id; push the config and the \
             layers of one build"
        )
    );
    let off = Build::default().layers(&[(GZIP, &other)]).review();
    assert_eq!(codes(&off), [""; 0]);
}

/// Every reader takes all members of a gzip file, so a second one counts.
#[test]
fn a_second_member_counts() {
    let packed = gzip(archive().bytes());
    let two = [&packed[..], &gzip(b"evil")].concat();
    assert_eq!(only(&build().layers(&[(GZIP, &two)]).review()).0, "RSI023");
}

#[test]
fn a_damaged_layer_is_found() {
    let packed = gzip(archive().bytes());
    let cut = &packed[..packed.len() - 4];
    assert_eq!(only(&build().layers(&[(GZIP, cut)]).review()).0, "RSI022");
    let tail = [&packed[..], b"rubbish"].concat();
    assert_eq!(only(&build().layers(&[(GZIP, &tail)]).review()).0, "RSI022");
    // a zstd frame of blocks that repeat one byte 128 Ki times
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    bomb.extend([2, 0, 0x10, 0].repeat(40));
    let report = build().layers(&[(ZSTD, &bomb)]).review();
    assert!(only(&report).1.contains("too large"), "{report:?}");
}

#[test]
fn what_can_t_be_compared_is_told() {
    let packed = gzip(archive().bytes());
    let encrypted = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    let report = build().layers(&[(encrypted, b"?")]).review();
    assert_eq!(
        only(&report),
        (
            "RSI024",
            "layer 0 can't be compared with the diff_id of the config: it is encrypted; a runtime \
             will compare it"
        )
    );
    assert!(!report.rejects());
    let absent = build().layers(&[(FOREIGN, &packed)]).without(&packed).review();
    assert_eq!(only(&absent).0, "RSI024");
    let sha512 = json!([format!("sha512:{}", "0".repeat(128))]);
    let report = build().with("/rootfs/diff_ids", sha512).review();
    assert_eq!(only(&report).0, "RSI024");
}
