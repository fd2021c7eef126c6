//! Says whatever its settings tell it to, so that a test can choose every part of an answer.

use roadstead_plugin_sdk::bindings::roadstead::admission::types::{
    Annotation, Finding, Location, Property, Report, Severity,
};
use serde_json::Value;

/// The answer under `report`.
pub(crate) fn report(settings: &str) -> Report {
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    let report = &settings["report"];
    Report {
        findings: list(&report["findings"]).map(finding).collect(),
        annotations: list(&report["annotations"]).map(annotation).collect(),
    }
}

fn finding(value: &Value) -> Finding {
    let severity = match value["severity"].as_str() {
        Some("warning") => Severity::Warning,
        _ => Severity::Error,
    };
    let property = |pair: &Value| Property { key: text(&pair[0]), value: text(&pair[1]) };
    Finding {
        code: text(&value["code"]),
        severity,
        message: text(&value["message"]),
        location: Location {
            blob: maybe(&value["blob"]),
            path: maybe(&value["path"]),
            pointer: maybe(&value["pointer"]),
            line: value["line"].as_u64().and_then(|line| line.try_into().ok()),
        },
        properties: list(&value["properties"]).map(property).collect(),
    }
}

fn annotation(value: &Value) -> Annotation {
    Annotation {
        about: maybe(&value["about"]),
        authenticated: value["authenticated"] == true,
        key: text(&value["key"]),
        value: text(&value["value"]),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn maybe(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

/// A text, or `[text, count]` for one that stands there so many times.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) => {
            let count = value[1].as_u64().unwrap_or_default().try_into().unwrap_or_default();
            value[0].as_str().unwrap_or_default().repeat(count)
        }
        _ => String::new(),
    }
}
