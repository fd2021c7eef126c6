//! Which rules are about a candidate, and why.

use roadstead_oci::Tag;
use serde_json::{Value, json};

use super::{
    Candidate,
    plan::{Ask, EXCEPT, Part, mismatch, plan},
};
use crate::policy::{Policy, Rule, Verb};

/// What each rule of a policy makes of a candidate, before any plugin is asked.
pub fn explain(policy: &Policy, candidate: &Candidate) -> Value {
    let plan = plan(policy, candidate);
    let rule = |rule: &Rule| {
        let not = mismatch(&rule.about, candidate);
        let asks = plan.checks.iter().filter(|check| check.rule.name == rule.name);
        let accepted = plan.unaccepted.iter().all(|other| other.name != rule.name);
        let because = not.as_ref().map(|not| match not.key {
            EXCEPT => "its `except` matches".to_owned(),
            key => format!("its {key}: {}", not.is(candidate)),
        });
        json!({
            "rule": rule.name,
            "about": not.is_none(),
            "because": because,
            "asks": asks.map(|check| asked(&check.ask)).collect::<Vec<_>>(),
            "accepts": matches!(rule.verb, Verb::AcceptOnly(_)).then_some(accepted),
            "denies": match &rule.verb {
                Verb::Deny { message } => json!({ "message": message }),
                _ => Value::Null,
            },
            "mode": rule.mode,
            "failurePolicy": rule.failure_policy,
            "severity": rule.severity,
            "changed": rule.changed,
        })
    };
    let Candidate { repository, digest, tags, kinds, .. } = candidate;
    json!({
        "policy": policy.hash(),
        "repository": repository.as_str(),
        "digest": digest,
        "tags": tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
        "kinds": kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "rules": policy.rules().iter().map(rule).collect::<Vec<_>>(),
    })
}

fn asked(ask: &Ask<'_>) -> String {
    match &ask.part {
        Part::Manifest => format!("{} about the manifest", ask.plugin),
        Part::Layer(layer) => format!("{} about {} {}", ask.plugin, layer.media_type, layer.digest),
    }
}
