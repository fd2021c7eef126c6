//! What a client comes by from what it pulls is judged with the tags of that.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use roadstead_oci::media_type::{OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};

use super::{
    charts::{CHART, CONFIG, YAML, chart, config},
    policies::Policy,
};
use crate::{
    client::{Answer, Repository, descriptor, manifest, sha256},
    harness::Server,
};

const COMPONENT: &str = "application/vnd.ocm.software.component.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A repository with a good chart, which was pushed by its digest, and some blobs.
async fn repository(server: &Server) -> (Repository, String) {
    let repository = Repository::of(server, "charts/web");
    let layer = chart(&[("web/Chart.yaml", YAML)]);
    let config = config().to_string();
    for blob in [b"{}", config.as_bytes(), &layer, b"layer"] {
        repository.push_blob(&Bytes::copy_from_slice(blob)).await.unwrap();
    }
    let chart = manifest((CONFIG, config.as_bytes()), &[(CHART, &layer)]).to_string();
    by_digest(&repository, &chart).await.is(201);
    (repository, chart)
}

async fn by_digest(repository: &Repository, manifest: &str) -> Answer {
    let body: Value = serde_json::from_str(manifest).unwrap();
    let of = body["mediaType"].as_str().unwrap_or(OCI_MANIFEST).to_owned();
    let digest = sha256(manifest.as_bytes()).to_string();
    repository.put(&digest, &of, manifest.as_bytes()).await.unwrap()
}

fn index(children: &[&str]) -> Value {
    let children: Vec<_> =
        children.iter().map(|child| descriptor(OCI_MANIFEST, child.as_bytes())).collect();
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children })
}

/// Everything that helm walks to reach a chart, as what it would be pulled by.
async fn wrappers(repository: &Repository, chart: &str) -> Vec<(&'static str, Value)> {
    let subject = descriptor(OCI_MANIFEST, chart.as_bytes());
    let image = manifest((OCI_CONFIG, b"{}"), &[]);
    let mut about = image.clone();
    about["subject"] = subject.clone();
    let mut index_about = index(&[]);
    index_about["subject"] = subject;
    by_digest(repository, &about.to_string()).await.is(201);
    let inner = index(&[chart]).to_string();
    by_digest(repository, &inner).await.is(201);
    repository.push_blob(&Bytes::copy_from_slice(chart.as_bytes())).await.unwrap();
    let mut outer = index(&[]);
    outer["manifests"] = json!([descriptor(OCI_INDEX, inner.as_bytes())]);
    vec![
        ("in an index", index(&[chart])),
        ("in an index in an index", outer),
        ("as a layer", manifest((OCI_EMPTY, b"{}"), &[(OCI_MANIFEST, chart.as_bytes())])),
        ("as a config", manifest((OCI_MANIFEST, chart.as_bytes()), &[])),
        ("as the subject", about.clone()),
        ("as an index's subject", index_about),
        ("as a child's subject", index(&[&about.to_string()])),
    ]
}

#[tokio::test]
async fn a_chart_is_judged_with_the_tags_of_what_helm_comes_by_it_from() {
    let file = Policy::new(
        "version: 1\ninclude: [builtin:default]\nplugins:\n  helm: { builtin: helm, settings: { \
         strictReference: true } }\n",
    );
    let server = file.serve();
    let (repository, chart) = repository(&server).await;
    for (name, wrapper) in wrappers(&repository, &chart).await {
        let refused = repository.put_manifest("9.9.9", &wrapper).await;
        assert_eq!(refused.status, 403, "{name}: {}", String::from_utf8_lossy(&refused.body));
        let stored = repository.put_manifest("1.2.3", &wrapper).await;
        assert_eq!(stored.status, 201, "{name}: {}", String::from_utf8_lossy(&stored.body));
    }
    let image = manifest((OCI_CONFIG, b"{}"), &[(LAYER, b"layer")]).to_string();
    by_digest(&repository, &image).await.is(201);
    repository.put_manifest("latest", &index(&[&image])).await.is(201);
    let mut about = manifest((OCI_EMPTY, b"{}"), &[("text/plain", b"layer")]);
    about["subject"] = descriptor(OCI_MANIFEST, image.as_bytes());
    repository.put_manifest("notes", &about).await.is(201);
    about["subject"] = descriptor(OCI_MANIFEST, b"later");
    repository.put_manifest("early", &about).await.is(201);
    // the list of a chart's referrers, under the tag that clients read where there is no such list
    about["subject"] = descriptor(OCI_MANIFEST, chart.as_bytes());
    let about = about.to_string();
    by_digest(&repository, &about).await.is(201);
    let list = |of: &str| format!("sha256-{}", sha256(of.as_bytes()).hex());
    repository.put_manifest(&list(&chart), &index(&[&about])).await.is(201);
    repository.put_manifest(&list(&about), &index(&[&about])).await.is(403);
    server.is_sound();
}

#[tokio::test]
async fn a_rule_about_charts_with_tags_holds_for_what_leads_to_one() {
    let file = Policy::new(
        "version: 1\nplugins:\n  signed: { builtin: helm, settings: { requireProvenance: true } \
         }\n  image: { builtin: image }\nrules:\n  - { name: released, match: { tags: \
         [\"release-*\"], kinds: [helm-chart] }, check: [signed] }\n  - { name: images, match: { \
         tags: [\"image-*\"], kinds: [image] }, check: [image] }\n",
    );
    let server = file.serve();
    let (repository, chart) = repository(&server).await;
    for (name, wrapper) in wrappers(&repository, &chart).await {
        let refused = repository.put_manifest("release-1", &wrapper).await;
        assert_eq!(refused.status, 403, "{name}: {}", String::from_utf8_lossy(&refused.body));
        assert!(refused.errors()[0].contains("rule released"), "{:?}", refused.errors());
        let stored = repository.put_manifest("draft-1", &wrapper).await;
        assert_eq!(stored.status, 201, "{name}: {}", String::from_utf8_lossy(&stored.body));
    }
    server.is_sound();
}

/// What leads by its tag to a manifest that is not there yet.
fn early(subject: &str) -> Value {
    let mut early = manifest((OCI_EMPTY, b"{}"), &[("text/plain", b"layer")]);
    let of = if subject.contains(OCI_INDEX) { OCI_INDEX } else { OCI_MANIFEST };
    early["subject"] = descriptor(of, subject.as_bytes());
    early
}

#[tokio::test]
async fn what_comes_later_is_judged_with_the_tags_of_what_named_it() {
    let file = Policy::new(
        "version: 1\nplugins:\n  signed: { builtin: helm, settings: { requireProvenance: true } \
         }\n  strict: { builtin: helm, settings: { strictReference: true } }\nrules:\n  - { name: \
         released, match: { tags: [\"release-*\"] }, check: [signed] }\n  - { name: named, \
         match: { kinds: [helm-chart] }, check: [strict] }\n",
    );
    let server = file.serve();
    let (repository, chart) = repository(&server).await;
    let digest = sha256(chart.as_bytes()).to_string();
    let delete = async |reference: &str| {
        repository.send(Method::DELETE, &format!("manifests/{reference}")).await.is(202);
    };
    let by_subject = early(&chart);
    let about_index = early(&index(&[&chart]).to_string());
    let held = [("9.9.9", "named"), ("release-1", "released")];
    for (tag, rule) in held {
        delete(&digest).await;
        repository.put_manifest(tag, &by_subject).await.is(201);
        let refused = by_digest(&repository, &chart).await.is(403);
        let error = &refused.errors()[0];
        assert!(error.contains(&format!("rule {rule}")), "{error}");
        assert!(error.contains(&format!("reached from tag {tag}: ")), "{error}");
        repository.get(&format!("manifests/{digest}")).await.is(404);
        delete(tag).await;
        by_digest(&repository, &chart).await.is(201);

        // through an index that comes after what names it
        repository.put_manifest(tag, &about_index).await.is(201);
        let late = index(&[&chart]).to_string();
        by_digest(&repository, &late).await.is(403);
        delete(tag).await;
        by_digest(&repository, &late).await.is(201);
        delete(sha256(late.as_bytes()).as_str()).await;
    }
    // tags that no rule minds, and what no chart is
    delete(&digest).await;
    repository.put_manifest("1.2.3", &by_subject).await.is(201);
    by_digest(&repository, &chart).await.is(201);
    let notes = early("x").to_string();
    repository.put_manifest("release-2", &early(&notes)).await.is(201);
    by_digest(&repository, &notes).await.is(201);
    server.is_sound();
}

#[tokio::test]
async fn of_two_that_come_at_once_one_sees_the_other() {
    const ROUNDS: usize = 40;
    let file = Policy::new(
        "version: 1\nplugins:\n  helm: { builtin: helm, settings: { strictReference: true } \
         }\nrules:\n  - { name: named, match: { kinds: [helm-chart] }, check: [helm] }\n",
    );
    let server = file.serve();
    let (repository, chart) = repository(&server).await;
    for round in 0..ROUNDS {
        let mut chart: Value = serde_json::from_str(&chart).unwrap();
        chart["annotations"] = json!({ "round": round.to_string() });
        let chart = chart.to_string();
        let early = early(&chart);
        let (late, first) =
            tokio::join!(by_digest(&repository, &chart), repository.put_manifest("9.9.9", &early));
        assert!(
            late.status == 403 && first.status == 201 || late.status == 201 && first.status == 403,
            "round {round}: the chart {}, what leads to it {}",
            late.status,
            first.status
        );
    }
    server.is_sound();
}

#[tokio::test]
async fn a_chart_that_helm_puts_together_is_judged() {
    let server = Server::start(&[]);
    let (repository, good) = repository(&server).await;
    let evil = chart(&[("web/values.yaml", "no Chart.yaml")]);
    repository.push_blob(&Bytes::copy_from_slice(&evil)).await.unwrap();
    let carrier = manifest((COMPONENT, b"{}"), &[(CHART, &evil), ("a/b", b"layer")]);
    repository.put_manifest("component", &carrier).await.is(201);
    let text = carrier.to_string();
    repository.put_manifest("components", &index(&[&text])).await.is(201);
    repository.put_manifest("chart", &index(&[&good])).await.is(201);
    let mut about = carrier.clone();
    about["subject"] = descriptor(OCI_MANIFEST, good.as_bytes());
    for (name, mixed) in [("an index", index(&[&good, &text])), ("a subject", about)] {
        for tag in ["mixed".to_owned(), sha256(mixed.to_string().as_bytes()).to_string()] {
            let refused = repository.put_manifest(&tag, &mixed).await;
            assert_eq!(refused.status, 403, "{name}: {}", String::from_utf8_lossy(&refused.body));
        }
    }
    let mut claims = carrier;
    claims["artifactType"] = json!(CONFIG);
    repository.put_manifest("claims", &claims).await.is(403);
    server.is_sound();
}

#[tokio::test]
async fn a_chart_that_is_put_together_when_its_last_part_comes_is_judged() {
    let server = Server::start(&[]);
    let (repository, good) = repository(&server).await;
    let good_digest = sha256(good.as_bytes()).to_string();
    let evil = chart(&[("web/values.yaml", "no Chart.yaml")]);
    repository.push_blob(&Bytes::copy_from_slice(&evil)).await.unwrap();
    let carrier = manifest((COMPONENT, b"{}"), &[(CHART, &evil), ("a/b", b"layer")]);
    by_digest(&repository, &carrier.to_string()).await.is(201);
    let subject = descriptor(OCI_MANIFEST, good.as_bytes());
    let mut around = index(&[&carrier.to_string()]);
    around["subject"] = subject.clone();
    let mut itself = carrier.clone();
    itself["subject"] = subject;
    for early in [around, itself] {
        let early = early.to_string();
        let delete = |of: &str| {
            let path = format!("manifests/{of}");
            let repository = &repository;
            async move { repository.send(Method::DELETE, &path).await.is(202) }
        };
        delete(&good_digest).await;
        by_digest(&repository, &early).await.is(201);
        let refused = by_digest(&repository, &good).await.is(403);
        assert!(refused.errors()[0].contains("reached from sha256:"), "{:?}", refused.errors());
        delete(sha256(early.as_bytes()).as_str()).await;
        by_digest(&repository, &good).await.is(201);
    }
    server.is_sound();
}

/// A rule against images, and what an image is pushed as; the tags of an index around it that are
/// refused, and one that is not.
const AROUND: [(&str, &str, &[&str], &str); 2] = [
    ("except: { tags: [\"dev-*\"] }", "dev-1", &["prod-1", "devel"], "dev-2"),
    ("tags: [\"release-*\"]", "draft", &["release-1", "release-sha256-{hex}.sig"], "draft-2"),
];

#[tokio::test]
async fn an_index_is_no_way_round_whatever_its_tag_looks_like() {
    for (about, own, refused, stored) in AROUND {
        let file = Policy::new(&format!(
            "version: 1\nrules:\n  - {{ name: r, match: {{ kinds: [image], {about} }}, deny: true \
             }}\n"
        ));
        let server = file.serve();
        let (repository, _) = repository(&server).await;
        let image = manifest((OCI_CONFIG, b"{}"), &[(LAYER, b"layer")]);
        repository.put_manifest(own, &image).await.is(201);
        let image = image.to_string();
        for tag in refused {
            let tag = tag.replace("{hex}", sha256(image.as_bytes()).hex());
            let answer = repository.put_manifest(&tag, &index(&[&image])).await;
            assert_eq!(answer.status, 403, "{tag}");
        }
        repository.put_manifest(stored, &index(&[&image])).await.is(201);
        server.is_sound();
    }
}

#[tokio::test]
async fn a_child_that_comes_late_is_of_the_type_that_its_index_says() {
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
    let file = Policy::new(
        "version: 1\nrules:\n  - { name: r, match: { tags: [\"release-*\"], kinds: [image] }, \
         deny: true }\n",
    );
    let path = file.path();
    let settings =
        [("POLICY__PATH", path.to_str().unwrap()), ("MANIFESTS__ALLOW_SPARSE_INDEXES", "true")];
    let server = Server::start(&settings);
    let (repository, _) = repository(&server).await;
    let mut child = manifest(("application/vnd.example.thing", b"{}"), &[(LAYER, b"layer")]);
    child.as_object_mut().unwrap().remove("mediaType");
    let child = child.to_string();
    let digest = sha256(child.as_bytes()).to_string();
    for tag in ["release-1", "draft-1"] {
        repository.put_manifest(tag, &index(&[&child])).await.is(201);
    }
    let as_docker = repository.put(&digest, DOCKER, child.as_bytes()).await.unwrap().is(403);
    assert!(as_docker.errors()[0].contains("an index names sha256:"), "{:?}", as_docker.errors());
    repository.put(&digest, OCI_MANIFEST, child.as_bytes()).await.unwrap().is(201);
    server.is_sound();
}
