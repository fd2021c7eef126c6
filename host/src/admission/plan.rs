//! Which checks a candidate has to pass. Pure.

use super::{
    candidate::Candidate,
    policy::{FailurePolicy, Mode, Policy, Rule},
};

/// One plugin that judges a candidate, and what follows from its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// the rule that asks for it
    pub rule: String,
    /// the policy's name for the plugin
    pub plugin: String,
    /// what an error does
    pub mode: Mode,
    /// what a failure does
    pub failure_policy: FailurePolicy,
}

/// The checks of all rules that match. Without one the artifact is stored.
pub fn plan(policy: &Policy, candidate: &Candidate) -> Vec<Check> {
    let fits = |rule: &&Rule| rule.kinds.iter().any(|kind| candidate.kinds.contains(kind));
    let matching = policy.rules().iter().filter(fits);
    let checks = matching.flat_map(|rule| {
        rule.check.iter().map(|plugin| Check {
            rule: rule.name.clone(),
            plugin: plugin.clone(),
            mode: rule.mode,
            failure_policy: rule.failure_policy,
        })
    });
    checks.collect()
}
