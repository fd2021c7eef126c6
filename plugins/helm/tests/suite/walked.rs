//! What helm walks over beside the manifest itself: subjects, indexes, manifests among the layers.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{
    Descriptor, Report, Role, Target,
    oci::media_type,
    testing::{self, Scene},
};
use serde_json::{Value, json};

use crate::push::{CHART, CONFIG, PROVENANCE, chart, codes, config, only};

const OCI: &str = media_type::OCI_MANIFEST;
const INDEX: &str = media_type::OCI_INDEX;
const IMAGE_CONFIG: &str = media_type::OCI_CONFIG;
const ROOTFS: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCM: &str = "application/vnd.ocm.software.component.config.v1+json";

fn part(media_type: &str, content: &str) -> Value {
    let mut scene = Scene::new();
    let digest = scene.blob(content.as_bytes());
    json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
}

fn manifest(config: &str, layers: &[(&str, &str)], more: Value) -> Value {
    let layers: Vec<_> = layers.iter().map(|(of, content)| part(of, content)).collect();
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI, "config": part(config, "{}"), "layers": layers,
    });
    if let Value::Object(more) = more {
        manifest.as_object_mut().unwrap().extend(more);
    }
    manifest
}

fn index(children: &[&Value]) -> Value {
    let children: Vec<_> = children.iter().map(|child| part(OCI, &child.to_string())).collect();
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children })
}

/// A good chart with that subject.
fn with_subject(scene: &mut Scene, media_type: &str, subject: &Value) -> Report {
    let subject = subject.to_string();
    let digest = scene.blob(subject.as_bytes());
    let target = scene
        .manifest("helm-chart")
        .repository("charts/web")
        .artifact_type("application/vnd.example.attached")
        .config(CONFIG, config().to_string().as_bytes())
        .layer(CHART, &chart().gzip())
        .subject(media_type, &digest, subject.len() as u64)
        .build();
    scene.review::<Helm>(&target, "{}").unwrap().unwrap()
}

fn found(media_type: &str, subject: &Value) -> Vec<String> {
    let report = with_subject(&mut Scene::new(), media_type, subject);
    codes(&report).into_iter().map(ToOwned::to_owned).collect()
}

#[test]
fn a_chart_may_refer_to_an_image() {
    let image = manifest(IMAGE_CONFIG, &[(ROOTFS, "x")], json!({}));
    assert_eq!(found(OCI, &image), [""; 0]);
    let docker = manifest(media_type::DOCKER_CONFIG, &[], json!({}));
    let mut docker = docker;
    docker["mediaType"] = media_type::DOCKER_MANIFEST.into();
    assert_eq!(found(media_type::DOCKER_MANIFEST, &docker), [""; 0]);
    let other = manifest("application/vnd.example+json", &[("text/plain", "x")], json!({}));
    assert_eq!(found(OCI, &other), [""; 0]);
    assert_eq!(found("application/vnd.example", &other), [""; 0], "helm does not read that");
    // the chart's own content is no second chart
    let mut same = manifest(CONFIG, &[], json!({}));
    let own = String::from_utf8(config().to_string().into_bytes()).unwrap();
    same["config"] = part(CONFIG, &own);
    assert_eq!(found(OCI, &same), [""; 0]);
}

#[test]
fn no_subject_may_hide_another_chart() {
    for hiding in [
        manifest(CONFIG, &[], json!({})),
        manifest(OCM, &[(CHART, "x")], json!({})),
        manifest(IMAGE_CONFIG, &[(ROOTFS, "x"), ("application/tar+gzip", "x")], json!({})),
        manifest(IMAGE_CONFIG, &[(PROVENANCE, "x")], json!({})),
        manifest(IMAGE_CONFIG, &[(CONFIG, "x")], json!({})),
        manifest(IMAGE_CONFIG, &[], json!({ "subject": part(CHART, "x") })),
    ] {
        assert_eq!(found(OCI, &hiding), ["RSH007"], "{hiding}");
    }
    let whole = manifest(CONFIG, &[(CHART, "x"), (PROVENANCE, "x")], json!({}));
    assert_eq!(found(OCI, &whole), ["RSH007"; 3]);
    let report = with_subject(&mut Scene::new(), OCI, &manifest(OCM, &[(CHART, "x")], json!({})));
    assert_eq!(
        only(&report).1,
        "the subject names \"application/vnd.cncf.helm.chart.conte...\", which helm reads as the \
         chart's archive; push the chart without it"
    );
    assert_eq!(found(OCI, &json!("no manifest")), ["RSH007"]);
    let artifact = "application/vnd.oci.artifact.manifest.v1+json";
    assert_eq!(found(artifact, &json!({ "blobs": [] })), ["RSH007"], "which nobody writes now");
}

/// helm fetches it, and installs nothing where it is missing.
#[test]
fn a_subject_that_is_not_there_is_found() {
    let mut scene = Scene::new();
    let image = manifest(IMAGE_CONFIG, &[], json!({}));
    let digest = scene.blob(image.to_string().as_bytes());
    scene.forget(&digest);
    let target = scene
        .manifest("helm-chart")
        .repository("charts/web")
        .config(CONFIG, config().to_string().as_bytes())
        .layer(CHART, &chart().gzip())
        .subject(OCI, &digest, 2)
        .build();
    let report = scene.review::<Helm>(&target, "{}").unwrap().unwrap();
    assert_eq!(
        only(&report),
        (
            "RSH008",
            "the subject is not stored here, but helm fetches it with the chart; push it first"
        )
    );
}

fn store(scene: &mut Scene, manifest: &Value, artifact_type: &str) {
    let listed = part(OCI, &manifest.to_string());
    let digest = listed["digest"].as_str().unwrap();
    let descriptor = testing::descriptor(Role::Manifest, OCI, digest, 2);
    let artifact_type = Some(artifact_type.to_owned());
    scene.store(Descriptor { artifact_type, ..descriptor }, None, Vec::new());
}

#[test]
fn a_chart_may_refer_to_an_image_of_many_platforms() {
    let image = manifest(IMAGE_CONFIG, &[(ROOTFS, "x")], json!({}));
    let other = manifest(IMAGE_CONFIG, &[(ROOTFS, "y")], json!({}));
    let subject = index(&[&image, &other]);
    let mut scene = Scene::new();
    store(&mut scene, &image, IMAGE_CONFIG);
    let codes_of = |report: &Report| codes(report).join(" ");
    assert_eq!(codes_of(&with_subject(&mut scene, INDEX, &subject)), "RSH008", "one is missing");
    store(&mut scene, &other, IMAGE_CONFIG);
    assert_eq!(codes_of(&with_subject(&mut scene, INDEX, &subject)), "");
    let chart = manifest(CONFIG, &[(CHART, "x")], json!({}));
    store(&mut scene, &chart, CONFIG);
    let report = with_subject(&mut scene, INDEX, &index(&[&image, &chart]));
    assert_eq!(codes_of(&report), "RSH007");
    let nested = json!({ "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [part(INDEX, &subject.to_string())] });
    assert_eq!(codes_of(&with_subject(&mut scene, INDEX, &nested)), "RSH008");
}

fn review(target: &Target, scene: &Scene) -> Option<Report> {
    scene.review::<Helm>(target, "{}").unwrap()
}

/// A chart that something else carries is not installed by helm, and no reason to refuse it.
#[test]
fn another_artifact_may_carry_a_chart() {
    let mut scene = Scene::new();
    let descriptor = "application/vnd.ocm.software.component-descriptor.v2+yaml+tar";
    let foreign = scene.manifest("unknown").config(OCM, b"{}").layer(descriptor, b"x");
    let foreign = foreign.layer(CHART, b"x").build();
    let report = review(&foreign, &scene).unwrap();
    assert_eq!(
        only(&report),
        (
            "RSH080",
            "layer 1 is a chart, but helm installs none from an artifact of the type \
             \"application/vnd.ocm.software.componen...\"; it was not judged"
        )
    );
    assert!(!report.rejects());
    let empty = scene.manifest("unknown").config(media_type::OCI_EMPTY, b"{}");
    let report = review(&empty.layer(CHART, b"x").build(), &scene).unwrap();
    assert_eq!((codes(&report), report.rejects()), (vec!["RSH080"], false));
    // helm would take the missing config from wherever the subject leads
    let chart = manifest(CONFIG, &[(CHART, "y")], json!({})).to_string();
    let image = manifest(IMAGE_CONFIG, &[(ROOTFS, "x")], json!({})).to_string();
    for (subject, expected) in [(&image, "RSH080"), (&chart, "RSH080 RSH007 RSH007")] {
        let digest = scene.blob(subject.as_bytes());
        let carrier = scene.manifest("unknown").config(OCM, b"{}").layer(CHART, b"x");
        let carrier = carrier.subject(OCI, &digest, 2).build();
        assert_eq!(codes(&review(&carrier, &scene).unwrap()).join(" "), expected);
    }
    let listed = scene.manifest("unknown").config(OCM, b"{}").layer("text/plain", b"x").build();
    assert_eq!(review(&listed, &scene), None);
    let image = scene.manifest("unknown").config(IMAGE_CONFIG, b"{}").layer(CHART, b"x");
    assert_eq!(codes(&review(&image.build(), &scene).unwrap()), ["RSH080"]);
    // what says that it is a chart is one
    let claims = scene.manifest("unknown").config(OCM, b"{}").layer(CHART, b"x");
    let report = review(&claims.artifact_type(CONFIG).build(), &scene).unwrap();
    assert!(codes(&report).contains(&"RSH001") && report.rejects());
}

/// An index has no chart of its own: those that it lists are judged themselves.
#[test]
fn an_index_may_list_charts_and_none_that_nobody_judged() {
    let good = manifest(CONFIG, &[(CHART, "a")], json!({}));
    let other = manifest(CONFIG, &[(CHART, "b")], json!({}));
    let foreign = manifest(OCM, &[(CHART, "x")], json!({}));
    let image = manifest(IMAGE_CONFIG, &[(ROOTFS, "x")], json!({}));
    for (children, expected) in [
        (&[&good][..], ""),
        (&[&good, &other, &image], ""),
        (&[&foreign, &image], ""),
        (&[&good, &foreign], "RSH007"),
    ] {
        let mut scene = Scene::new();
        let Target::Manifest(mut target) = scene.manifest("helm-chart").build() else { panic!() };
        target.media_type = INDEX.to_owned();
        for (i, child) in (0_u32..).zip(children) {
            let digest = scene.blob(child.to_string().as_bytes());
            let listed = testing::descriptor(Role::Manifest, OCI, &digest, 2);
            target.descriptors.push(Descriptor { index: i, ..listed });
        }
        let report = review(&Target::Manifest(target), &scene).unwrap();
        assert_eq!(codes(&report).join(" "), expected, "{children:?}");
    }
}
