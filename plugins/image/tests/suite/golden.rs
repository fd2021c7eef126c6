//! The plugin against what real tools push: `golden/make.py` let them build it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::{
    Finding, Manifest, Report, Role, Target,
    testing::{Scene, handed},
};
use serde::Deserialize;

use crate::build::facts;

/// What is found in the images of a tool, by the name of the case. All others pass.
const FOUND: &[(&str, &[&str])] = &[
    ("crane: append gzip", &["RSI013"]),
    ("crane: append to nothing", &["RSI013"]),
    ("crane: append to nothing, OCI", &["RSI013"]),
];

/// What is no image, although it looks like one.
const OTHERS: &[&str] = &["buildkit: cache as a manifest", "buildkit: cache as an index"];

#[derive(Deserialize)]
struct Table {
    cases: BTreeMap<String, Vec<Pushed>>,
}

/// A manifest, with its config and the beginnings of its layers.
#[derive(Deserialize)]
struct Pushed {
    #[serde(rename = "mediaType")]
    media_type: String,
    manifest: String,
    blobs: BTreeMap<String, String>,
}

/// The registry verified that each blob has its digest. A beginning has another one, by which the
/// plugin finds it here.
fn scene(pushed: &Pushed) -> (Scene, Manifest) {
    let mut scene = Scene::new();
    let mut manifest = handed(pushed.manifest.as_bytes(), Some(&pushed.media_type));
    for part in &mut manifest.descriptors {
        if let Some(bytes) = pushed.blobs.get(&part.digest) {
            part.digest = scene.blob(&STANDARD.decode(bytes).expect("base64"));
        }
    }
    (scene, manifest)
}

fn review(pushed: &Pushed, settings: &str) -> Option<Report> {
    let (scene, manifest) = scene(pushed);
    scene.review::<Image>(&Target::Manifest(manifest), settings).expect("it can judge")
}

fn cases() -> BTreeMap<String, Vec<Pushed>> {
    let table: Table = serde_json::from_str(include_str!("../golden/images.json")).expect("JSON");
    table.cases
}

#[test]
fn what_real_tools_push_passes() {
    let expected: BTreeMap<_, _> = FOUND.iter().copied().collect();
    let mut wrong = Vec::new();
    let cases = cases();
    for (name, manifests) in &cases {
        let found: Vec<_> = manifests.iter().filter_map(|pushed| review(pushed, "{}")).collect();
        let findings: Vec<_> = found.iter().flat_map(Report::findings).collect();
        let mut codes: Vec<_> = findings.iter().map(|finding| finding.code()).collect();
        codes.dedup();
        if codes != expected.get(name.as_str()).copied().unwrap_or_default() {
            let messages: Vec<_> = findings.iter().copied().map(Finding::message).collect();
            wrong.push(format!("{name}: {codes:?} {messages:?}"));
        }
        if found.is_empty() != OTHERS.contains(&name.as_str()) {
            wrong.push(format!("{name}: {} reports", found.len()));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() >= 49, "only {} cases", cases.len());
    for name in FOUND.iter().map(|(name, _)| name).chain(OTHERS) {
        assert!(cases.contains_key(*name), "{name} is no case any more");
    }
}

/// Layers that are stored whole are those that the configs name.
#[test]
fn real_layers_are_those_of_their_configs() {
    let mut compared = 0;
    for (name, manifests) in cases() {
        for pushed in manifests {
            let (scene, manifest) = scene(&pushed);
            let mut layers = manifest.descriptors.iter().filter(|part| part.role == Role::Layer);
            let is_whole = layers.all(|layer| layer.size <= 512);
            if !is_whole {
                continue;
            }
            let target = Target::Manifest(manifest);
            let report = scene.review::<Image>(&target, r#"{"diffIds":true}"#).expect("judged");
            for finding in report.iter().flat_map(Report::findings) {
                let code = finding.code();
                assert!(!matches!(code, "RSI022" | "RSI023"), "{name}: {}", finding.message());
            }
            compared += 1;
        }
    }
    assert!(compared > 30, "only {compared} images were compared");
}

#[test]
fn real_images_tell_what_they_are() {
    let cases = cases();
    let known = |case: &str| -> Vec<String> {
        let reports = cases[case].iter().filter_map(|pushed| review(pushed, "{}"));
        reports.flat_map(|report| facts(&report)).collect()
    };
    let built = known("docker: build");
    for fact in ["os=linux", "architecture=amd64", "user=65532:65532", "entrypoint=[\"/hello\"]"] {
        assert!(built.iter().any(|found| found == fact), "{fact}: {built:?}");
    }
    let two = known("buildah: two platforms");
    assert!(two.iter().any(|fact| fact == "platforms=linux/amd64 linux/arm64"), "{two:?}");
}
