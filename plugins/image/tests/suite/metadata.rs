//! What the plugin says about itself.

use roadstead_plugin_image::{Image, Settings, codes::ALL};
use roadstead_plugin_sdk::{Plugin, Severity};
use serde_json::Value;

const README: &str = include_str!("../../README.md");

#[test]
fn every_code_is_explained_once() {
    for (i, code) in ALL.iter().enumerate() {
        assert!(code.id.starts_with("RSI") && code.id.len() == 6, "{}", code.id);
        assert!(i == 0 || ALL[i - 1].id < code.id, "{} is out of order", code.id);
        assert!(!code.summary.is_empty() && !code.summary.ends_with('.'), "{}", code.id);
        assert!(code.explanation.len() > 40, "{}", code.id);
        assert!(Image::describe().declares(code.id));
        let severity = if code.severity == Severity::Error { "error" } else { "warning" };
        let row = format!("| {} | {severity} | {} | {} |", code.id, code.summary, code.explanation);
        assert!(README.contains(&row), "README.md has no row {row:?}");
    }
    let rows = README.lines().filter(|line| line.starts_with("| RSI"));
    assert_eq!(rows.count(), ALL.len());
}

#[test]
fn every_setting_is_in_the_readme() {
    let schema: Value = schemars::schema_for!(Settings).to_value();
    let settings = schema["properties"].as_object().expect("it has settings");
    assert_eq!(settings.len(), 8);
    for (name, setting) in settings {
        let row = format!("| `{name}` | ");
        assert!(README.contains(&row), "README.md has no row {row:?}");
        assert!(setting["description"].is_string(), "{name}");
    }
}
