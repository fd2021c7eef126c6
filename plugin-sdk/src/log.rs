//! Diagnostics for whoever runs or writes the plugin. They have no effect on a report, and are not
//! repeated when a remembered one is reused. The host cuts a line at 1 KiB, and drops lines beyond
//! the first 200 of a review.

use crate::source::{self, Level};

/// For whoever writes the plugin.
pub fn debug(message: &str) {
    source::log(Level::Debug, message);
}

/// For whoever runs the plugin.
pub fn info(message: &str) {
    source::log(Level::Info, message);
}

/// Something that should not be so, though the plugin can go on.
pub fn warn(message: &str) {
    source::log(Level::Warn, message);
}

/// Why the plugin gives up. The host shows the last such line with the failure.
pub fn error(message: &str) {
    source::log(Level::Error, message);
}
