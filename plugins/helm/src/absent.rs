//! Parts of a chart that are named and not stored.

use roadstead_plugin_sdk::{Descriptor, Report};

use crate::{codes, manifest::Part};

/// Tells of a part that a registry may do without, and helm may not.
pub(crate) fn find(part: &Descriptor, report: &mut Report) {
    let what = match Part::of(&part.media_type) {
        Some(part @ (Part::Config | Part::Provenance)) => part.name(),
        _ => "layer",
    };
    let message = format!("the chart's {what} is not stored here; push it before the manifest");
    report.find(&codes::ABSENT, message).blob(&part.digest);
}
