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
    /// The files that changed it, the innermost first. No part of the policy's hash, which depends
    /// on what the rule came to.
    #[serde(skip)]
    pub changed: Vec<Changed>,
}

/// What a file changed in a rule of a file that it includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// file, line and column
    pub at: String,
    /// the keys that it gives, such as `mode` or `match.except`
    pub keys: Vec<String>,
}

/// What a rule is about. Every key given must match; a key matches if any of its values does.
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
    /// What the rule leaves out. Every key given must match, and all that the artifact has of a key
    /// must match one of its values: otherwise a further tag or type would be a way out of the
    /// rule. Has no exception itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub except: Option<Box<Self>>,
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
    /// whatever the rule is about is refused
    Deny {
        /// what the client is told; none: a sentence that names the artifact
        message: Option<String>,
    },
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
            Self::AcceptOnly(_) | Self::Deny { .. } => (&[], &[]),
        };
        let of_layers = layers.iter().flat_map(|check| &check.plugins);
        whole.iter().chain(of_layers).map(String::as_str)
    }
}
