//! Changes of rules that stand in included files: only what a change says becomes otherwise.
//!
//! A change reaches the rules of the files that its own file includes, and theirs in turn. Of two
//! changes of one rule the outer file's is the last word, whatever the order of the includes; two
//! files of which neither includes the other can't both change it.

use std::collections::BTreeSet;

use super::{
    document::{Action, Change, Written},
    problem::{Problem, did_you_mean},
    rule::Changed,
};

/// Applies changes to rules. `included`: of each file the files that it includes, with theirs.
pub(super) fn apply(
    rules: &mut [Written],
    mut changes: Vec<Change>,
    included: &[BTreeSet<usize>],
) -> Vec<Problem> {
    // an included file has a smaller number than the file that includes it
    changes.sort_by_key(|change| change.document);
    let includes = |outer: usize, inner: usize| {
        included.get(outer).is_some_and(|included| included.contains(&inner))
    };
    let mut problems = Vec::new();
    let mut changed: Vec<(usize, usize, String)> = Vec::new();
    for change in changes {
        let (name, document) = (&change.name, change.document);
        let position = rules
            .iter()
            .position(|rule| rule.name.value == name.value && includes(document, rule.document));
        let Some(position) = position else {
            problems.push(unknown(&change, rules, included));
            continue;
        };
        if let Some(problem) = useless(&change, &rules[position]) {
            problems.push(problem);
            continue;
        }
        let at = name.spot.to_string();
        let others = changed.iter().filter(|(of, ..)| *of == position);
        if let Some((_, other, place)) = others.clone().find(|(_, by, _)| !includes(document, *by))
        {
            let message = match *other == document {
                true => format!("rule {:?} is changed twice", name.value),
                false => format!(
                    "rule {:?} is changed by two files, neither of which includes the other",
                    name.value
                ),
            };
            let help = format!("the other change is at {place}; keep one of them");
            problems.push(Problem::error(&name.spot, message).help(help));
            continue;
        }
        changed.push((position, document, at.clone()));
        let rule = &mut rules[position];
        rule.changed.push(Changed { at, keys: change.what.keys() });
        rule.what.change(change.what);
    }
    problems
}

/// A change of a rule that no included file has.
fn unknown(change: &Change, rules: &[Written], included: &[BTreeSet<usize>]) -> Problem {
    let (name, document) = (&change.name, change.document);
    let within = |rule: &&Written| {
        included.get(document).is_some_and(|included| included.contains(&rule.document))
    };
    let message = format!(
        "rule {:?} has no verb, and no included file has a rule of this name to change",
        name.value
    );
    let elsewhere = rules.iter().find(|rule| rule.name.value == name.value);
    let help = match elsewhere {
        Some(rule) if rule.document == document => {
            format!("the rule at {} is in this file; change it there", rule.name.spot)
        }
        Some(rule) => format!("the rule at {} is not in an included file", rule.name.spot),
        None => {
            let names = rules.iter().filter(within).map(|rule| rule.name.value.as_str());
            let near = did_you_mean(&name.value, names);
            match near.is_empty() {
                true => "give it one of check, checkLayers, acceptOnly, deny".to_owned(),
                false => near,
            }
        }
    };
    Problem::error(&name.spot, message).help(help)
}

/// Why a change can't be applied to a rule.
fn useless(change: &Change, rule: &Written) -> Option<Problem> {
    let name = &change.name;
    if change.what.keys().is_empty() {
        let message = format!("this changes nothing in rule {:?}", name.value);
        let help = "change match, severity, mode, failurePolicy or message";
        return Some(Problem::error(&name.spot, message).help(help));
    }
    let message = change.what.message.as_ref()?;
    if matches!(rule.verb, Action::Deny) {
        return None;
    }
    let problem = Problem::error(&message.spot, "only a rule with `deny` can have a message");
    Some(problem.help(format!("the rule at {} has a different verb", rule.name.spot)))
}
