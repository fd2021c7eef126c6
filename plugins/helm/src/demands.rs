//! What a policy asks for beyond what helm does.

use roadstead_chart::{Metadata, Value};
use roadstead_plugin_sdk::{Code, Quoted, Report};

use crate::{codes, layer::Layer, settings::Settings};

/// Annotations that are missed one by one.
const ANNOTATIONS_MAX: usize = 10;

/// Finds what Chart.yaml lacks.
pub(crate) fn check(layer: &Layer, metadata: &Metadata, settings: &Settings, report: &mut Report) {
    let mut find = |code: &Code, message: String, field: &str| {
        let found = report.find(code, message);
        found.blob(&layer.digest).path(&layer.path("Chart.yaml")).pointer(&format!("/{field}"));
        if let Some(line) = metadata.line(field) {
            found.line(line);
        }
    };
    let has = |key: &&String| match metadata.field("annotations") {
        Value::Map(entries) => entries.get(*key).is_some_and(|value| !value.text().is_empty()),
        _ => false,
    };
    let missing = settings.required_annotations.iter().filter(|key| !has(key));
    for key in missing.take(ANNOTATIONS_MAX) {
        let message = format!(
            "Chart.yaml lacks the annotation {}, which the policy requires; add it",
            Quoted(key)
        );
        find(&codes::NO_ANNOTATION, message, "annotations");
    }
    if settings.forbid_deprecated && metadata.flag("deprecated") {
        let message = "the chart is marked as deprecated, which the policy does not allow; use the \
                       chart that replaces it";
        find(&codes::DEPRECATED, message.to_owned(), "deprecated");
    }
    if settings.require_kube_version && metadata.text("kubeVersion").is_empty() {
        let message = "Chart.yaml does not say which Kubernetes versions the chart supports; add a \
                       kubeVersion such as \">=1.29.0-0\"";
        find(&codes::NO_KUBE_VERSION, message.to_owned(), "kubeVersion");
    }
    let icon = metadata.text("icon");
    let is_safe = icon.is_empty()
        || ["https://", "data:"].iter().any(|scheme| {
            icon.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
    if settings.https_icon && !is_safe {
        let message = format!("the icon {} does not have an https URL; change it", Quoted(icon));
        find(&codes::ICON, message, "icon");
    }
}
