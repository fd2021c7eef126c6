//! `roadstead policy eval`

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use clap::Args;
use roadstead_oci::{Algorithm, Digest, Reference, Repository, Tag};
use serde_json::json;

use super::{Exit, Output, Where};
use crate::{
    admission::{Admission, Candidate, Decision, Place, Verdict},
    artifact::{self, Root},
    cli::{
        answer, data_folder,
        stored::{self, Stored},
        verdict::show::told,
    },
};

/// Exits with 0 if it would be accepted, 1 if it would be refused, 2 if the command or what it was
/// given is wrong, and 3 if nobody can say.
#[derive(Debug, Args)]
pub(in crate::cli) struct Eval {
    /// A chart's .tgz, an OCI layout's folder or .tar, or what is stored: charts/web:1.0.0
    artifact: String,
    /// Where it would be pushed to, as repository or repository:tag, whatever the artifact itself
    /// says. Of several manifests the last one has the tag. Default: what the artifact says
    #[arg(long = "as", value_name = "REFERENCE")]
    named: Option<String>,
    #[command(flatten)]
    policy: Where,
    /// Where everything is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How it is printed
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

impl Eval {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let path = PathBuf::from(&self.artifact);
        let (candidates, content) = match path.exists() {
            true => self.of_file(path).await?,
            false => self.of_store().await?,
        };
        let admission = Admission::new(self.policy.load().await?);
        let mut verdicts = Vec::new();
        for candidate in &candidates {
            let at = roadstead_storage::Clock::system().now().to_string();
            let judgement = admission.judge(candidate, Arc::clone(&content)).await;
            verdicts.push(Verdict { id: "-".to_owned(), at, judgement });
        }
        match self.output {
            Output::Json => answer(&serde_json::to_string_pretty(&json!(verdicts))?)?,
            Output::Table => {
                let told: Vec<_> = verdicts.iter().map(told).collect();
                answer(&told.join("\n"))?;
            }
        }
        Ok(exit(&verdicts))
    }

    async fn of_file(&self, path: PathBuf) -> anyhow::Result<(Vec<Candidate>, Arc<dyn Place>)> {
        let read = path.clone();
        let read = tokio::task::spawn_blocking(move || artifact::read(&read)).await??;
        let (repository, tag) = match &self.named {
            Some(named) => {
                let (repository, reference) = named_as(named)?;
                (Some(repository), reference)
            }
            None => (None, None),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let last = read.roots.len().saturating_sub(1);
        let roots = read.roots.into_iter().enumerate().map(|(position, root)| {
            let Root { name, tag: own, manifest, bytes } = root;
            let name = name.unwrap_or_else(|| stem.clone());
            let repository = match &repository {
                Some(repository) => repository.clone(),
                None => Repository::parse(&name)
                    .with_context(|| format!("say with --as where {name:?} would be pushed to"))?,
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
            let named = (digest, tag.into_iter().collect());
            Ok(Candidate::new(repository, named, (manifest, bytes)))
        });
        Ok((roots.collect::<anyhow::Result<_>>()?, Arc::new(read.content)))
    }

    async fn of_store(&self) -> anyhow::Result<(Vec<Candidate>, Arc<dyn Place>)> {
        let given = &self.artifact;
        let (repository, reference) = stored::parse(given)
            .with_context(|| format!("{given} is no file, and no reference either"))?;
        let folder = data_folder(self.data.clone())?;
        let found = Stored::find(&folder, (&repository, &reference))
            .await
            .with_context(|| format!("{given} is no file, and not stored"))?;
        let (mut repository, mut tags) = (repository, tags(reference));
        if let Some(named) = &self.named {
            let (other, tag) = named_as(named)?;
            (repository, tags) = (other, tag.into_iter().collect());
        }
        let content = Arc::clone(&found.content);
        let (named, read) = ((found.digest, tags), (found.manifest, found.bytes));
        Ok((vec![Candidate::new(repository, named, read)], content))
    }
}

/// Says that `--as` won over the name that the artifact itself has.
fn note_other_name(digest: &Digest, own: &Tag, judged: Option<&Tag>) {
    let judged = judged.map_or_else(|| "without a tag".to_owned(), |tag| format!("as {tag}"));
    let note = format!("note: {digest} is called {own} there; it is judged {judged} (--as)");
    // nowhere is left to say that stderr is gone
    drop(writeln!(std::io::stderr().lock(), "{note}"));
}

fn tags(reference: Reference) -> Vec<Tag> {
    match reference {
        Reference::Tag(tag) => vec![tag],
        Reference::Digest(_) => Vec::new(),
    }
}

/// `charts/web` or `charts/web:1.0.0`
fn named_as(text: &str) -> anyhow::Result<(Repository, Option<Tag>)> {
    if text.contains('@') {
        bail!("{text}: the digest is the artifact's own; name repository or repository:tag");
    }
    let (repository, tag) = match text.split_once(':') {
        Some((repository, tag)) => (repository, Some(Tag::parse(tag)?)),
        None => (text, None),
    };
    Ok((Repository::parse(repository)?, tag))
}

fn exit(verdicts: &[Verdict]) -> Exit {
    let worst = verdicts.iter().map(|verdict| verdict.judgement.decision).max();
    match worst {
        None | Some(Decision::Accept) => Exit::Well,
        Some(Decision::Reject) => Exit::Wrong,
        Some(Decision::Unavailable) => Exit::Unjudged,
    }
}
