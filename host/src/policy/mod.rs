//! The policy: which plugins judge what, in a language of its own.
//!
//! A file or a folder of YAML becomes a [`Policy`] as a whole or not at all ([`Loader`]): its
//! plugins are loaded, their settings validated, its rules resolved. Whatever is wrong is told with
//! file, line and cure, all at once.
//!
//! `policies/README.md` tells the language by examples.

mod builtin;
mod document;
mod fields;
mod glob;
mod lint;
mod load;
mod overrides;
mod problem;
mod read;
mod rule;
mod rules;
mod settings;
mod source;
mod watch;
mod watched;
mod yaml;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use roadstead_engine::{Limits, Plugin};
use roadstead_oci::{Algorithm, Digest};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use glob::Globs;
pub use load::{Loaded, Loader};
pub use problem::{Gravity, Invalid, Problem};
pub use read::check_text;
pub use rule::{Accepted, Changed, FailurePolicy, LayerCheck, Level, Match, Mode, Rule, Verb};
pub use watch::watch;
pub use watched::Watched;

/// `[policy]`: who decides what may be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// A file or a folder of files. Default: none, that is the built-in policy.
    pub path: PathBuf,
}

/// A plugin that the binary brings along.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// what policies call it
    pub name: &'static str,
    /// the component
    pub component: &'static [u8],
    /// processor time of a review where a policy sets none; `None`: as for any other plugin
    pub cpu: Option<Duration>,
}

impl Bundled {
    /// Returns what a review may use where a policy sets nothing.
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits { cpu: self.cpu.unwrap_or(usual.cpu), ..usual }
    }
}

/// Rules, of which all that match apply; their order means nothing.
#[derive(Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    plugins: BTreeMap<String, Installed>,
    hash: String,
}

/// A plugin as the policy uses it.
#[derive(Debug)]
pub struct Installed {
    /// the plugin
    pub plugin: Plugin,
    /// JSON text, which the plugin accepted
    pub settings: String,
    /// its digest
    pub settings_digest: Digest,
    /// what a review may use
    pub limits: Limits,
}

impl Policy {
    fn new(rules: Vec<Rule>, plugins: BTreeMap<String, Installed>) -> Self {
        const HASH_CHARS: usize = 12;
        let installed = plugins.iter().map(|(name, installed)| {
            let Installed { plugin, settings, limits, .. } = installed;
            json!([name, plugin.digest().to_string(), settings, format!("{limits:?}")])
        });
        let all = json!({ "rules": sorted(&rules), "plugins": installed.collect::<Vec<_>>() });
        let digest = Digest::of(Algorithm::Sha256, all.to_string().as_bytes());
        Self { rules, plugins, hash: digest.hex()[..HASH_CHARS].to_owned() }
    }

    /// The first 12 hexadecimal characters of the digest of all that can change a verdict: its
    /// rules, and its plugins with their settings and limits.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A plugin, by the policy's name for it.
    pub fn plugin(&self, name: &str) -> Option<&Installed> {
        self.plugins.get(name)
    }

    /// Its plugins, by its names for them.
    pub fn plugins(&self) -> &BTreeMap<String, Installed> {
        &self.plugins
    }
}

/// The rules in an order that does not depend on the files that they stand in.
fn sorted(rules: &[Rule]) -> Vec<impl Serialize> {
    let mut rules: Vec<_> = rules.iter().collect();
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    rules
}
