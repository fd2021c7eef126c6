//! What a config has to say.

use serde_json::{Value, json};

use crate::build::{Build, GZIP, archive, codes, facts, gzip, only};

#[test]
fn a_good_image_passes_with_its_facts() {
    let report = Build::default()
        .with("/variant", json!("v2"))
        .with("/config/Cmd", json!(["a", "b"]))
        .annotation("org.opencontainers.image.base.name", "docker.io/library/alpine:3")
        .annotation("org.opencontainers.image.base.digest", "sha256:00")
        .review();
    assert_eq!(codes(&report), [""; 0]);
    let facts = facts(&report);
    let bytes = facts.iter().position(|fact| fact.starts_with("bytes=")).unwrap();
    assert_eq!(
        facts[..bytes],
        [
            "os=linux",
            "architecture=amd64",
            "variant=v2",
            "created=2026-01-31T12:00:00.5Z",
            "user=1000",
            "entrypoint=[\"/hello\"]",
            "cmd=[\"a\",\"b\"]",
            "layers=1",
        ]
    );
    let base = ["base-name=docker.io/library/alpine:3", "base-digest=sha256:00"];
    assert_eq!(facts[bytes + 1..], base);
}

#[test]
fn a_fact_that_is_too_long_is_left_out() {
    let long = "x".repeat(2000);
    let report = Build::default().with("/config/Cmd", json!([long])).review();
    assert!(!facts(&report).iter().any(|fact| fact.starts_with("cmd=")));
}

#[test]
fn a_config_is_clear_json() {
    let build = Build::default();
    for (config, why) in [
        ("[]", "the config is not a JSON object; build the image again"),
        ("{\"os\":1", "the config can't be read as JSON (EOF"),
        (
            "{\"os\":\"a\",\"os\":\"b\"}",
            "the config can't be read as JSON (key \"os\" appears twice",
        ),
        (
            "{\"config\":{\"Labels\":{\"a\":\"b\",\"a\":\"c\"}}}",
            "the config can't be read as JSON (key \"a\"",
        ),
        ("{} {}", "the config can't be read as JSON (trailing"),
        ("", "the config can't be read as JSON (EOF"),
    ] {
        let report = build.review_config(config);
        assert_eq!(codes(&report), ["RSI010", "RSI050"], "{config}");
        assert!(report.findings()[0].message().starts_with(why), "{:?}", report.findings()[0]);
    }
    let large = format!("{{\"os\":\"{}\"}}", "x".repeat(8 << 20));
    let report = build.review_config(&large);
    let message = report.findings()[0].message();
    assert_eq!(message, "the config has more than 8 MiB; build the image again");
    let many = format!("{{\"x\":[{}0]}}", "0,".repeat(50_000));
    assert_eq!(codes(&build.review_config(&many)), ["RSI010", "RSI050"]);
}

#[test]
fn fields_that_runtimes_do_not_decode_are_found() {
    let report = Build::default().with("/config/User", json!(0)).review();
    assert_eq!(codes(&report), ["RSI011", "RSI050"]);
    assert_eq!(
        report.findings()[0].message(),
        "the config holds no text at \"/config/User\", so no runtime reads it; build the image \
         again"
    );
    let two = Build::default().with("/config/user", json!("0")).review();
    assert_eq!(codes(&two), ["RSI011", "RSI050"]);
    assert!(two.findings()[0].message().contains("holds a second User to runtimes"));
}

#[test]
fn a_field_in_another_case_is_read_as_go_reads_it() {
    let mut build = Build::default().with("/config/user", json!("0"));
    build.config["config"].as_object_mut().unwrap().remove("User");
    assert_eq!(
        only(&build.review()),
        (
            "RSI012",
            "runtimes read \"/config/user\" of the config as User, other programs do not; correct \
             the spelling"
        )
    );
    let report = build.settings(&json!({ "nonRoot": true })).review();
    assert_eq!(codes(&report), ["RSI012", "RSI040"]);
}

#[test]
fn an_image_says_what_it_runs_on() {
    for field in ["/os", "/architecture"] {
        for nothing in [json!(""), Value::Null] {
            let report = Build::default().with(field, nothing).review();
            assert_eq!(only(&report).0, "RSI013", "{field}");
            assert!(!report.rejects(), "runtimes take it");
        }
    }
}

#[test]
fn layers_are_listed_as_the_manifest_has_them() {
    let rootfs = |rootfs: Value| Build::default().with("/rootfs", rootfs).review();
    let id = Build::default().config["rootfs"]["diff_ids"][0].clone();
    for other in [json!({ "diff_ids": [id] }), json!({ "type": "layers+base", "diff_ids": [id] })] {
        let report = rootfs(other);
        assert!(!report.rejects(), "runtimes do not look");
        assert_eq!(only(&report).0, "RSI018");
    }
    let wrong = rootfs(json!({ "type": "layers", "diff_ids": ["sha256:00"] }));
    assert_eq!(
        only(&wrong),
        (
            "RSI014",
            "diff_id 0 of the config is \"sha256:00\", which is not a digest; build the image again"
        )
    );
    for ids in [json!([]), Value::Null, json!([id, id])] {
        let report = rootfs(json!({ "type": "layers", "diff_ids": ids }));
        assert_eq!(only(&report).0, "RSI015");
    }
    let two = rootfs(json!({ "type": "layers", "diff_ids": [] }));
    let said = "the config lists 0 layers in rootfs.diff_ids, but the manifest has 1; push the \
                config and the layers of one build";
    assert_eq!(only(&two).1, said);
    let untyped = rootfs(json!({ "diff_ids": [id] }));
    let said = "the config has no rootfs.type, which is \"layers\"; build the image again";
    assert_eq!(only(&untyped).1, said);
    assert_eq!(codes(&rootfs(Value::Null)), ["RSI014", "RSI015"]);
    let many = rootfs(json!({ "type": "layers", "diff_ids": vec!["x"; 50] }));
    assert_eq!(codes(&many), [&["RSI014"; 10][..], &["RSI015"]].concat());
}

/// As docker builds `FROM scratch` with nothing but labels: it writes no `diff_ids` at all.
#[test]
fn an_image_may_have_no_layer() {
    let report = Build::default()
        .layers(&[])
        .with("/rootfs", json!({ "type": "layers" }))
        .with("/history", json!([{ "created_by": "LABEL", "empty_layer": true }]))
        .review();
    assert_eq!(codes(&report), [""; 0]);
}

#[test]
fn history_belongs_to_layers() {
    let history = |history: Value| Build::default().with("/history", history).review();
    for good in [json!([]), Value::Null, json!([{ "empty_layer": true }, {}]), json!([null])] {
        assert_eq!(codes(&history(good)), [""; 0]);
    }
    for bad in [json!([{}, {}]), json!([{ "empty_layer": true }])] {
        let report = history(bad);
        assert!(!report.rejects());
        assert_eq!(only(&report).0, "RSI016");
    }
}

#[test]
fn times_are_times() {
    for good in
        [Value::Null, json!("0001-01-01T00:00:00Z"), json!("2026-02-28T23:59:59.123456789-07:00")]
    {
        assert_eq!(codes(&Build::default().with("/created", good).review()), [""; 0]);
    }
    for bad in ["", "now", "2026-02-30T00:00:00Z", "2026-02-28 00:00:00", "1700000000"] {
        let report = Build::default().with("/created", json!(bad)).review();
        assert_eq!(only(&report).0, "RSI017", "{bad}");
        assert!(!report.rejects());
    }
    let step = Build::default().with("/history", json!([{ "created": "x" }])).review();
    assert_eq!(
        only(&step),
        (
            "RSI017",
            "history/0/created of the config is \"x\", which is not a valid time; write it as \
             2026-01-31T12:00:00Z"
        )
    );
}

#[test]
fn what_is_not_stored_is_found() {
    let build = Build::default();
    let config = build.config.to_string();
    let report = build.clone().without(config.as_bytes()).review();
    assert_eq!(codes(&report), ["RSI004", "RSI050"]);
    let layer = gzip(archive().bytes());
    let report = build.layers(&[(GZIP, &layer)]).without(&layer).review();
    assert_eq!(
        only(&report),
        ("RSI004", "layer 0 is not stored here; push it before the manifest")
    );
}
