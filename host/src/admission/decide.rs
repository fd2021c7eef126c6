//! What a rule makes of what plugins say.

use std::collections::BTreeMap;

use roadstead_engine::{ContentError, Report, ReviewError, Severity as Found};

use super::{
    Annotation, Candidate, Decision, Finding, Severity,
    below::Hidden,
    plan::{Check, Part, accepted_names, stranger},
    review::Answer,
};
use crate::{
    codes,
    policy::{FailurePolicy, Level, Mode, Rule, Verb},
};

/// What a check came to.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) annotations: Vec<Annotation>,
    /// whether the plugin could not judge now and may later
    pub(super) retry: bool,
}

impl Checked {
    /// What this check alone would decide: an error refuses, unless another try may cure it.
    pub(super) fn decision(&self) -> Decision {
        match self.findings.iter().any(|finding| finding.severity == Severity::Error) {
            false => Decision::Accept,
            true if self.retry => Decision::Unavailable,
            true => Decision::Reject,
        }
    }
}

/// What a check came to, by the answer to its question.
pub(super) fn checked(check: &Check<'_>, answer: &Answer) -> Checked {
    match answer {
        Answer::Reviewed(Ok(report)) => match report {
            Some(report) => reported(check, report),
            None => Checked::default(),
        },
        Answer::Reviewed(Err(error)) => failed(check.rule, check.ask.plugin, error),
        Answer::Absent => absent(check),
    }
}

/// How bad a finding is, by the rule. None: it is ignored.
fn graded(rule: &Rule, code: &str, found: Severity) -> Option<Severity> {
    let level = match rule.severity.get(code) {
        None => found,
        Some(Level::Error) => Severity::Error,
        Some(Level::Warning) => Severity::Warning,
        Some(Level::Ignore) => return None,
    };
    Some(if rule.mode == Mode::Warn { Severity::Warning } else { level })
}

fn reported(check: &Check<'_>, report: &Report) -> Checked {
    let Check { rule, ask } = check;
    let layer = match &ask.part {
        Part::Manifest => None,
        Part::Layer(layer) => Some(layer.digest.to_string()),
    };
    let findings = report.findings.iter().filter_map(|finding| {
        let found = match finding.severity {
            Found::Error => Severity::Error,
            Found::Warning => Severity::Warning,
        };
        let place = place(finding.location.path.as_deref(), finding.location.line);
        Some(Finding {
            rule: rule.name.clone(),
            plugin: Some(ask.plugin.to_owned()),
            code: finding.code.clone(),
            severity: graded(rule, &finding.code, found)?,
            message: finding.message.clone(),
            location: place.or_else(|| layer.clone()),
            properties: finding.properties.iter().cloned().collect(),
        })
    });
    let annotations = report.annotations.iter().map(|fact| Annotation {
        plugin: ask.plugin.to_owned(),
        about: fact.about.as_ref().map(ToString::to_string),
        authenticated: fact.authenticated,
        key: fact.key.clone(),
        value: fact.value.clone(),
    });
    Checked { findings: findings.collect(), annotations: annotations.collect(), retry: false }
}

fn place(path: Option<&str>, line: Option<u32>) -> Option<String> {
    let path = path?;
    Some(match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    })
}

/// A plugin that could not judge. What is a property of the content refuses for good, or any
/// pusher could make the registry look broken; the rest asks for another try, and why is for the
/// log alone.
pub(super) fn failed(rule: &Rule, plugin: &str, error: &ReviewError) -> Checked {
    let ignored = rule.failure_policy == FailurePolicy::Ignore || rule.mode == Mode::Warn;
    let lasting = error.is_property_of_content();
    tracing::warn!(rule = rule.name, plugin, %error, "a plugin could not judge");
    let finding = Finding {
        rule: rule.name.clone(),
        plugin: Some(plugin.to_owned()),
        code: error.code().id.to_owned(),
        severity: if ignored { Severity::Warning } else { Severity::Error },
        message: match error {
            // what it said is for whoever mends the plugin
            ReviewError::Panic(_) => {
                format!(
                    "plugin {plugin} panicked while reviewing this; the server's log has the \
                         message"
                )
            }
            ReviewError::Wall { .. } => format!(
                "plugin {plugin} could not judge this within its time limit; push it again, or ask \
                 the operator for a higher limit"
            ),
            error if lasting => format!("plugin {plugin} could not judge this: {error}"),
            _ => format!("plugin {plugin} could not judge this now; push it again"),
        },
        location: None,
        properties: BTreeMap::new(),
    };
    Checked { findings: vec![finding], retry: !ignored && !lasting, ..Checked::default() }
}

fn absent(check: &Check<'_>) -> Checked {
    let Part::Layer(layer) = &check.ask.part else { return Checked::default() };
    let message = format!(
        "layer {} is not stored here, so plugin {} can't review it; push the layer",
        layer.digest, check.ask.plugin
    );
    found(check.rule, Some(check.ask.plugin), codes::LAYER_ABSENT, message)
}

/// A rule that does not accept the candidate.
pub(super) fn unaccepted(rule: &Rule, candidate: &Candidate) -> Checked {
    if let Verb::Deny { message } = &rule.verb {
        return denied(rule, message.as_deref(), candidate);
    }
    let Candidate { repository, kinds, manifest, .. } = candidate;
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let of = manifest.effective_artifact_type().unwrap_or(&manifest.media_type);
    let (accepted, kinds) = (accepted_names(rule), kinds.join(" and "));
    let message = match stranger(rule, candidate) {
        Some((text, of)) => format!(
            "{repository} accepts only {accepted}; this is {kinds}, but the type {text:?} does not \
             belong in {of}"
        ),
        None => format!("{repository} accepts only {accepted}; this is {kinds} ({of})"),
    };
    found(rule, None, codes::NOT_ACCEPTED, message)
}

/// A rule about a candidate of which the store could not say what it is.
pub(super) fn unread(rule: &Rule, error: &ContentError) -> Checked {
    tracing::warn!(%error, "the content of a manifest could not be read");
    let message = "the content of this manifest could not be read now; push it again";
    let found = found(rule, None, codes::BELOW_UNREADABLE, message.to_owned());
    Checked { retry: true, ..found }
}

/// A rule that denies the candidate, in its own words if it has some.
fn denied(rule: &Rule, message: Option<&str>, candidate: &Candidate) -> Checked {
    let Candidate { repository, kinds, manifest, .. } = candidate;
    let message = message.map_or_else(
        || {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
            let of = manifest.effective_artifact_type().unwrap_or(&manifest.media_type);
            format!("the policy denies this in {repository}: it is {} ({of})", kinds.join(" and "))
        },
        ToOwned::to_owned,
    );
    found(rule, None, codes::DENIED, message)
}

/// A rule that can't be applied to what a manifest leads to.
pub(super) fn hidden(rule: &Rule, hidden: &Hidden) -> Checked {
    let (code, message, retry) = match hidden {
        Hidden::TooMany => {
            let message =
                "more than 32768 manifests lead to this one, or it leads to more than that; split \
                 the index"
                    .to_owned();
            (codes::TOO_MANY_BELOW, message, false)
        }
        Hidden::Absent(digest) => {
            let message = format!("this names {digest}, which is not stored here; push that first");
            (codes::BELOW_UNREADABLE, message, false)
        }
        Hidden::OtherType { digest, pushed_as, named_as } => {
            let message = format!(
                "an index names {digest} as {named_as}, but it is pushed as {pushed_as}; correct \
                 one of them"
            );
            (codes::BELOW_UNREADABLE, message, false)
        }
        Hidden::Unreadable(digest) => {
            let message = format!(
                "{digest} can't be read as the media type in its descriptor; correct the \
                         descriptor"
            );
            (codes::BELOW_UNREADABLE, message, false)
        }
        Hidden::Failed(error) => {
            tracing::warn!(%error, "a manifest that another one names could not be read");
            let message = "a manifest that this names could not be read now; push it again";
            (codes::BELOW_UNREADABLE, message.to_owned(), true)
        }
    };
    Checked { retry, ..found(rule, None, code, message) }
}

/// What the host itself found, for a rule.
fn found(rule: &Rule, plugin: Option<&str>, code: &str, message: String) -> Checked {
    let Some(severity) = graded(rule, code, Severity::Error) else { return Checked::default() };
    let finding = Finding {
        rule: rule.name.clone(),
        plugin: plugin.map(ToOwned::to_owned),
        code: code.to_owned(),
        severity,
        message,
        location: None,
        properties: BTreeMap::new(),
    };
    Checked { findings: vec![finding], ..Checked::default() }
}
