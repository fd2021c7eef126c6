//! What the registry keeps about a chart that was accepted.

use roadstead_chart::{Metadata, Value};
use roadstead_plugin_sdk::Report;
use serde_json::json;

use crate::layer::Layer;

/// Bytes of a fact that the registry keeps; helm has no such bound.
const FACT_BYTES_MAX: usize = 4 << 10;

/// Records what Chart.yaml says of the chart, how large it is, and which key signed it.
pub(crate) fn record(
    layer: &Layer,
    metadata: &Metadata,
    signer: Option<String>,
    report: &mut Report,
) {
    let mut add = |key: &str, value: String| {
        if !value.is_empty() && value.len() <= FACT_BYTES_MAX {
            report.annotate(key, value);
        }
    };
    add("name", metadata.name());
    for field in ["version", "appVersion", "kubeVersion"] {
        add(field, metadata.text(field).to_owned());
    }
    let chart_type = metadata.text("type");
    add("type", if chart_type.is_empty() { "application" } else { chart_type }.to_owned());
    if let Value::List(dependencies) = metadata.field("dependencies")
        && !dependencies.is_empty()
    {
        let entry = |dependency: &Value| {
            let text = |field| dependency.entry(field).text();
            json!({
                "name": text("name"),
                "version": text("version"),
                "repository": text("repository"),
            })
        };
        let list: Vec<_> = dependencies.iter().map(entry).collect();
        add("dependencies", json!(list).to_string());
    }
    if metadata.flag("deprecated") {
        add("deprecated", "true".to_owned());
    }
    add("files", layer.files.to_string());
    add("unpacked-bytes", layer.bytes.to_string());
    if let Some(fingerprint) = signer {
        report.annotate("signed-by", fingerprint).authenticated();
    }
}
