//! What a policy may say.

use roadstead_plugin_sdk::{Code, SettingsProblem};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{codes, provenance::Keyring};

/// The settings of this plugin. Without settings it requires what helm requires.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in a policy")]
pub struct Settings {
    /// Armoured `OpenPGP` public keys (`gpg --export --armor`), most often by `keyringFile`: one of
    /// them must have signed a chart's provenance.
    pub keyring: Option<String>,
    /// Rejects a chart without provenance.
    pub require_provenance: bool,
    /// Rejects a version that is not `SemVer` 2, such as `1.4`, which helm accepts.
    pub strict_semver: bool,
    /// Rejects a repository that does not end with the chart's name, and a tag that is not its
    /// version.
    pub strict_reference: bool,
    /// Annotations that each Chart.yaml must have.
    pub required_annotations: Vec<String>,
    /// Rejects a chart with `deprecated: true`.
    pub forbid_deprecated: bool,
    /// Rejects a chart without `kubeVersion`.
    pub require_kube_version: bool,
    /// Rejects an icon without an https URL.
    pub https_icon: bool,
}

impl Settings {
    /// What a version is that only helm takes.
    pub(crate) fn lenient_version(&self) -> &'static Code {
        if self.strict_semver { &codes::VERSION_STRICT } else { &codes::VERSION_LENIENT }
    }

    /// What the schema can't say.
    pub(crate) fn problems(&self) -> Vec<SettingsProblem> {
        let mut problems = Vec::new();
        let mut wrong = |pointer: String, message: &str| {
            problems.push(SettingsProblem { pointer, message: message.to_owned() });
        };
        if let Some(keyring) = &self.keyring
            && let Err(why) = Keyring::parse(keyring)
        {
            wrong("/keyring".to_owned(), &why);
        }
        for (i, key) in self.required_annotations.iter().enumerate() {
            if key.is_empty() {
                wrong(format!("/requiredAnnotations/{i}"), "an annotation needs a name");
            }
        }
        problems
    }
}
