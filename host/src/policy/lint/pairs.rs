//! Rules that come to nothing beside another one: all that match apply, and reject wins.

use super::{
    Whole,
    globs::{KEYS, covers, spots},
    language::Effort,
};
use crate::{
    codes,
    kind::{Kind, Row},
    policy::{
        document::{About, Action, Written},
        glob::Names,
        problem::Problem,
        rule::{Accepted, Level, Mode},
    },
};

/// Pairs of rules that are compared.
const PAIRS_MAX: usize = 10_000;

pub(super) fn check(whole: &Whole<'_>, effort: &mut Effort, warnings: &mut Vec<Problem>) {
    let pairs = whole.rules.iter().flat_map(|rule| {
        let enforced = whole.rules.iter().filter(|other| enforces(other));
        enforced.map(move |other| (rule, other))
    });
    for (rule, other) in pairs.take(PAIRS_MAX) {
        if std::ptr::eq(rule, other) {
            continue;
        }
        if softens(rule, other) && is_within(&rule.what.about, &other.what.about, effort) {
            warnings.push(hardened(whole, rule, other));
        }
        excluded(whole, rule, other, effort, warnings);
    }
}

pub(super) fn enforces(rule: &Written) -> bool {
    rule.what.mode.unwrap_or_default() == Mode::Enforce
}

/// Whether a rule means to let pass what another one rejects for the same reasons.
fn softens(rule: &Written, other: &Written) -> bool {
    let same = match (&rule.verb, &other.verb) {
        (Action::Check(ours), Action::Check(theirs)) => {
            ours.iter().all(|ours| theirs.iter().any(|their| their.value == ours.value))
        }
        (Action::Deny, Action::Deny) => true,
        _ => false,
    };
    // what the other one ignores this one would show
    let ignores = other.what.severity.iter().any(|(_, level)| *level == Level::Ignore);
    let mut lower = rule.what.severity.iter().filter(|(_, level)| *level != Level::Error);
    let warns = !enforces(rule) && !ignores;
    same && (warns || lower.any(|(code, _)| !lowers(other, &code.value)))
}

fn hardened(whole: &Whole<'_>, rule: &Written, other: &Written) -> Problem {
    let what = if enforces(rule) { "lowers severities" } else { "only warns" };
    let other_name = &other.name.value;
    let message = format!(
        "rule {:?} {what}, but rule {other_name:?} runs the same checks and rejects",
        rule.name.value
    );
    let help = match whole.includes(rule.document, other.document) {
        true => format!(
            "change that one instead: `- {{ name: {other_name}, … }}` with the same `mode`, \
             `severity` or `match: {{ except: … }}`"
        ),
        false => "all matching rules apply; exclude artifacts from the other rule with `match: { \
                  except: … }`"
            .to_owned(),
    };
    Problem::warning(&rule.name.spot, message).help(help)
}

/// A rule about a kind that another one does not accept in the same repositories. A denial with a
/// message of its own says more than that one does.
fn excluded(
    whole: &Whole<'_>,
    rule: &Written,
    other: &Written,
    effort: &mut Effort,
    warnings: &mut Vec<Problem>,
) {
    let Action::AcceptOnly(accepted) = &other.verb else { return };
    let adds = match rule.verb {
        Action::Check(_) | Action::CheckLayers(_) => false,
        Action::Deny => rule.what.message.is_some(),
        Action::AcceptOnly(_) => true,
    };
    // an included rule is about other repositories as well, or was not chosen
    if adds || whole.includes(other.document, rule.document) {
        return;
    }
    if lowers(other, codes::NOT_ACCEPTED) || !is_within(&rule.what.about, &other.what.about, effort)
    {
        return;
    }
    let kinds = rule.what.about.of.kinds.iter().flatten();
    for (kind, spot) in kinds.zip(spots(&rule.what.about, "kinds")) {
        if may_accept(accepted, *kind, effort) {
            continue;
        }
        let message = format!(
            "rule {:?} matches the kind {}, which rule {:?} rejects in the same repositories",
            rule.name.value,
            kind.name(),
            other.name.value
        );
        let help = match rule.verb {
            Action::Deny => "remove it here, or give it a `message` that says more".to_owned(),
            _ => format!("add {} to that rule's `acceptOnly`, or remove it here", kind.name()),
        };
        warnings.push(Problem::warning(spot, message).help(help));
    }
}

/// Whether a rule takes a code for less than an error.
fn lowers(rule: &Written, code: &str) -> bool {
    let levels = &rule.what.severity;
    levels.iter().any(|(of, level)| of.value == code && *level != Level::Error)
}

/// Whether a rule rejects all of a kind that it is about.
pub(super) fn rejects(rule: &Written, kind: Kind, effort: &mut Effort) -> bool {
    let rejects = match &rule.verb {
        Action::AcceptOnly(accepted) => {
            !lowers(rule, codes::NOT_ACCEPTED) && !may_accept(accepted, kind, effort)
        }
        Action::Deny => !lowers(rule, codes::DENIED),
        Action::Check(_) | Action::CheckLayers(_) => false,
    };
    enforces(rule) && rejects
}

/// Whether something of a kind may be accepted.
fn may_accept(accepted: &[Accepted], kind: Kind, effort: &mut Effort) -> bool {
    accepted.iter().any(|accepted| match accepted {
        Accepted::Kind(accepted) => *accepted == kind,
        Accepted::Type { .. } if kind == Kind::IMAGE_INDEX => false,
        Accepted::Type { of, layers } => {
            let Some(row) = Row::all().find(|row| row.kind == kind) else { return true };
            let types: Vec<_> = row.media_types.iter().map(ToString::to_string).collect();
            let Some(types) = effort.globs(&types, Names::Plain) else { return true };
            [of, layers].into_iter().any(|globs| {
                let globs = effort.globs(globs.patterns(), Names::Plain);
                globs.is_none_or(|globs| effort.any(&[&types, &globs], &[]) != Some(false))
            })
        }
    })
}

/// Whether a match is about nothing but what another one is about as well.
fn is_within(inner: &About, outer: &About, effort: &mut Effort) -> bool {
    let kinds = match (&inner.of.kinds, &outer.of.kinds) {
        (_, None) => true,
        (Some(inner), Some(outer)) => inner.iter().all(|kind| outer.contains(kind)),
        (None, Some(_)) => false,
    };
    kinds && is_within_but_for_kinds(inner, outer, effort)
}

/// The same, whatever the kinds are.
pub(super) fn is_within_but_for_kinds(inner: &About, outer: &About, effort: &mut Effort) -> bool {
    outer.except.is_none() && KEYS.iter().all(|key| covers(key, outer, inner, effort))
}
