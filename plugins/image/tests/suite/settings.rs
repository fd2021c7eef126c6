//! What an operator may want.

use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::testing::Scene;
use serde_json::{Value, json};

use crate::build::{Build, GZIP, codes, gzip, only};

fn problems(settings: &Value) -> Vec<(String, String)> {
    let problems = Scene::new().validate_settings::<Image>(&settings.to_string());
    problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

#[test]
fn good_settings_are_taken() {
    for good in [
        json!({}),
        json!({
            "nonRoot": true, "requiredLabels": ["a", "b=*"], "platforms": ["linux/amd64"],
            "maxBytes": 1, "maxLayers": 1, "forbiddenEnv": ["*_TOKEN"], "baseImages": ["*"],
            "diffIds": true,
        }),
    ] {
        assert_eq!(problems(&good), []);
    }
}

#[test]
fn wrong_settings_are_told_with_their_place() {
    for (settings, pointer, cure) in [
        (json!({ "requiredLabels": ["a", ""] }), "/requiredLabels/1", "write the label's name"),
        (json!({ "requiredLabels": ["=x"] }), "/requiredLabels/0", "write the label's name"),
        (json!({ "platforms": ["amd64"] }), "/platforms/0", "such as linux/amd64"),
        (json!({ "platforms": ["linux/aarch64"] }), "/platforms/0", "write linux/arm64"),
        (json!({ "forbiddenEnv": ["A=b"] }), "/forbiddenEnv/0", "write one such as *_TOKEN"),
        (json!({ "baseImages": [""] }), "/baseImages/0", "docker.io/library/*"),
        (json!({ "maxBytes": 0 }), "/maxBytes", "leave the setting out"),
        (json!({ "maxLayers": 0 }), "/maxLayers", "leave the setting out"),
        (json!({ "nonroot": true }), "/nonroot", "unknown field"),
        (json!({ "nonRoot": "yes" }), "/nonRoot", "expected a boolean"),
    ] {
        let found = problems(&settings);
        assert_eq!(found.len(), 1, "{settings}: {found:?}");
        assert_eq!(found[0].0, pointer, "{settings}");
        assert!(found[0].1.contains(cure), "{settings}: {}", found[0].1);
    }
    let found = problems(&json!({ "platforms": ["linux/amd64", "amd64"] }));
    assert!(found[0].1.starts_with("\"amd64\" is not a platform; "), "{}", found[0].1);
}

#[test]
fn nobody_runs_as_root() {
    let run = |user: &str| {
        Build::default()
            .settings(&json!({ "nonRoot": true }))
            .with("/config/User", json!(user))
            .review()
    };
    assert_eq!(codes(&run("1000:0")), [""; 0]);
    let named = run("nobody");
    assert_eq!(only(&named).0, "RSI041");
    assert!(!named.rejects());
    assert_eq!(
        only(&run("")),
        ("RSI040", "the image sets no user and so runs as root; add USER 65532 to its Dockerfile")
    );
    let root = run("root:wheel");
    let message = "the image runs as \"root:wheel\", which is root; use another USER";
    assert_eq!(only(&root), ("RSI040", message));
    let mut none = Build::default().settings(&json!({ "nonRoot": true }));
    none.config.as_object_mut().unwrap().remove("config");
    assert_eq!(only(&none.review()).0, "RSI040");
}

#[test]
fn labels_are_there_and_match() {
    let source = "org.opencontainers.image.source";
    let want = |entry: &str| {
        Build::default()
            .settings(&json!({ "requiredLabels": [entry] }))
            .with("/config/Labels", json!({ source: "https://git.example.com/a", "empty": "" }))
            .review()
    };
    for good in [source.to_owned(), format!("{source}=https://git.example.com/*")] {
        assert_eq!(codes(&want(&good)), [""; 0]);
    }
    assert_eq!(
        only(&want("maintainer")),
        ("RSI042", "the image has no label \"maintainer\"; add it with LABEL")
    );
    assert_eq!(only(&want("empty")).0, "RSI042");
    assert_eq!(only(&want("empty=*")).0, "RSI042");
    assert_eq!(
        only(&want(&format!("{source}=https://example.com/*"))),
        (
            "RSI042",
            "the label \"org.opencontainers.image.source\" is \"https://git.example.com/a\", but \
             the policy requires \"https://example.com/*\"; change it with LABEL"
        )
    );
}

#[test]
fn an_image_is_for_an_allowed_platform() {
    let on = |platforms: Value| Build::default().settings(&json!({ "platforms": platforms }));
    assert_eq!(codes(&on(json!(["linux/arm64", "linux/amd64"])).review()), [""; 0]);
    let report = on(json!(["linux/arm64"])).review();
    assert_eq!(
        only(&report),
        (
            "RSI043",
            "the image is for \"linux/amd64\", which the policy does not allow; build it for a \
             platform that the policy lists"
        )
    );
    let v3 = on(json!(["linux/amd64/v2"])).with("/variant", json!("v3")).review();
    assert_eq!(only(&v3).0, "RSI043");
    let nowhere =
        on(json!(["linux/amd64"])).with("/os", json!("")).with("/architecture", json!(""));
    let nowhere = nowhere.review();
    let found = nowhere.findings().iter().find(|found| found.code() == "RSI043").unwrap();
    assert_eq!(
        found.message(),
        "the image names no platform; build it for a platform that the policy lists"
    );
}

#[test]
fn an_image_has_a_size() {
    let build = Build::default();
    let layer = gzip(crate::build::archive().bytes());
    let bytes = build.config.to_string().len() + layer.len();
    let at_most = |most: usize| build.clone().settings(&json!({ "maxBytes": most })).review();
    assert_eq!(codes(&at_most(bytes)), [""; 0]);
    let report = at_most(bytes - 1);
    let (code, message) = only(&report);
    assert_eq!(code, "RSI044");
    let start = format!("the image has {bytes} bytes, but the policy allows {};", bytes - 1);
    assert!(message.starts_with(&start), "{message}");
    let two = json!(vec![build.config["rootfs"]["diff_ids"][0].clone(); 2]);
    let two = build
        .layers(&[(GZIP, &layer), (GZIP, &layer)])
        .with("/rootfs/diff_ids", two)
        .with("/history", json!([]));
    let at_most = |most: u32| two.clone().settings(&json!({ "maxLayers": most })).review();
    assert_eq!(codes(&at_most(2)), [""; 0]);
    let message = "the image has 2 layers, but the policy allows 1; combine steps of its build";
    assert_eq!(only(&at_most(1)), ("RSI045", message));
}

#[test]
fn secrets_are_not_in_the_environment() {
    let report = Build::default()
        .settings(&json!({ "forbiddenEnv": ["*_TOKEN", "AWS_SECRET*"] }))
        .with("/config/Env", json!(["PATH=/bin", "CI_TOKEN=", "TOKEN=a", "aws_secret_key=hunter2"]))
        .review();
    let (code, message) = only(&report);
    assert_eq!(code, "RSI046");
    assert!(message.contains("\"aws_secret_key\"") && !message.contains("hunter2"), "{message}");
}

#[test]
fn an_image_is_built_from_an_allowed_base() {
    let name = "org.opencontainers.image.base.name";
    let settings = json!({ "baseImages": ["docker.io/library/*", "example.com/base"] });
    let build = Build::default().settings(&settings);
    let from = |base: &str| build.clone().annotation(name, base).review();
    assert_eq!(codes(&from("docker.io/library/alpine:3")), [""; 0]);
    assert_eq!(codes(&from("example.com/base")), [""; 0]);
    assert_eq!(
        only(&from("evil.example/base")),
        (
            "RSI047",
            "the image is built from \"evil.example/base\", which the policy does not allow; use a \
             base image that the policy lists"
        )
    );
    assert!(only(&build.review()).1.contains("does not say what it is built from"));
}

/// A policy that ignores what is wrong with the config must not thereby let everything pass.
#[test]
fn what_can_t_be_judged_by_its_config_is_told() {
    let build = Build::default().settings(&json!({ "nonRoot": true }));
    assert_eq!(codes(&build.review_config("{")), ["RSI010", "RSI050"]);
}
