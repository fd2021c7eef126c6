//! The policy: which plugins judge what. Today the built-in default; files come on top of it.

use roadstead_oci::{Algorithm, Digest};
use serde::Serialize;

use super::kind::Kind;

/// Rules, of which all that match apply; their order means nothing.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    hash: String,
}

/// One verb: these plugins check those kinds.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// unique
    pub name: String,
    /// the kinds that it is about
    pub kinds: Vec<Kind>,
    /// plugins by the policy's names for them; each judges the manifest with all that it names
    pub check: Vec<String>,
    /// what an error does
    pub mode: Mode,
    /// what a plugin that can't judge does
    pub failure_policy: FailurePolicy,
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

impl Policy {
    /// A policy of these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        const HASH_CHARS: usize = 12;
        let text = serde_json::to_vec(&rules).unwrap_or_default();
        let digest = Digest::of(Algorithm::Sha256, &text);
        Self { rules, hash: digest.hex()[..HASH_CHARS].to_owned() }
    }

    /// Judges the kinds that Roadstead knows by what their own clients would refuse, and leaves
    /// the rest alone.
    pub fn builtin() -> Self {
        Self::new(vec![Rule {
            name: "charts-are-valid".to_owned(),
            kinds: vec![Kind::HELM_CHART],
            check: vec!["helm".to_owned()],
            mode: Mode::Enforce,
            failure_policy: FailurePolicy::Fail,
        }])
    }

    /// The first 12 hexadecimal characters of its digest.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
