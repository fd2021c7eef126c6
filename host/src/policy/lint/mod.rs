//! What a policy most likely does not mean: rules that never apply or that a push can go round,
//! globs that match nothing, rules that cancel one another, plugins that see nothing.
//!
//! Each warning can be proven from the policy alone; where it can't, there is none.

mod globs;
mod language;
mod pairs;
mod plugins;
mod signatures;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Installed, Level, Mode,
    document::{Action, Written},
    problem::{At, Problem},
};
use language::Effort;

/// What a policy is made of.
pub(super) struct Whole<'a> {
    pub(super) rules: &'a [Written],
    pub(super) plugins: &'a BTreeMap<String, Installed>,
    /// where each plugin is declared, and the number of that file
    pub(super) declared: &'a [(At<String>, usize)],
    /// of each file the files that it includes, with theirs
    pub(super) included: &'a [BTreeSet<usize>],
}

impl Whole<'_> {
    /// Whether one file includes another.
    fn includes(&self, outer: usize, inner: usize) -> bool {
        self.included.get(outer).is_some_and(|included| included.contains(&inner))
    }
}

/// All warnings, those of each rule first.
pub(super) fn warnings(whole: &Whole<'_>) -> Vec<Problem> {
    let mut effort = Effort::default();
    let mut warnings = Vec::new();
    for rule in whole.rules {
        globs::check(rule, &mut effort, &mut warnings);
        by_digest(rule, &mut warnings);
        raised_in_vain(rule, &mut warnings);
        plugins::unread(rule, whole.plugins, &mut effort, &mut warnings);
    }
    pairs::check(whole, &mut effort, &mut warnings);
    signatures::check(whole, &mut effort, &mut warnings);
    plugins::unused(whole, &mut warnings);
    warnings
}

/// What is pushed by digest has no tag, so that no exception of tags holds for it.
fn by_digest(rule: &Written, warnings: &mut Vec<Problem>) {
    let except = rule.what.about.except.as_ref().map(|(_, except)| except);
    // a rule about tags sees no push by digest
    let except = except.filter(|_| !rule.what.about.places.contains_key("tags"));
    if let Some(tags) = except.and_then(|except| except.places.get("tags")) {
        let message = "a push by digest has no tag, so this exception does not apply to it";
        let help = "helm and cosign push by digest first; exclude repositories or kinds instead";
        warnings.push(Problem::warning(&tags.key, message).help(help));
    }
    seen_by_tag(rule, warnings);
}

/// A code stays a warning in a rule that only warns.
fn raised_in_vain(rule: &Written, warnings: &mut Vec<Problem>) {
    if rule.what.mode != Some(Mode::Warn) {
        return;
    }
    for (code, _) in rule.what.severity.iter().filter(|(_, level)| *level == Level::Error) {
        let message =
            format!("rule {:?} only warns, so {} stays a warning", rule.name.value, code.value);
        let help = "set `mode: enforce`, or remove this";
        warnings.push(Problem::warning(&code.spot, message).help(help));
    }
}

/// Nor does a rule about tags see it. One that denies means just the tags.
fn seen_by_tag(rule: &Written, warnings: &mut Vec<Problem>) {
    let Some(tags) = rule.what.about.places.get("tags") else { return };
    if matches!(rule.verb, Action::Deny) {
        return;
    }
    let message = format!("a push by digest bypasses rule {:?}", rule.name.value);
    let help = "helm and cosign push by digest first, and a manifest that the rule rejects by tag \
                stays stored without a tag; leave `tags` out if that matters";
    warnings.push(Problem::warning(&tags.key, message).help(help));
}
