//! What a plugin author writes.

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_path_to_error::{Path, Segment};

use crate::{
    Failure, Metadata, Report, Severity, Target, bindings::exports::roadstead::admission::reviewer,
};

/// What a review answers: a report; `None`, "not mine", as if the plugin had not run; or why it
/// could not judge, which is no rejection.
pub type Review = Result<Option<Report>, Failure>;

/// A plugin. Its functions are pure: for the same input they give the same answer, which the host
/// then remembers.
pub trait Plugin {
    /// What the policy says under `settings`: [`NoSettings`], or a type with
    /// `#[derive(Deserialize, JsonSchema)]` and `#[serde(default, deny_unknown_fields)]`. The host
    /// checks settings against the schema that is derived of it, when the policy is loaded.
    type Settings: DeserializeOwned + JsonSchema;

    /// Constant; called once, when the plugin is loaded.
    fn describe() -> Metadata;

    /// What a schema cannot say, such as "this PEM parses" or "min <= max". Called when a policy
    /// is loaded.
    fn validate_settings(_settings: &Self::Settings) -> Vec<SettingsProblem> {
        Vec::new()
    }

    /// What valid settings most likely do not mean, such as a list of keys that nothing requires.
    /// `roadstead policy check` shows it; the policy can be used all the same. Called where
    /// [`validate_settings`](Self::validate_settings) finds nothing wrong.
    fn settings_warnings(_settings: &Self::Settings) -> Vec<SettingsProblem> {
        Vec::new()
    }

    /// Looks at a target. The digests in it were verified by the host, and what it names is stored.
    fn review(target: &Target, settings: &Self::Settings) -> Review;
}

/// The settings of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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

impl SettingsProblem {
    pub(crate) fn into_wire(self, severity: Severity) -> reviewer::SettingsProblem {
        reviewer::SettingsProblem { severity, pointer: self.pointer, message: self.message }
    }
}

/// Settings that the policy leaves out are those of an empty object.
pub(crate) fn parse_settings<P: Plugin>(settings: &str) -> Result<P::Settings, SettingsProblem> {
    let settings = match settings.trim() {
        "" | "null" => "{}",
        settings => settings,
    };
    let mut json = serde_json::Deserializer::from_str(settings);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| SettingsProblem {
        pointer: pointer(error.path()),
        message: error.inner().to_string(),
    })?;
    json.end()
        .map(|()| parsed)
        .map_err(|error| SettingsProblem { pointer: String::new(), message: error.to_string() })
}

/// Where the error is, as RFC 6901 writes it.
fn pointer(path: &Path) -> String {
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } | Segment::Enum { variant: key } => Some(key.clone()),
        Segment::Unknown => None,
    });
    parts.flat_map(|part| ["/".to_owned(), part.replace('~', "~0").replace('/', "~1")]).collect()
}
