//! What a plugin author writes.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Failure, Metadata, Report, Target, bindings::exports::roadstead::admission::reviewer};

/// What a review answers: a report; `None`, "not mine", as if the plugin had not run; or why it
/// could not judge, which is no rejection.
pub type Review = Result<Option<Report>, Failure>;

/// A plugin. Its functions are pure: for the same input they give the same answer, which the host
/// then remembers.
pub trait Plugin {
    /// What the policy says under `settings`, after the host has checked it against the schema:
    /// [`NoSettings`], or a type with `#[serde(default, deny_unknown_fields)]`.
    type Settings: DeserializeOwned;

    /// Constant; called once, when the plugin is loaded.
    fn describe() -> Metadata;

    /// What a schema cannot say, such as "this PEM parses" or "min <= max". Called when a policy
    /// is loaded.
    fn validate_settings(_settings: &Self::Settings) -> Vec<SettingsProblem> {
        Vec::new()
    }

    /// Looks at a target. The digests in it were verified by the host, and what it names is stored.
    fn review(target: &Target, settings: &Self::Settings) -> Review;
}

/// The settings of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Something wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// where: an RFC 6901 JSON pointer into the settings
    pub pointer: String,
    /// what is wrong, and what would be right
    pub message: String,
}

impl From<SettingsProblem> for reviewer::SettingsProblem {
    fn from(problem: SettingsProblem) -> Self {
        Self { pointer: problem.pointer, message: problem.message }
    }
}

/// Settings that the policy leaves out are those of an empty object.
pub(crate) fn parse_settings<P: Plugin>(settings: &str) -> Result<P::Settings, SettingsProblem> {
    let settings = match settings.trim() {
        "" | "null" => "{}",
        settings => settings,
    };
    serde_json::from_str(settings)
        .map_err(|error| SettingsProblem { pointer: String::new(), message: error.to_string() })
}
