//! One check of a candidate: the review by a plugin, and what the rule makes of it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use roadstead_engine::{
    Content, Limits, ManifestTarget, Named, Plugin, Report, ReviewError, Severity as Found, Target,
};

use roadstead_oci::{Algorithm, Digest};

use super::{
    Admission, Annotation, Candidate, Decision, Finding, Judge, Severity,
    memo::{Memo, Outcome},
    plan::Check,
    policy::{FailurePolicy, Mode},
};

/// No settings.
const SETTINGS: &str = "{}";

/// What a check came to.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) judge: Option<Judge>,
    /// whether the plugin could not judge now and may later
    pub(super) retry: bool,
}

/// The candidate as plugins see it.
pub(super) fn target(candidate: &Candidate) -> Target {
    let manifest = &candidate.manifest;
    let descriptors = manifest.descriptors().map(|(role, index, descriptor)| Named {
        role,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        descriptor: descriptor.clone(),
    });
    Target::Manifest(ManifestTarget {
        digest: candidate.digest.clone(),
        media_type: manifest.media_type.clone(),
        artifact_type: manifest.effective_artifact_type().map(ToOwned::to_owned),
        kind: candidate.kind().name().to_owned(),
        bytes: candidate.bytes.clone(),
        annotations: manifest.annotations.clone().into_iter().collect(),
        descriptors: descriptors.collect(),
        repository: candidate.repository.to_string(),
        tags: candidate.tags.iter().map(ToString::to_string).collect(),
        principal: candidate.principal.clone(),
    })
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

impl Admission {
    pub(super) async fn check(
        &self,
        check: &Check,
        (candidate, target): (&Candidate, &Target),
        content: Arc<dyn Content>,
    ) -> Checked {
        let started = Instant::now();
        let Some(plugin) = self.plugins.get(&check.plugin) else {
            let missing = ReviewError::Internal("it is not loaded".to_owned());
            return failed(check, &missing);
        };
        let limits = Limits::default();
        let key = Memo::key(plugin, SETTINGS, &limits, candidate);
        let (outcome, duration_us) = if let Some(remembered) = self.memo.get(&key) {
            (remembered, 0)
        } else {
            let outcome = self.review(plugin, key, target, (content, &limits)).await;
            (outcome, micros(started.elapsed()).max(1))
        };
        let mut checked = match outcome {
            Ok(report) => reported(check, report.unwrap_or_default()),
            Err(error) => failed(check, &error),
        };
        checked.judge = Some(judge(plugin, duration_us));
        checked
    }

    async fn review(
        &self,
        plugin: &Plugin,
        key: Digest,
        target: &Target,
        (content, limits): (Arc<dyn Content>, &Limits),
    ) -> Outcome {
        let review = plugin.review(target, SETTINGS, content, limits).await;
        if review.memoisable {
            self.memo.keep(key, review.outcome.clone());
        }
        review.outcome
    }
}

fn reported(check: &Check, report: Report) -> Checked {
    let severity = |found| match (found, check.mode) {
        (Found::Error, Mode::Enforce) => Severity::Error,
        (Found::Error, Mode::Warn) | (Found::Warning, _) => Severity::Warning,
    };
    let findings = report.findings.into_iter().map(|finding| Finding {
        rule: check.rule.clone(),
        plugin: check.plugin.clone(),
        code: finding.code,
        severity: severity(finding.severity),
        message: finding.message,
        location: location(finding.location.path, finding.location.line),
        properties: finding.properties.into_iter().collect(),
    });
    let annotations = report.annotations.into_iter().map(|fact| Annotation {
        plugin: check.plugin.clone(),
        about: fact.about.map(|about| about.to_string()),
        authenticated: fact.authenticated,
        key: fact.key,
        value: fact.value,
    });
    Checked {
        findings: findings.collect(),
        annotations: annotations.collect(),
        ..Checked::default()
    }
}

fn location(path: Option<String>, line: Option<u32>) -> Option<String> {
    let path = path?;
    Some(match line {
        Some(line) => format!("{path}:{line}"),
        None => path,
    })
}

/// A plugin that could not judge. What is a property of the content refuses for good, or any
/// pusher could make the registry look broken; the rest asks for another try, and why is for the
/// log alone.
pub(super) fn failed(check: &Check, error: &ReviewError) -> Checked {
    let ignored = check.failure_policy == FailurePolicy::Ignore || check.mode == Mode::Warn;
    let lasting = error.is_property_of_content();
    tracing::warn!(rule = check.rule, plugin = check.plugin, %error, "a plugin could not judge");
    let finding = Finding {
        rule: check.rule.clone(),
        plugin: check.plugin.clone(),
        code: error.code().to_owned(),
        severity: if ignored { Severity::Warning } else { Severity::Error },
        message: match error {
            // what it said is for whoever mends the plugin
            ReviewError::Panic(_) => {
                format!("plugin {} panicked over this; the server's log says at what", check.plugin)
            }
            error if lasting => format!("plugin {} could not judge this: {error}", check.plugin),
            _ => format!("plugin {} could not judge this now; push it again", check.plugin),
        },
        location: None,
        properties: BTreeMap::new(),
    };
    Checked { findings: vec![finding], retry: !ignored && !lasting, ..Checked::default() }
}

fn judge(plugin: &Plugin, duration_us: u64) -> Judge {
    let metadata = plugin.metadata();
    Judge {
        plugin: plugin.name().to_owned(),
        version: format!("{} {}", metadata.name, metadata.version),
        digest: plugin.digest().to_string(),
        settings: Digest::of(Algorithm::Sha256, SETTINGS.as_bytes()).to_string(),
        duration_us,
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use roadstead_engine::Location;

    use super::*;

    fn check(mode: Mode, failure_policy: FailurePolicy) -> Check {
        Check { rule: "rule".to_owned(), plugin: "plugin".to_owned(), mode, failure_policy }
    }

    fn found(severity: Found) -> Report {
        let finding = roadstead_engine::Finding {
            code: "X1".to_owned(),
            severity,
            message: "wrong".to_owned(),
            properties: vec![("expected".to_owned(), "right".to_owned())],
            location: Location { path: Some("a".to_owned()), line: Some(3), ..Location::default() },
        };
        Report { findings: vec![finding], ..Report::default() }
    }

    #[test]
    fn an_error_refuses_where_the_rule_enforces() {
        for (severity, mode, decision) in [
            (Found::Error, Mode::Enforce, Decision::Reject),
            (Found::Error, Mode::Warn, Decision::Accept),
            (Found::Warning, Mode::Enforce, Decision::Accept),
        ] {
            let checked = reported(&check(mode, FailurePolicy::Fail), found(severity));
            assert_eq!(checked.decision(), decision, "{severity:?} {mode:?}");
            let finding = &checked.findings[0];
            assert_eq!(finding.location.as_deref(), Some("a:3"));
            assert_eq!(finding.properties["expected"], "right");
        }
    }

    #[test]
    fn a_plugin_that_can_t_judge_refuses_unless_the_rule_says_otherwise() {
        let panic = ReviewError::Panic(Some("at a secret place".to_owned()));
        let store = ReviewError::Content("the store failed at a secret place".to_owned());
        let (enforce, warn) = (Mode::Enforce, Mode::Warn);
        for (mode, policy, error, decision) in [
            (enforce, FailurePolicy::Fail, &panic, Decision::Reject),
            (enforce, FailurePolicy::Fail, &store, Decision::Unavailable),
            (enforce, FailurePolicy::Ignore, &panic, Decision::Accept),
            (enforce, FailurePolicy::Ignore, &store, Decision::Accept),
            (warn, FailurePolicy::Fail, &store, Decision::Accept),
        ] {
            let checked = failed(&check(mode, policy), error);
            assert_eq!(checked.decision(), decision, "{mode:?} {policy:?} {error}");
            assert_eq!(checked.findings.len(), 1, "it is told in any case");
            assert!(!checked.findings[0].message.contains("secret"));
        }
    }

    #[test]
    fn of_several_decisions_the_greatest_counts() {
        use Decision::{Accept, Reject, Unavailable};
        assert_eq!([Unavailable, Reject, Accept].into_iter().max(), Some(Reject));
        assert_eq!([Accept, Unavailable].into_iter().max(), Some(Unavailable));
    }
}
