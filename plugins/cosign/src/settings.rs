//! What a policy may set.

use roadstead_plugin_sdk::SettingsProblem;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::key::{NamedKey, PublicKey};

/// More could not all be recorded with one manifest, which has room for 64 facts, two a key.
const KEYS_MAX: usize = 24;
/// Bytes of a key's name.
const NAME_BYTES_MAX: usize = 128;

/// The plugin's settings.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// The keys whose signatures count, each under a name of its own; at most 24.
    keys: Vec<KeySetting>,
    /// Rejects what no key of `keys` signed.
    pub(crate) require_known_key: bool,
    /// Which signatures are accepted: `signature`, `attestation`, or both. Default: any.
    pub(crate) accept: Option<Vec<Accepted>>,
}

/// A public key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySetting {
    /// the key's name in verdicts, such as `release`
    name: String,
    /// the key as PEM, most often by `keyFile: cosign.pub`
    key: String,
}

/// What a signature can say about a manifest.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Accepted {
    /// that it is signed
    Signature,
    /// something else, such as the result of a scan
    Attestation,
}

impl Settings {
    /// The keys, of settings that were validated.
    pub(crate) fn keys(&self) -> Result<Vec<NamedKey>, String> {
        let read = |setting: &KeySetting| match PublicKey::from_pem(&setting.key) {
            Ok(key) => Ok(NamedKey { name: setting.name.clone(), key }),
            Err(why) => Err(format!("the key {:?} {why}", setting.name)),
        };
        self.keys.iter().map(read).collect()
    }

    /// What is valid and most likely not meant.
    pub(crate) fn warnings(&self) -> Vec<SettingsProblem> {
        if self.keys.is_empty() || self.require_known_key {
            return Vec::new();
        }
        let message = "these keys reject nothing: signatures by other keys are stored as well, \
                       without the fact `verified-key`; add `requireKnownKey: true` to accept no \
                       others";
        vec![SettingsProblem { pointer: "/keys".to_owned(), message: message.to_owned() }]
    }

    /// What the schema can't say.
    pub(crate) fn problems(&self) -> Vec<SettingsProblem> {
        let mut problems = Vec::new();
        let mut add = |pointer: String, message: String| {
            problems.push(SettingsProblem { pointer, message });
        };
        if self.keys.len() > KEYS_MAX {
            let message = format!(
                "there are {} keys, more than {KEYS_MAX}; divide them among several plugins",
                self.keys.len()
            );
            add("/keys".to_owned(), message);
        }
        for (index, setting) in self.keys.iter().enumerate() {
            let name = setting.name.as_str();
            let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            if name.trim() != name || name.is_empty() || !is_plain || name.len() > NAME_BYTES_MAX {
                let message = format!(
                    "a key's name must have 1 to {NAME_BYTES_MAX} printable ASCII characters; \
                     write one such as release"
                );
                add(format!("/keys/{index}/name"), message);
            }
            if self.keys[..index].iter().any(|other| other.name == name) {
                let message = format!("two keys have the name {name:?}; rename one of them");
                add(format!("/keys/{index}/name"), message);
            }
            if let Err(why) = PublicKey::from_pem(&setting.key) {
                add(format!("/keys/{index}/key"), format!("the key {name:?} {why}"));
            }
        }
        if self.require_known_key && self.keys.is_empty() {
            let message = "requireKnownKey rejects every signature because there are no known \
                           keys; list them under keys, or leave requireKnownKey out";
            add("/requireKnownKey".to_owned(), message.to_owned());
        }
        if self.accept.as_ref().is_some_and(Vec::is_empty) {
            let message = "an empty list accepts nothing; list signature, attestation or both, or \
                           leave accept out";
            add("/accept".to_owned(), message.to_owned());
        }
        problems
    }
}
