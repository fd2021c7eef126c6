//! `roadstead verdict`

mod list;
pub(super) mod show;

use clap::Subcommand;

use crate::admission::Decision;

#[derive(Debug, Subcommand)]
pub(super) enum Verdict {
    /// Lists what was refused or warned of, the newest first
    List(list::List),
    /// Shows a verdict by its id, or everything that was judged about a stored manifest
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

/// A decision as a person reads it.
fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "ACCEPTED",
        Decision::Reject => "REJECTED",
        Decision::Unavailable => "NOT JUDGED",
    }
}
