//! `roadstead plugin inspect`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use roadstead_engine::{Code, Severity};
use roadstead_oci::plain;

use super::{Component, limits, load};
use crate::cli::{answer, answer_json};

#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// A component, such as naming.wasm, or a built-in plugin: helm, cosign, image
    #[arg(value_name = "FILE|NAME")]
    plugin: PathBuf,
    /// Prints everything as JSON, including the explanations of the codes
    #[arg(long)]
    json: bool,
}

/// What there is to know about a plugin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    name: String,
    version: String,
    description: String,
    digest: String,
    bytes: usize,
    targets: Vec<&'static str>,
    media_types: Vec<String>,
    imports: Vec<String>,
    codes: Vec<AboutCode>,
    /// what a review may use
    limits: Vec<limits::Limit>,
    /// JSON Schema; none: it takes none
    settings_schema: Option<Value>,
}

#[derive(Serialize)]
struct AboutCode {
    id: String,
    severity: &'static str,
    summary: String,
    explanation: String,
}

impl Inspect {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Component { plugin, bytes, limits } = load(&self.plugin).await?;
        let metadata = plugin.metadata().clone();
        let targets = [("manifests", metadata.manifests), ("blobs", metadata.blobs)];
        let targets = targets.into_iter().filter(|(_, reviewed)| *reviewed);
        // what is no JSON is shown as it stands there
        let schema = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        let about = About {
            name: metadata.name,
            version: metadata.version,
            description: metadata.description,
            digest: plugin.digest().to_string(),
            bytes,
            targets: targets.map(|(target, _)| target).collect(),
            media_types: metadata.media_types,
            imports: plugin.imports().to_vec(),
            codes: metadata.codes.into_iter().map(AboutCode::from).collect(),
            limits: limits::all(&limits),
            settings_schema: metadata.settings_schema.map(schema),
        };
        match self.json {
            true => answer_json(&serde_json::to_string_pretty(&about)?),
            false => answer(&about.told()),
        }
    }
}

impl From<Code> for AboutCode {
    fn from(code: Code) -> Self {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Code { id, summary, explanation, .. } = code;
        Self { id, severity, summary, explanation }
    }
}

impl About {
    fn told(&self) -> String {
        let Self { name, version, description, digest, bytes, .. } = self;
        let mut lines = vec![
            format!("{name} {version}: {}", plain(description)),
            format!("  digest    {digest}"),
            format!("  size      {bytes} bytes"),
            format!("  reviews   {}", self.targets.join(", ")),
        ];
        let lists = [("types", &self.media_types), ("imports", &self.imports)];
        for (title, list) in lists {
            let all = if list.is_empty() { vec!["none".to_owned()] } else { list.clone() };
            for (i, item) in all.iter().enumerate() {
                let title = if i == 0 { title } else { "" };
                lines.push(format!("  {title:<9} {}", plain(item)));
            }
        }
        let none = if self.codes.is_empty() { "     none" } else { "" };
        lines.push(format!("  codes{none}"));
        let width = self.codes.iter().map(|code| code.id.len()).max().unwrap_or_default();
        lines.extend(self.codes.iter().map(|AboutCode { id, severity, summary, .. }| {
            format!("    {id:<width$}  {severity:<7}  {}", plain(summary))
        }));
        lines.push("  limits, and the most that a policy may set".to_owned());
        lines.extend(self.limits.iter().map(|limit| format!("    {}", limit.told())));
        match &self.settings_schema {
            None => lines.push("  settings  none".to_owned()),
            Some(schema) => {
                lines.push("  settings, as a JSON Schema".to_owned());
                let schema = format!("{schema:#}");
                lines.extend(schema.lines().map(|line| format!("    {line}")));
            }
        }
        lines.join("\n")
    }
}
