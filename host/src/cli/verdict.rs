//! `roadstead verdict`

use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;

use super::{
    answer,
    ask::{self, Source},
    data_folder,
};
use crate::admission::{Decision, Severity, Verdict as Judged};

#[derive(Debug, Subcommand)]
pub(super) enum Verdict {
    /// Shows a verdict by the id that the refusal named
    Show {
        /// Such as 0NB5T4YH2KQ
        id: String,
        /// Where everything is kept
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Prints it as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Verdict {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Show { id, data, json } = self;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            bail!("{id:?} is no verdict id; it has letters and digits only");
        }
        let folder = data_folder(data)?;
        let found = match Source::of(&folder).await? {
            Source::Server(socket) => ask::get(&socket, &format!("/verdicts/{id}")).await?,
            Source::Store(storage, _folder) => storage.verdict(&id).await?.map(Into::into),
        };
        let Some(found) = found else {
            bail!(
                "no verdict {id} in {}; verdicts without findings stay with their manifest",
                folder.display()
            );
        };
        if json {
            answer(&String::from_utf8_lossy(&found))
        } else {
            answer(&told(&serde_json::from_slice(&found)?))
        }
    }
}

/// A verdict as a person reads it.
pub(super) fn told(verdict: &Judged) -> String {
    let decision = match verdict.decision {
        Decision::Accept => "ACCEPTED",
        Decision::Reject => "REJECTED",
        Decision::Unavailable => "NOT JUDGED",
    };
    let tags = verdict.tags.join(", ");
    let name = match tags.as_str() {
        "" => verdict.repository.clone(),
        tags => format!("{}:{tags}", verdict.repository),
    };
    let Judged { digest, at, kind, policy, duration_us, .. } = verdict;
    let (whole, tenths) = (duration_us / 1000, duration_us / 100 % 10);
    let mut lines = vec![
        format!("{decision}  {name}"),
        format!("  {digest}"),
        format!("  {at}, a {kind}, by policy {policy}, in {whole}.{tenths} ms"),
    ];
    for finding in &verdict.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = finding.location.as_ref().map(|place| format!(" at {place}"));
        lines.push(format!(
            "{severity:>9}  {} by rule {}, plugin {}{}",
            finding.code,
            finding.rule,
            finding.plugin,
            place.unwrap_or_default()
        ));
        lines.push(format!("           {}", finding.message));
    }
    for fact in &verdict.annotations {
        lines.push(format!("     fact  {} = {:?}, by {}", fact.key, fact.value, fact.plugin));
    }
    for judge in &verdict.judges {
        lines.push(format!("   plugin  {} ({}, {})", judge.plugin, judge.version, judge.digest));
    }
    lines.join("\n")
}
