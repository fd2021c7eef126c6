//! `roadstead check`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use roadstead_storage::Audit;

use super::{
    answer, answer_json,
    ask::{self, Source},
    data_folder,
};

const AFTER_HELP: &str = "Litter is harmless, and no client sees it: the bytes of unfinished \
                          uploads, and what interrupted or repeated pushes left.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Check {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints the full report as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Answers whether no promise is broken.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        let audit = match Source::of(&data_folder(self.data)?).await? {
            Source::Server(socket) => {
                let report = ask::get(&socket, "/check").await?;
                serde_json::from_slice(&report.context(
                    "the running server does not support this command; is it an older version?",
                )?)?
            }
            Source::Store(storage, _folder) => storage.audit().await?,
        };
        if self.json {
            answer_json(&serde_json::to_string_pretty(&audit)?)?;
        } else {
            answer(&told(&audit))?;
        }
        Ok(audit.fault_count == 0)
    }
}

fn told(audit: &Audit) -> String {
    let mut lines = Vec::new();
    lines.extend(audit.sound.iter().map(|(what, count)| format!("sound   {count:>9}  {what}")));
    lines.extend(audit.litter.iter().map(|(what, count)| format!("litter  {count:>9}  {what}")));
    lines.extend(audit.faults.iter().map(|fault| format!("FAULT   {}: {}", fault.key, fault.what)));
    let listed = audit.faults.len() as u64;
    if audit.fault_count > listed {
        lines.push(format!("FAULT   and {} more", audit.fault_count - listed));
    }
    lines.push(match audit.fault_count {
        0 => "no faults".to_owned(),
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    });
    lines.join("\n")
}
