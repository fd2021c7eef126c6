//! Parts of a chart that are named and not stored.

use roadstead_plugin_sdk::{Descriptor, Report, Role};

use crate::codes;

/// Tells of a part that a registry may do without, and helm may not.
pub(crate) fn find(part: &Descriptor, report: &mut Report) {
    let what = if part.role == Role::Config { "config" } else { "layer" };
    let message = format!("the chart's {what} is not stored here; push it before the manifest");
    report.find(&codes::ABSENT, message).blob(&part.digest);
}
