//! `roadstead policy check`

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Where};
use crate::cli::{answer, counted};

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A file, or a folder of files. Default: the configured policy, or else the built-in one
    path: Option<PathBuf>,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let loaded = Where { policy: self.path }.loaded().await?;
        let mut lines: Vec<String> = loaded.warnings.iter().map(|w| format!("{w}\n")).collect();
        let exit = match &loaded.policy {
            Ok(policy) => {
                let (rules, plugins) = (policy.rules().len(), policy.plugins().len());
                let mut counts = vec![counted(rules, "rule"), counted(plugins, "plugin")];
                let warnings = loaded.warnings.len();
                counts.extend((warnings > 0).then(|| counted(warnings, "warning")));
                lines.push(format!("policy {}: {}", policy.hash(), counts.join(", ")));
                Exit::Well
            }
            Err(invalid) => {
                lines.extend(invalid.problems.iter().map(|problem| format!("{problem}\n")));
                lines.extend((invalid.more > 0).then(|| format!("and {} more\n", invalid.more)));
                let errors = counted(invalid.problems.len() + invalid.more, "error");
                lines.push(format!("{errors}; this policy can't be used"));
                Exit::Wrong
            }
        };
        answer(&lines.join("\n"))?;
        Ok(exit)
    }
}
