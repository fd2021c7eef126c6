//! `roadstead policy eval`

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Args;
use roadstead_oci::{Algorithm, Digest, Repository, Tag};
use serde_json::json;

use super::{Exit, Output, Where};
use crate::{
    admission::{Admission, Candidate, Decision, Place, ReadManifest, Verdict},
    artifact::{self, Root},
    cli::{answer, answer_json, data_folder, stored, verdict::show::told},
    registry::trial::{Name, Wanted},
};

/// Exits with 0 if the artifact would be accepted, 1 if it would be rejected, 2 if the command or
/// its input is invalid, and 3 if the artifact could not be judged.
#[derive(Debug, Args)]
pub(in crate::cli) struct Eval {
    /// A chart's .tgz, an OCI layout (folder or .tar), or a stored artifact: charts/web:1.0.0
    artifact: String,
    /// Where it would be pushed to, as repository or repository:tag; overrides the artifact's own
    /// name. If there are several manifests, the last one gets the tag. Default: its own name
    #[arg(long = "as", value_name = "REFERENCE")]
    named: Option<String>,
    #[command(flatten)]
    policy: Where,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The output format
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

impl Eval {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let path = PathBuf::from(&self.artifact);
        let verdicts = match path.exists() {
            true => self.of_file(path).await?,
            false => vec![self.of_store().await?],
        };
        match self.output {
            Output::Json => answer_json(&serde_json::to_string_pretty(&json!(verdicts))?)?,
            Output::Table => {
                let told: Vec<_> = verdicts.iter().map(told).collect();
                answer(&told.join("\n"))?;
            }
        }
        Ok(exit(&verdicts))
    }

    async fn of_file(&self, path: PathBuf) -> anyhow::Result<Vec<Verdict>> {
        let (candidates, content) = self.read(path).await?;
        let admission = Admission::new(self.policy.load().await?);
        let mut verdicts = Vec::new();
        for candidate in &candidates {
            let at = roadstead_storage::Clock::system().now().to_string();
            let judgement = admission.judge(candidate, Arc::clone(&content)).await;
            verdicts.push(Verdict::tried(at, judgement));
        }
        Ok(verdicts)
    }

    async fn read(&self, path: PathBuf) -> anyhow::Result<(Vec<Candidate>, Arc<dyn Place>)> {
        let read = path.clone();
        let read = tokio::task::spawn_blocking(move || artifact::read(&read)).await??;
        let (repository, tag) = match self.name()? {
            Some(Name { repository, tag }) => (Some(repository), tag),
            None => (None, None),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let last = read.roots.len().saturating_sub(1);
        let roots = read.roots.into_iter().enumerate().map(|(position, root)| {
            let Root { name, tag: own, manifest, bytes } = root;
            let name = name.unwrap_or_else(|| stem.clone());
            let repository = match &repository {
                Some(repository) => repository.clone(),
                None => Repository::parse(&name).with_context(|| {
                    format!("use --as to say where {name:?} would be pushed to")
                })?,
            };
            let digest = Digest::of(Algorithm::Sha256, &bytes);
            let tag = match &tag {
                Some(tag) => {
                    let judged = (position == last).then(|| tag.clone());
                    if let Some(own) = own.filter(|own| judged.as_ref() != Some(own)) {
                        note_other_name(&digest, &own, judged.as_ref());
                    }
                    judged
                }
                None => own,
            };
            let read = ReadManifest { digest, manifest, bytes };
            Ok(Candidate::new(repository, read, tag.into_iter().collect()))
        });
        Ok((roots.collect::<anyhow::Result<_>>()?, Arc::new(read.content)))
    }

    async fn of_store(&self) -> anyhow::Result<Verdict> {
        let given = &self.artifact;
        let (repository, reference) = stored::parse(given)
            .with_context(|| format!("{given} is neither a file nor a reference"))?;
        let wanted = Wanted { repository, reference, named: self.name()? };
        let folder = data_folder(self.data.clone())?;
        stored::tried(&folder, wanted, &self.policy).await
    }

    /// What `--as` says.
    fn name(&self) -> anyhow::Result<Option<Name>> {
        self.named.as_deref().map(Name::parse).transpose().map_err(anyhow::Error::msg)
    }
}

/// Says that `--as` won over the name that the artifact itself has.
fn note_other_name(digest: &Digest, own: &Tag, judged: Option<&Tag>) {
    let judged = judged.map_or_else(|| "without a tag".to_owned(), |tag| format!("as {tag}"));
    let note = format!(
        "note: {digest} has the tag {own} in the artifact; it is judged {judged} \
                        because of --as"
    );
    // nowhere is left to say that stderr is gone
    drop(writeln!(std::io::stderr().lock(), "{note}"));
}

fn exit(verdicts: &[Verdict]) -> Exit {
    let worst = verdicts.iter().map(|verdict| verdict.judgement.decision).max();
    match worst {
        None | Some(Decision::Accept) => Exit::Well,
        Some(Decision::Reject) => Exit::Wrong,
        Some(Decision::Unavailable) => Exit::Unjudged,
    }
}
