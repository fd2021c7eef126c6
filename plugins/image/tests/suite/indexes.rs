//! Image indexes and docker's lists.

use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::{
    Report, Target,
    oci::media_type,
    testing::{Scene, handed},
};
use serde_json::{Value, json};

use crate::build::{GZIP, codes, facts, only};

const INDEX: &str = media_type::OCI_INDEX;
const LIST: &str = media_type::DOCKER_LIST;

fn judge(kind: &str, children: &[Value], settings: &Value) -> Option<Report> {
    let body = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": children });
    let target = Target::Manifest(handed(body.to_string().as_bytes(), Some(kind)));
    Scene::new().review::<Image>(&target, &settings.to_string()).expect("it can judge")
}

fn review(kind: &str, children: &[Value]) -> Report {
    judge(kind, children, &json!({})).expect("it is an index")
}

/// A child with a digest of its own.
fn child(number: u8, fields: &Value) -> Value {
    let mut child = json!({
        "mediaType": media_type::OCI_MANIFEST, "size": 2,
        "digest": format!("sha256:{}", format!("{number:02x}").repeat(32)),
    });
    let more = fields.as_object().expect("fields").clone();
    child.as_object_mut().expect("an object").extend(more);
    child
}

fn on(number: u8, os: &str, architecture: &str) -> Value {
    child(number, &json!({ "platform": { "os": os, "architecture": architecture } }))
}

fn docker(mut child: Value) -> Value {
    child["mediaType"] = media_type::DOCKER_MANIFEST.into();
    child
}

#[test]
fn images_for_several_platforms_pass() {
    let arm = |number, variant: &str| {
        let platform = json!({ "os": "linux", "architecture": "arm", "variant": variant });
        child(number, &json!({ "platform": platform }))
    };
    let windows = |number, version: &str| {
        let platform = json!({ "os": "windows", "architecture": "amd64", "os.version": version });
        child(number, &json!({ "platform": platform }))
    };
    let mut zstd = on(7, "linux", "amd64");
    zstd["annotations"] = json!({ "io.github.containers.compression.zstd": "true" });
    let children = [
        on(1, "linux", "amd64"),
        arm(2, "v6"),
        arm(3, "v7"),
        windows(4, "10.0.1"),
        windows(5, "10.0.2"),
        on(6, "unknown", "unknown"),
        zstd,
        on(8, "unknown", "unknown"),
        // the same child twice is no question
        on(1, "linux", "amd64"),
        child(9, &json!({})),
        child(10, &json!({})),
        child(11, &json!({ "mediaType": INDEX })),
    ];
    let report = review(INDEX, &children);
    assert_eq!(codes(&report), [""; 0]);
    let platforms = "platforms=linux/amd64 linux/arm/v6 linux/arm/v7 windows/amd64";
    assert_eq!(facts(&report), [platforms]);
    assert_eq!(codes(&review(INDEX, &[])), [""; 0]);
    let list = [docker(on(1, "linux", "amd64")), docker(on(2, "linux", "arm64"))];
    assert_eq!(codes(&review(LIST, &list)), [""; 0]);
}

#[test]
fn two_images_for_one_platform_are_found() {
    let report = review(INDEX, &[on(1, "linux", "arm64"), on(2, "linux", "arm64")]);
    assert_eq!(
        only(&report),
        (
            "RSI031",
            "children 0 and 1 are both for \"linux/arm64\", so clients may run either; list only \
             one of them"
        )
    );
    assert!(!report.rejects());
    let v8 = json!({ "os": "linux", "architecture": "arm64", "variant": "v8" });
    let report = review(INDEX, &[on(1, "linux", "arm64"), child(2, &json!({ "platform": v8 }))]);
    assert_eq!(only(&report).0, "RSI031");
    // what says that it is something else is no choice
    let mut attached = on(2, "linux", "arm64");
    attached["artifactType"] = "application/vnd.amazon.soci.index.v2+json".into();
    assert_eq!(codes(&review(INDEX, &[on(1, "linux", "arm64"), attached])), [""; 0]);
    let many: Vec<_> = (0..40).map(|number| on(number, "linux", "amd64")).collect();
    assert_eq!(codes(&review(INDEX, &many)), ["RSI031"; 10]);
}

#[test]
fn docker_selects_by_platform() {
    for nothing in [
        child(1, &json!({})),
        child(1, &json!({ "platform": { "os": "linux" } })),
        child(1, &json!({ "platform": { "os": "", "architecture": "amd64" } })),
    ] {
        let report = review(LIST, &[docker(nothing)]);
        assert_eq!(
            only(&report),
            (
                "RSI032",
                "child 0 of the manifest list has no platform, by which docker selects; add its \
                 os and architecture"
            )
        );
    }
}

#[test]
fn a_docker_list_names_its_type() {
    let body = json!({ "schemaVersion": 2, "manifests": [] }).to_string();
    let target = Target::Manifest(handed(body.as_bytes(), Some(LIST)));
    let report = Scene::new().review::<Image>(&target, "{}").unwrap().unwrap();
    assert_eq!(only(&report).0, "RSI001");
}

#[test]
fn children_are_manifests_of_one_kind() {
    let report = review(INDEX, &[child(1, &json!({ "mediaType": GZIP }))]);
    assert_eq!(only(&report).0, "RSI030");
    assert!(!report.rejects());
    assert_eq!(only(&review(INDEX, &[docker(on(1, "linux", "amd64"))])).0, "RSI003");
    assert_eq!(only(&review(LIST, &[on(1, "linux", "amd64")])).0, "RSI003");
}

/// buildkit lists layers as if they were children.
#[test]
fn a_build_cache_is_no_index_of_images() {
    let layer = child(1, &json!({ "mediaType": GZIP }));
    let config = child(2, &json!({ "mediaType": "application/vnd.buildkit.cacheconfig.v0" }));
    let none = json!({});
    assert_eq!(judge(INDEX, &[layer.clone(), config.clone()], &none), None);
    assert_eq!(judge(LIST, &[layer.clone(), config.clone()], &none), None);
    let disguised = judge(INDEX, &[layer, config, on(3, "linux", "amd64")], &none);
    assert_eq!(codes(&disguised.unwrap()), ["RSI030", "RSI030"]);
}

#[test]
fn an_index_has_allowed_platforms_only() {
    let settings = json!({ "platforms": ["linux/amd64", "linux/arm64/v8"] });
    let children = [
        on(1, "linux", "amd64"),
        on(2, "linux", "arm64"),
        on(3, "unknown", "unknown"),
        child(4, &json!({})),
    ];
    assert_eq!(codes(&judge(INDEX, &children, &settings).unwrap()), [""; 0]);
    let report = judge(INDEX, &[on(1, "linux", "amd64"), on(2, "linux", "s390x")], &settings);
    assert_eq!(
        only(&report.unwrap()),
        (
            "RSI043",
            "child 1 is for \"linux/s390x\", which the policy does not allow; build it for a \
             platform that the policy lists"
        )
    );
}
