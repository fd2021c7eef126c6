//! `roadstead verdict`

mod list;
pub(super) mod show;

use anyhow::Context;
use clap::Subcommand;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    admission::{self, Decision},
    registry::{Pushes, Seen},
};

#[derive(Debug, Subcommand)]
pub(super) enum Verdict {
    /// Lists rejections and warnings, newest first
    List(list::List),
    /// Shows one verdict by its id, or all verdicts on a manifest
    Show(show::Show),
}

impl Verdict {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
        }
    }
}

/// A verdict as it was looked up.
struct Kept {
    verdict: admission::Verdict,
    /// of a refusal
    seen: Option<Seen>,
}

impl Kept {
    fn read(mut recorded: Value) -> anyhow::Result<Self> {
        let seen = recorded.get_mut("seen").map(Value::take).unwrap_or_default();
        let seen = Option::<Seen>::deserialize(seen).unwrap_or_default();
        let verdict = serde_json::from_value(recorded)
            .context("this version can't read a verdict; use --json to print it")?;
        Ok(Self { verdict, seen })
    }

    /// How often the same was refused, if that was more than once.
    fn again(&self) -> Option<String> {
        let Seen { times, last, .. } = self.seen.as_ref().filter(|seen| seen.times > 1)?;
        Some(format!("{times} times, last at {last}"))
    }

    /// Under which tags and for whom, if these were not always the verdict's own.
    fn pushes(&self) -> Option<String> {
        let Pushes { tags, pushed_by } = &self.seen.as_ref()?.pushes;
        let own = |user: &String| self.verdict.judgement.pushed_by.as_ref() == Some(user);
        let tags = match tags.iter().all(|tag| self.verdict.judgement.tags.contains(tag)) {
            true => None,
            false => Some(format!("under the tags {}", tags.join(", "))),
        };
        let users = match pushed_by.iter().all(own) {
            true => None,
            false => Some(format!("pushed by {}", pushed_by.join(", "))),
        };
        let parts: Vec<_> = tags.into_iter().chain(users).collect();
        (!parts.is_empty()).then(|| format!("recently {}", parts.join(", ")))
    }
}

/// A decision as a person reads it.
fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "ACCEPTED",
        Decision::Reject => "REJECTED",
        Decision::Unavailable => "NOT JUDGED",
    }
}
