//! `roadstead verdict list`

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::{Kept, word};
use crate::{
    admission::{Judgement, Verdict},
    cli::{
        answer, answer_json,
        ask::{self, Source},
        data_folder,
    },
    http::route::percent_encoded,
    registry::records::{self, Page, Records, Wanted},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Maximum number of verdicts
    #[arg(long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Only verdicts on matching repositories, such as charts/web or charts/**
    #[arg(long, value_name = "GLOB")]
    repository: Option<String>,
    /// Only verdicts with this decision
    #[arg(long, value_parser = ["accept", "reject", "unavailable"])]
    decision: Option<String>,
    /// Prints full verdicts, as a JSON array
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let wanted = Wanted::new(self.repository.as_deref(), self.decision.as_deref());
        let wanted = wanted.map_err(anyhow::Error::msg)?;
        let source = Source::of(&data_folder(self.data.clone())?).await?;
        let limit = usize::from(self.limit);
        // one more tells whether there are more
        let mut found = self.found(&source, &wanted, limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        match self.json {
            true => answer_json(&serde_json::to_string_pretty(&found)?)?,
            false if found.is_empty() => answer("no matching rejections or warnings")?,
            false => answer(&lines(found)?)?,
        }
        if more {
            let note = format!("only the newest {limit} are shown; use --limit for more");
            // nowhere is left to say that stderr is gone
            drop(writeln!(std::io::stderr().lock(), "{note}"));
        }
        Ok(())
    }

    async fn found(
        &self,
        source: &Source,
        wanted: &Wanted,
        limit: usize,
    ) -> anyhow::Result<Vec<Value>> {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let missing = (limit - found.len()).min(records::PAGE_MAX);
            let page = match source {
                Source::Server(socket) => {
                    let page = ask::get(socket, &self.path(before.as_deref(), missing)).await?;
                    serde_json::from_slice(&page.context(
                        "the running server does not support this command; is it an older version?",
                    )?)?
                }
                Source::Store(storage, _folder) => {
                    let records = Records::stored(storage);
                    records.kept(wanted, before.as_deref(), missing).await?
                }
            };
            let Page { verdicts, next } = page;
            found.extend(verdicts);
            before = next;
            if found.len() >= limit || before.is_none() {
                return Ok(found);
            }
        }
    }

    /// What the server is asked for.
    fn path(&self, before: Option<&str>, limit: usize) -> String {
        let repository = self.repository.as_deref().map(|glob| ("repository", glob));
        let decision = self.decision.as_deref().map(|decision| ("decision", decision));
        let before = before.map(|before| ("before", before));
        let mut path = format!("/verdicts?n={limit}");
        for (key, value) in [repository, decision, before].into_iter().flatten() {
            path.extend(["&", key, "=", &percent_encoded(value)]);
        }
        path
    }
}

/// A line each: time, decision, what, the first code, id, and how often it was refused.
fn lines(found: Vec<Value>) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for verdict in found {
        let kept = Kept::read(verdict)?;
        rows.push((what(&kept.verdict), kept));
    }
    let width = rows.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
    let line = |(what, kept): &(String, Kept)| {
        let verdict = &kept.verdict;
        let code = verdict.judgement.findings.first().map_or("-", |finding| &finding.code);
        let (decision, Verdict { at, id, .. }) = (word(verdict.judgement.decision), verdict);
        let again = kept.again().map(|again| format!("  {again}")).unwrap_or_default();
        format!("{at}  {decision:<10}  {what:<width$}  {code:<6}  {id}{again}")
    };
    Ok(rows.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// `charts/web:1.2.3`, with the number of further tags, or the beginning of the digest.
fn what(verdict: &Verdict) -> String {
    const HEX_CHARS: usize = 12;
    let Judgement { repository, digest, tags, .. } = &verdict.judgement;
    match tags.as_slice() {
        [tag] => format!("{repository}:{tag}"),
        [tag, more @ ..] => format!("{repository}:{tag} +{}", more.len()),
        [] => {
            let chars = digest.find(':').map_or(0, |colon| colon + 1) + HEX_CHARS;
            format!("{repository}@{}", digest.get(..chars).unwrap_or(digest))
        }
    }
}
