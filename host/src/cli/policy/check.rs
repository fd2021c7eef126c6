//! `roadstead policy check`

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Where};
use crate::cli::answer;

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A file, or a folder of files. Default: the configured policy, else the built-in one
    path: Option<PathBuf>,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let loaded = Where { policy: self.path }.loaded().await?;
        let mut lines: Vec<String> = loaded.warnings.iter().map(|w| format!("{w}\n")).collect();
        let exit = match &loaded.policy {
            Ok(policy) => {
                let (rules, plugins) = (policy.rules().len(), policy.plugins().len());
                let warnings = match loaded.warnings.len() {
                    0 => String::new(),
                    count => format!(", {count} warnings"),
                };
                lines.push(format!(
                    "policy {}: {rules} rules, {plugins} plugins{warnings}",
                    policy.hash()
                ));
                Exit::Well
            }
            Err(invalid) => {
                lines.extend(invalid.problems.iter().map(|problem| format!("{problem}\n")));
                lines.extend((invalid.more > 0).then(|| format!("and {} more\n", invalid.more)));
                lines.push(match invalid.problems.len() + invalid.more {
                    1 => "1 error; this policy can't be used".to_owned(),
                    count => format!("{count} errors; this policy can't be used"),
                });
                Exit::Wrong
            }
        };
        answer(&lines.join("\n"))?;
        Ok(exit)
    }
}
