//! The plugin against what real helms pull: `golden/make.py` asked them.

use std::collections::BTreeMap;

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{
    Descriptor, Manifest, Report, Role, Target, oci,
    testing::{self, Scene},
};
use serde_json::Value;

use crate::push::{CONFIG, codes, decoded, golden};

const HELMS: [&str; 2] = ["helm-3.22.0", "helm-4.3.1"];

/// What helm pulls and the plugin refuses. Of a config in which one key stands twice, or in
/// another case, two readers see two charts; the others put a chart that nobody judged into the
/// place of one that was.
const STRICTER: &[(&str, &str)] = &[
    (
        "a component with a chart as the subject of a chart without one",
        "RSH002 RSH004 RSH007 RSH050",
    ),
    ("a component with a chart, beside a chart without one, in an index", "RSH007"),
    ("config '{\"Name\":\"web\"}'", "RSH010 RSH050"),
    ("config '{\"name\":\"a\",\"name\":\"web\"}'", "RSH010 RSH050"),
];

/// Stores all of a case, and reviews what was pulled.
fn review(case: &Value) -> Option<Report> {
    let mut scene = Scene::new();
    let mut target = None;
    for (digest, content) in case["stored"].as_object().unwrap() {
        let bytes = decoded(content);
        assert_eq!(scene.blob(&bytes), *digest);
        let Ok(manifest) = oci::Manifest::parse(&bytes, None) else { continue };
        let handed = testing::handed(&bytes, None);
        if case["root"]["digest"] == digest.as_str() {
            target = Some(Target::Manifest(Manifest {
                kind: kind(&manifest).to_owned(),
                repository: "charts/web".to_owned(),
                tags: vec!["1.2.3".to_owned()].into(),
                ..handed
            }));
        } else {
            let artifact_type = handed.artifact_type;
            let listed = testing::descriptor(Role::Manifest, &handed.media_type, digest, 2);
            scene.store(Descriptor { artifact_type, ..listed }, None, Vec::new());
        }
    }
    scene.review::<Helm>(&target.expect("it is there"), "{}").unwrap()
}

/// As the host names it: without a config of helm's type there is no chart of its own.
fn kind(manifest: &oci::Manifest) -> &'static str {
    match &manifest.content {
        oci::Content::Image { .. }
            if manifest.descriptors().all(|(_, _, named)| named.media_type != CONFIG) =>
        {
            "unknown"
        }
        _ => "helm-chart",
    }
}

#[test]
fn what_helm_pulls_is_accepted() {
    let stricter: BTreeMap<_, _> = STRICTER.iter().copied().collect();
    let table = golden("pulls");
    let mut wrong = Vec::new();
    for (name, case) in table["cases"].as_object().unwrap() {
        let report = review(case).expect("it is helm's");
        let found = codes(&report).join(" ");
        let pulls = HELMS.iter().all(|helm| case[helm].is_null());
        // an artifact of another kind is no chart that helm could refuse
        let is_carrier = found == "RSH080";
        match stricter.get(name.as_str()) {
            Some(expected) if pulls && found == **expected => {}
            None if pulls != report.rejects() || !pulls && is_carrier => {}
            _ => wrong.push(format!("{name}: helm says {}, but {found}", case[HELMS[0]])),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
