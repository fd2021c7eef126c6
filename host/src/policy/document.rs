//! One policy file, as it was written.

use std::time::Duration;

use super::{
    problem::{At, Spot},
    rule::{Accepted, FailurePolicy, LayerCheck, Level, Match, Mode, Rule, Verb},
    yaml::Node,
};

/// A policy file that holds no mistakes that can be seen in it alone.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) include: Vec<At<String>>,
    pub(super) plugins: Vec<Declared>,
    pub(super) rules: Vec<Written>,
}

/// A plugin, and what the policy calls it.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: At<String>,
    pub(super) origin: Origin,
    pub(super) settings: Option<Node>,
    pub(super) limits: Bounds,
}

/// Where a plugin comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Builtin(At<String>),
    File(At<String>),
}

/// Bounds that the policy sets; the engine's own where it sets none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) time: Option<Duration>,
    pub(super) cpu: Option<Duration>,
    pub(super) memory_bytes: Option<usize>,
    pub(super) decoded_bytes: Option<u64>,
    pub(super) calls: Option<u32>,
}

/// A rule, with the places of what can be wrong with it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: At<String>,
    pub(super) about: Match,
    pub(super) verb: Action,
    pub(super) severity: Vec<(At<String>, Level)>,
    pub(super) mode: Mode,
    pub(super) failure_policy: FailurePolicy,
    /// where the globs of its tags stand
    pub(super) tags: Option<Spot>,
}

/// A verb with its places.
#[derive(Debug)]
pub(super) enum Action {
    Check(Vec<At<String>>),
    CheckLayers(Vec<(super::glob::Globs, Vec<At<String>>)>),
    AcceptOnly(Vec<Accepted>),
}

impl Action {
    /// The plugins that judge manifests, and those that judge layers.
    pub(super) fn plugins(&self) -> (Vec<&At<String>>, Vec<&At<String>>) {
        match self {
            Self::Check(plugins) => (plugins.iter().collect(), Vec::new()),
            Self::CheckLayers(checks) => {
                (Vec::new(), checks.iter().flat_map(|(_, plugins)| plugins).collect())
            }
            Self::AcceptOnly(_) => (Vec::new(), Vec::new()),
        }
    }
}

impl Written {
    /// The rule without its places.
    pub(super) fn into_rule(self) -> Rule {
        let names = |plugins: Vec<At<String>>| plugins.into_iter().map(|name| name.value).collect();
        let verb = match self.verb {
            Action::Check(plugins) => Verb::Check(names(plugins)),
            Action::CheckLayers(checks) => {
                let check = |(types, plugins)| LayerCheck { types, plugins: names(plugins) };
                Verb::CheckLayers(checks.into_iter().map(check).collect())
            }
            Action::AcceptOnly(accepted) => Verb::AcceptOnly(accepted),
        };
        Rule {
            name: self.name.value,
            about: self.about,
            verb,
            severity: self.severity.into_iter().map(|(code, level)| (code.value, level)).collect(),
            mode: self.mode,
            failure_policy: self.failure_policy,
        }
    }
}
