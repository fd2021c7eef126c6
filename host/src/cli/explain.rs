//! `roadstead explain`

use clap::Args;

use super::{answer, policy};
use crate::codes;

/// Explains a code that a refusal named.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Such as RSH025
    code: String,
    #[command(flatten)]
    policy: policy::Where,
}

impl Explain {
    /// Answers whether there is such a code.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        let wanted = self.code.to_ascii_uppercase();
        if let Some(code) = codes::all().find(|code| code.id == wanted) {
            let text = [code.summary, "", code.explanation].join("\n");
            answer(&format!("{wanted}  by the registry: {text}"))?;
            return Ok(true);
        }
        let loaded = self.policy.load().await?;
        for (name, installed) in loaded.plugins() {
            let metadata = installed.plugin.metadata();
            if let Some(code) = metadata.codes.iter().find(|code| code.id == wanted) {
                let severity = match code.severity {
                    roadstead_engine::Severity::Error => "error",
                    roadstead_engine::Severity::Warning => "warning",
                };
                let text = [code.summary.as_str(), "", code.explanation.as_str()].join("\n");
                answer(&format!("{wanted}  {severity} by plugin {name}: {text}"))?;
                return Ok(true);
            }
        }
        let plugins: Vec<_> = loaded.plugins().keys().map(String::as_str).collect();
        answer(&format!(
            "no code {wanted} of the registry or of the policy's plugins ({}); name the policy \
             with --policy",
            plugins.join(", ")
        ))?;
        Ok(false)
    }
}
