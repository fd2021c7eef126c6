//! `roadstead explain`

use clap::Args;

use roadstead_engine::Severity;

use super::{answer, policy};
use crate::codes;

/// Explains the code of a finding.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A code, such as RSH025
    code: String,
    #[command(flatten)]
    policy: policy::Where,
}

impl Explain {
    /// Answers whether there is such a code.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        let given = self.code.as_str();
        if let Some(id) = codes::spelled(given, codes::all().map(|code| code.id))
            && let Some(code) = codes::all().find(|code| code.id == id)
        {
            let text = [code.summary, "", code.explanation].join("\n");
            answer(&format!("{id}  of the registry: {text}"))?;
            return Ok(true);
        }
        let loaded = self.policy.load().await?;
        for (name, installed) in loaded.plugins() {
            let known = &installed.plugin.metadata().codes;
            let id = codes::spelled(given, known.iter().map(|code| code.id.as_str()));
            if let Some(code) = known.iter().find(|code| Some(code.id.as_str()) == id) {
                let severity = match code.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                let text = [code.summary.as_str(), "", code.explanation.as_str()].join("\n");
                answer(&format!("{}  {severity} of plugin {name}: {text}", code.id))?;
                return Ok(true);
            }
        }
        let plugins: Vec<_> = loaded.plugins().keys().map(String::as_str).collect();
        let policys = match plugins.is_empty() {
            true => "and the policy has no plugins".to_owned(),
            false => format!("nor of the policy's plugins ({})", plugins.join(", ")),
        };
        answer(&format!(
            "{given} is not a code of the registry, {policys}; use --policy for another policy"
        ))?;
        Ok(false)
    }
}
