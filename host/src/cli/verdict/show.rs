//! `roadstead verdict show`

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use roadstead_oci::{Reference, Repository};

use super::{Kept, word};
use crate::{
    admission::{Annotation, Decision, Finding, Judge, Judgement, Severity, Verdict},
    cli::{
        answer, answer_json,
        ask::{self, Source},
        counted, data_folder, stored,
    },
    registry::records::{Judged, Records},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// A verdict's id, such as M9DWFBKHSF3, or a stored manifest: REPOSITORY@DIGEST or
    /// REPOSITORY:TAG
    #[arg(value_name = "ID|REPOSITORY@DIGEST|REPOSITORY:TAG")]
    which: String,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints it as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match named(&self.which)? {
            Some((repository, reference)) => self.judged(repository, reference).await,
            None => self.verdict().await,
        }
    }

    /// The verdict with this id.
    async fn verdict(self) -> anyhow::Result<()> {
        let id = &self.which;
        let folder = data_folder(self.data)?;
        let found = match Source::of(&folder).await? {
            Source::Server(socket) => ask::get(&socket, &format!("/verdicts/{id}")).await?,
            Source::Store(storage, _folder) => {
                let found = Records::stored(&storage).verdict(id).await?;
                found.map(|verdict| verdict.to_string().into())
            }
        };
        let Some(found) = found else {
            bail!(
                "{} has no verdict {id}: only rejections and warnings are kept by id, until they \
                 expire; for a manifest use roadstead verdict show REPOSITORY@DIGEST",
                folder.display()
            );
        };
        match self.json {
            true => answer_json(&String::from_utf8_lossy(&found)),
            false => answer(&told_again(&Kept::read(serde_json::from_slice(&found)?)?)),
        }
    }

    /// Everything that was judged about a manifest.
    async fn judged(self, repository: Repository, reference: Reference) -> anyhow::Result<()> {
        let folder = data_folder(self.data)?;
        let found = stored::judged(&folder, &repository, &reference).await?;
        let Some(judged) = found else {
            bail!(
                "{} has no manifest {reference} in repository {repository}; roadstead verdict list \
                 --repository {repository} shows what was rejected",
                folder.display()
            );
        };
        match self.json {
            true => answer_json(&serde_json::to_string_pretty(&judged)?),
            false => answer(&all_told(judged)?),
        }
    }
}

/// The manifest that is meant, unless it is a verdict's id.
fn named(text: &str) -> anyhow::Result<Option<(Repository, Reference)>> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    stored::parse(text).context("this names neither a verdict by its id nor a manifest").map(Some)
}

fn all_told(judged: Judged) -> anyhow::Result<String> {
    let Judged { digest, verdicts, more } = judged;
    let verdicts = verdicts.into_iter().map(Kept::read).collect::<anyhow::Result<Vec<_>>>()?;
    let first = verdicts.last().map(|first| first.verdict.judgement.decision);
    let count = match (verdicts.len(), more) {
        (1, false) => "one verdict".to_owned(),
        (count, false) if first == Some(Decision::Accept) => {
            format!("{count} verdicts, newest first; the last one accepted it")
        }
        (count, false) => format!("{count} verdicts, newest first"),
        (count, true) => format!("the newest {count} verdicts; there are more"),
    };
    let parts = verdicts.iter().map(told_again);
    let parts: Vec<_> = std::iter::once(format!("{digest}: {count}")).chain(parts).collect();
    Ok(parts.join("\n\n"))
}

/// A verdict as a person reads it, and how often it was given.
fn told_again(kept: &Kept) -> String {
    lines(&kept.verdict, kept.again().into_iter().chain(kept.pushes())).join("\n")
}

/// A verdict as a person reads it.
pub(in crate::cli) fn told(verdict: &Verdict) -> String {
    lines(verdict, []).join("\n")
}

fn lines(verdict: &Verdict, again: impl IntoIterator<Item = String>) -> Vec<String> {
    let decision = word(verdict.judgement.decision);
    let tags = verdict.judgement.tags.join(", ");
    let name = match tags.as_str() {
        "" => verdict.judgement.repository.clone(),
        tags => format!("{}:{tags}", verdict.judgement.repository),
    };
    let Verdict { at, judgement, .. } = verdict;
    let Judgement { digest, kind, policy, duration_us, .. } = judgement;
    let by = verdict.judgement.pushed_by.as_ref().map(|user| format!(", pushed by {user}"));
    let (whole, tenths) = (duration_us / 1000, duration_us / 100 % 10);
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let when = match verdict.kept_as() {
        None => at.clone(),
        Some(id) => format!("{id} of {at}"),
    };
    let mut lines = vec![
        format!("{decision}  {name}"),
        format!("  {digest}{}", by.unwrap_or_default()),
        format!("  {when}, {article} {kind}, by policy {policy}, in {whole}.{tenths} ms"),
    ];
    lines.extend(again.into_iter().map(|again| format!("  {again}")));
    lines.extend(verdict.judgement.findings.iter().flat_map(found));
    lines.extend(verdict.judgement.annotations.iter().map(fact));
    lines.extend(verdict.judgement.judges.iter().flat_map(judge));
    lines
}

fn found(finding: &Finding) -> [String; 2] {
    let Finding { code, rule, plugin, message, .. } = finding;
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = finding.location.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
    let plugin = plugin.as_ref().map(|plugin| format!(", plugin {plugin}")).unwrap_or_default();
    let head = format!("{severity:>9}  {code} by rule {rule}{plugin}{place}");
    [head, format!("           {message}")]
}

fn fact(fact: &Annotation) -> String {
    let Annotation { plugin, about, authenticated, key, value } = fact;
    let about = about.as_ref().map(|about| format!(", about {about}")).unwrap_or_default();
    let authenticated = if *authenticated { ", authenticated" } else { "" };
    format!("     fact  {key} = {value:?}{about}{authenticated}, by {plugin}")
}

fn judge(judge: &Judge) -> Vec<String> {
    let Judge { plugin, version, digest, settings, .. } = judge;
    let mut lines = vec![
        format!("   plugin  {plugin} ({version}, {digest})"),
        format!("           with settings {settings}"),
    ];
    lines.extend(cost(judge).map(|cost| format!("           {cost}")));
    lines
}

/// What a plugin's part cost; older verdicts do not tell.
fn cost(judge: &Judge) -> Option<String> {
    let Judge { reviews, remembered, duration_us, queue_us, .. } = judge;
    let Judge { memory_bytes, read_bytes, host_calls, .. } = judge;
    if *reviews == 0 {
        return (*remembered > 0).then(|| "answered from the cache".to_owned());
    }
    let millis = |micros: &u64| format!("{}.{} ms", micros / 1000, micros / 100 % 10);
    (*memory_bytes > 0).then(|| {
        format!(
            "{} in {}, after {} in the queue: {} KiB of memory, {} KiB read, {}",
            counted(usize::try_from(*reviews).unwrap_or(usize::MAX), "review"),
            millis(duration_us),
            millis(queue_us),
            memory_bytes.div_ceil(1024),
            read_bytes.div_ceil(1024),
            counted(usize::try_from(*host_calls).unwrap_or(usize::MAX), "host call"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_named_as_clients_print_it() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, name, reference) in [
            ("charts/web:1.2.3".to_owned(), "charts/web", "1.2.3"),
            ("web:v1".to_owned(), "web", "v1"),
            ("localhost:5000/charts/web:1.2.3".to_owned(), "charts/web", "1.2.3"),
            (format!("charts/web@{digest}"), "charts/web", &digest),
            (format!("web:v1@{digest}"), "web", &digest),
            (format!("127.0.0.1:5000/web:v1@{digest}"), "web", &digest),
        ] {
            let (repository, found) = named(&text).unwrap().unwrap();
            assert_eq!((repository.as_str(), found.to_string().as_str()), (name, reference));
        }
        assert_eq!(named("M9DWFBKHSF3").unwrap(), None);
        for wrong in ["charts/web", "a b", "", "UP:v1", "web@sha256:1", "web:", "a/../b:c"] {
            // an empty id is one that nobody has
            assert!(named(wrong).is_err() || wrong.is_empty(), "{wrong}");
        }
    }
}
