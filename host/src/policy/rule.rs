//! Rules, as they are applied.

use std::collections::BTreeMap;

use serde::Serialize;

use super::glob::Globs;
use crate::kind::Kind;

/// Who judges what, and what follows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// unique
    pub name: String,
    /// what it is about
    #[serde(rename = "match")]
    pub about: Match,
    /// what it does with that
    #[serde(flatten)]
    pub verb: Verb,
    /// what the policy makes of codes
    pub severity: BTreeMap<String, Level>,
    /// what an error does
    pub mode: Mode,
    /// what a plugin that can't judge does
    pub failure_policy: FailurePolicy,
}

/// What a rule is about. All that is given must fit; of each one of its values.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// where it is pushed to
    pub repositories: Option<Globs>,
    /// anything that it is
    pub kinds: Option<Vec<Kind>>,
    /// the artifact type or the config's type
    pub types: Option<Globs>,
    /// any layer's type
    pub layer_types: Option<Globs>,
    /// the manifest's own type
    pub media_types: Option<Globs>,
    /// any tag that is pushed
    pub tags: Option<Globs>,
}

/// What a rule does.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// these plugins judge the manifest, with all that it names
    Check(Vec<String>),
    /// plugins judge each layer and config of a type by itself
    CheckLayers(Vec<LayerCheck>),
    /// anything else is refused
    AcceptOnly(Vec<Accepted>),
}

/// Which layers and configs go to which plugins.
#[derive(Clone, Debug, Serialize)]
pub struct LayerCheck {
    /// their types
    pub types: Globs,
    /// by the policy's names for them
    pub plugins: Vec<String>,
}

/// What a rule lets in.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Accepted {
    /// what is of this kind and of no other
    Kind(Kind),
    /// an artifact of a type, with nothing but these layers
    Type {
        /// what both its artifact type and its config's type are; the empty config says nothing
        #[serde(rename = "type")]
        of: Globs,
        /// what every layer's type is
        layers: Globs,
    },
}

/// What the policy makes of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// refuses the push, where the rule enforces
    Error,
    /// warns
    Warning,
    /// is as if nothing had been found
    Ignore,
}

/// What an error that a plugin finds does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// refuses the push
    #[default]
    Enforce,
    /// becomes a warning
    Warn,
}

/// What a plugin that can't judge does: a trap, a time-out, a missing answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FailurePolicy {
    /// refuses the push
    #[default]
    Fail,
    /// becomes a warning
    Ignore,
}

impl Verb {
    /// Every plugin that it names, by the policy's name for it.
    pub fn plugins(&self) -> impl Iterator<Item = &str> {
        let (whole, layers): (&[String], &[LayerCheck]) = match self {
            Self::Check(plugins) => (plugins, &[]),
            Self::CheckLayers(checks) => (&[], checks),
            Self::AcceptOnly(_) => (&[], &[]),
        };
        let of_layers = layers.iter().flat_map(|check| &check.plugins);
        whole.iter().chain(of_layers).map(String::as_str)
    }
}
