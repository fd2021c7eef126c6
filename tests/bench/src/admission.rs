//! What admission itself takes, in this process: reviews by the plugins that are built in, what is
//! remembered of them, and the way through a policy of many rules.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use roadstead::{
    admission::{Admission, Candidate, Decision, Place, ReadManifest},
    app,
    artifact::{self, Root},
    config::Config,
};
use roadstead_oci::{Algorithm, Digest, Repository, Tag};

use crate::chart;

/// What the real cosign made with a key.
const SIGNATURE: &str = "plugins/cosign/tests/real/sign-tag-p256";
const KEY: &str = "plugins/cosign/tests/real/p256.pub";
const RULES: usize = 1000;
const ROUNDS: usize = 500;

/// What is judged over and over.
struct Judged {
    root: Root,
    tag: String,
    content: Arc<dyn Place>,
}

pub(crate) async fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in("target")?;
    let chart = chart(folder.path())?;
    let signature = signature(folder.path())?;
    println!("\nAdmission, p50, at most:");
    let new = |number| format!("bench/n{number}");
    let same = |_| "bench/web".to_owned();

    let admission = admission(folder.path(), &checked("helm", &json!({}))).await?;
    let of = |number| format!("{}/web", new(number));
    told("a chart's review", 5000, chart.median(&admission, of).await?);
    told("the same, remembered", 50, chart.median(&admission, same).await?);

    let key = json!({ "name": "k", "keyFile": fs::canonicalize(KEY)? });
    let settings = json!({ "requireKnownKey": true, "keys": [key] });
    let admission = self::admission(folder.path(), &checked("cosign", &settings)).await?;
    told("a key signature's review", 3000, signature.median(&admission, new).await?);

    let mut policy = checked("helm", &json!({}));
    let rules = policy["rules"].as_array_mut().context("it has rules")?;
    rules.extend((1..RULES).map(|number| {
        let about = json!({ "repositories": [format!("team-{number}/**")], "tags": ["v*"] });
        json!({ "name": format!("r{number}"), "match": about, "check": ["judge"] })
    }));
    let admission = self::admission(folder.path(), &policy).await?;
    told("the way through 1,000 rules", 200, chart.median(&admission, same).await?);
    Ok(())
}

fn told(what: &str, micros_max: u64, took: Duration) {
    let missed = if took <= Duration::from_micros(micros_max) { "" } else { "  MISSED" };
    println!("  {what:<28} {:>8} µs, bar {micros_max:>5}{missed}", took.as_micros());
}

fn checked(builtin: &str, settings: &Value) -> Value {
    json!({
        "version": 1,
        "plugins": { "judge": { "builtin": builtin, "settings": settings } },
        "rules": [{ "name": "all", "match": { "repositories": ["bench/**"] }, "check": ["judge"] }],
    })
}

async fn admission(folder: &Path, policy: &Value) -> anyhow::Result<Admission> {
    let path = folder.join("policy.yaml");
    // JSON is YAML
    fs::write(&path, policy.to_string())?;
    let flags = [("policy.path", path.display().to_string())];
    let config = Config::load(&[], &[], &flags)?;
    Ok(Admission::new(app::loader(&config, Some(&folder.join("cache")))?.load().await.policy?))
}

fn chart(folder: &Path) -> anyhow::Result<Judged> {
    let path = folder.join("web-1.0.0.tgz");
    fs::write(&path, chart::archive("1.0.0")?)?;
    Judged::read(&path, "1.0.0".to_owned())
}

/// The signature as a layout.
fn signature(folder: &Path) -> anyhow::Result<Judged> {
    let layout = folder.join("signature");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    for file in fs::read_dir(SIGNATURE)? {
        let bytes = fs::read(file?.path())?;
        let digest = Digest::of(Algorithm::Sha256, &bytes);
        fs::write(blobs.join(digest.hex()), bytes)?;
    }
    let manifest: Bytes = fs::read(Path::new(SIGNATURE).join("manifest.json"))?.into();
    let digest = Digest::of(Algorithm::Sha256, &manifest);
    let media_type = roadstead_oci::media_type::OCI_MANIFEST;
    let entry = json!({ "mediaType": media_type, "digest": digest, "size": manifest.len() });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    fs::write(layout.join("index.json"), index.to_string())?;
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let parts: Value = serde_json::from_slice(&manifest)?;
    let payload = parts["layers"][0]["digest"].as_str().context("no payload")?;
    let payload = fs::read(blobs.join(Digest::parse(payload)?.hex()))?;
    let payload: Value = serde_json::from_slice(&payload)?;
    let signed = payload["critical"]["image"]["docker-manifest-digest"].as_str();
    let tag = signed.context("nothing is signed")?.replace(':', "-") + ".sig";
    Judged::read(&layout, tag)
}

impl Judged {
    fn read(path: &Path, tag: String) -> anyhow::Result<Self> {
        let mut read = artifact::read(path)?;
        let root = read.roots.pop().context("nothing is in it")?;
        Ok(Self { root, tag, content: Arc::new(read.content) })
    }

    /// How long it takes to judge it; a repository where it has not been yet has it reviewed.
    async fn median(
        &self,
        admission: &Admission,
        repository: impl Fn(usize) -> String,
    ) -> anyhow::Result<Duration> {
        let mut took = Vec::with_capacity(ROUNDS);
        // the first one pays for what is set up once
        for number in 0..=ROUNDS {
            let Root { manifest, bytes, .. } = self.root.clone();
            let digest = Digest::of(Algorithm::Sha256, &bytes);
            let read = ReadManifest { digest, manifest, bytes };
            let repository = Repository::parse(&repository(number))?;
            let candidate = Candidate::new(repository, read, vec![Tag::parse(&self.tag)?]);
            let started = Instant::now();
            let verdict = admission.judge(&candidate, Arc::clone(&self.content)).await;
            took.push(started.elapsed());
            ensure!(verdict.decision == Decision::Accept, "{verdict:?}");
        }
        took.remove(0);
        took.sort_unstable();
        Ok(took[ROUNDS / 2])
    }
}
