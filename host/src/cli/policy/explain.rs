//! `roadstead policy explain`

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use bytes::Bytes;
use clap::Args;
use roadstead_oci::{Algorithm, Digest, Manifest, Reference, Repository, Tag, media_type};
use serde_json::{Value, json};

use super::{Exit, Output, Where};
use crate::{
    admission::{Candidate, ReadManifest, Verdict, explain},
    cli::{answer, answer_json, data_folder, stored, verdict::show},
    kind::{Kind, Row},
    registry::trial::Wanted,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// A stored artifact: charts/web:1.0.0 or charts/web@sha256:…
    reference: Option<String>,
    #[command(flatten)]
    described: Described,
    #[command(flatten)]
    policy: Where,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The output format
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// An artifact that need not exist.
#[derive(Debug, Args)]
struct Described {
    /// Where it would be pushed to
    #[arg(long, conflicts_with = "reference")]
    repository: Option<String>,
    /// A tag that it would get; can be repeated
    #[arg(long = "tag", conflicts_with = "reference")]
    tags: Vec<String>,
    /// Its kind; give this or the types
    #[arg(long, conflicts_with = "reference")]
    kind: Option<String>,
    /// Its artifact type
    #[arg(long = "type", conflicts_with_all = ["reference", "kind"])]
    artifact_type: Option<String>,
    /// The media type of its config
    #[arg(long, conflicts_with_all = ["reference", "kind"])]
    config_type: Option<String>,
    /// The media type of a layer; can be repeated
    #[arg(long = "layer-type", conflicts_with_all = ["reference", "kind"])]
    layer_types: Vec<String>,
}

impl Explain {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let (mut explained, judged) = if let Some(reference) = &self.reference {
            let (repository, reference) = stored::parse(reference)?;
            let folder = data_folder(self.data)?;
            let judged = last_judged(&folder, &repository, &reference).await?;
            let wanted = Wanted { repository, reference, named: None };
            (stored::explained(&folder, wanted, &self.policy).await?, judged)
        } else {
            let candidate = self.described.candidate()?;
            (explain(&self.policy.load().await?, &candidate), None)
        };
        match self.output {
            Output::Json => {
                explained["judged"] = json!(judged);
                answer_json(&serde_json::to_string_pretty(&explained)?)?;
            }
            Output::Table => {
                answer(&told(&explained))?;
                if let Some(judged) = judged {
                    answer(&format!("\nIts newest verdict:\n{}", show::told(&judged)))?;
                }
            }
        }
        Ok(Exit::Well)
    }
}

/// The verdict that was given last.
async fn last_judged(
    folder: &Path,
    repository: &Repository,
    reference: &Reference,
) -> anyhow::Result<Option<Verdict>> {
    let judged = stored::judged(folder, repository, reference).await?;
    let latest = judged.and_then(|judged| judged.verdicts.into_iter().next());
    Ok(latest.map(serde_json::from_value).transpose()?)
}

impl Described {
    /// A manifest of these types, whose parts do not exist.
    fn candidate(&self) -> anyhow::Result<Candidate> {
        let Some(repository) = &self.repository else {
            bail!("name a stored artifact, or describe one with --repository and --kind or types");
        };
        let tags = self.tags.iter().map(|tag| Tag::parse(tag)).collect::<Result<_, _>>()?;
        let mut body = if let Some(kind) = &self.kind {
            of_kind(kind)?
        } else {
            let config = self.config_type.as_deref().unwrap_or(media_type::OCI_EMPTY);
            let layers = self.layer_types.iter().map(String::as_str);
            of_types(config, layers)
        };
        if let Some(artifact_type) = &self.artifact_type {
            body["artifactType"] = artifact_type.as_str().into();
        }
        let bytes = Bytes::from(body.to_string());
        let manifest = Manifest::parse(&bytes, None)?;
        let digest = Digest::of(Algorithm::Sha256, &bytes);
        let read = ReadManifest { digest, manifest, bytes };
        Ok(Candidate::new(Repository::parse(repository)?, read, tags))
    }
}

fn of_types<'a>(config: &str, layers: impl Iterator<Item = &'a str>) -> Value {
    let part = |of: &str| {
        let digest = Digest::of(Algorithm::Sha256, of.as_bytes());
        json!({ "mediaType": of, "digest": digest, "size": 0 })
    };
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": part(config),
        "layers": layers.map(part).collect::<Vec<_>>(),
    })
}

/// The simplest manifest of a kind.
fn of_kind(name: &str) -> anyhow::Result<Value> {
    let row = Kind::of(name).and_then(|kind| Row::all().find(|row| row.kind == kind));
    let Some(row) = row else {
        bail!("there is no kind {name:?}; `roadstead policy kinds` lists them");
    };
    if row.kind == Kind::IMAGE_INDEX {
        return Ok(json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [],
        }));
    }
    let concrete = |text: &&&str| text.replace('*', "x");
    let types = row.media_types.iter().chain(row.beside).take(2);
    let types: Vec<String> = types.map(|text| concrete(&text)).collect();
    if row.kind == Kind::IMAGE {
        let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
        return Ok(of_types(media_type::OCI_CONFIG, std::iter::once(layer)));
    }
    if row.kind == Kind::UNKNOWN {
        return Ok(of_types(media_type::OCI_EMPTY, std::iter::once("application/octet-stream")));
    }
    ensure!(!types.is_empty(), "kind {name} has no media types");
    let is_config = types[0].contains(".config.");
    let (config, layers) = match is_config {
        true => (types[0].as_str(), &types[1..]),
        false => (media_type::OCI_EMPTY, &types[..1]),
    };
    Ok(of_types(config, layers.iter().map(String::as_str)))
}

fn told(explained: &Value) -> String {
    let texts = |value: &Value| {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!(
        "{} is {}, by policy {}",
        text(&explained["repository"]),
        texts(&explained["kinds"]).join(" and "),
        text(&explained["policy"])
    )];
    for rule in explained["rules"].as_array().into_iter().flatten() {
        let name = text(&rule["rule"]);
        let changes = rule["changed"].as_array().into_iter().flatten();
        let changed = changes.map(|change| {
            format!(
                "          {} changed at {}",
                texts(&change["keys"]).join(", "),
                text(&change["at"])
            )
        });
        if rule["about"] == false {
            lines.push(format!("   no   {name}: does not match ({})", text(&rule["because"])));
            lines.extend(changed);
            continue;
        }
        let (mode, failure) = (text(&rule["mode"]), text(&rule["failurePolicy"]));
        lines.push(format!("  YES   {name} ({mode}; if a plugin can't judge: {failure})"));
        lines.extend(changed);
        lines.extend(texts(&rule["asks"]).into_iter().map(|ask| format!("          asks {ask}")));
        let refuses = if mode == "warn" { "warns of it" } else { "REJECTS it" };
        match rule["accepts"].as_bool() {
            Some(true) => lines.push("          accepts it".to_owned()),
            Some(false) => lines.push(format!("          {refuses}: it is not accepted")),
            None => {}
        }
        if rule["denies"].is_object() {
            let message = rule["denies"]["message"].as_str().map(|text| format!(": {text}"));
            lines.push(format!("          {refuses}{}", message.unwrap_or_default()));
        }
    }
    lines.join("\n")
}
