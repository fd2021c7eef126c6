//! `roadstead policy test`

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use roadstead_cases::{self as cases, Case, Fact, Found, Judged, Outcome, Target, Tester};

use super::{Exit, Where};
use crate::{
    admission::{Admission, Decision, Finding, Judgement, Severity, plan::plan},
    cli::cases::{Stored, Tally, candidate},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// Files of test cases, or folders of such files
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    #[command(flatten)]
    policy: Where,
}

impl Test {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let admission = Admission::new(self.policy.load().await?);
        let cases = cases::read(&self.cases, Tester::Policy)?;
        let mut tally = Tally::default();
        for case in cases {
            let (name, place) = (case.name.clone(), case.place.clone());
            let expect = case.expect.clone();
            let (differences, found) = match judged(&admission, case).await {
                Ok(outcome) => (expect.differences(&outcome), format!(": {outcome}")),
                Err(difference) => (vec![difference], String::new()),
            };
            tally.tell(&name, &place, &found, &differences)?;
        }
        tally.end().map(Exit::of)
    }
}

async fn judged(admission: &Admission, case: Case) -> Result<Outcome, String> {
    let Target::Manifest(push) = &case.target else {
        return Err("a policy judges manifests; use `manifest:`".to_owned());
    };
    let candidate = candidate(push)?;
    let content = Arc::new(Stored { case, piece_bytes_max: 1 << 20 });
    let judgement = admission.judge(&candidate, content).await;
    let policy = admission.policy();
    let rules = plan(&policy, &candidate).rules;
    let rules = rules.into_iter().map(|rule| rule.name.clone()).collect();
    match judgement.decision {
        Decision::Unavailable => {
            let why = judgement.findings.first().map(|finding| finding.message.clone());
            Ok(Outcome::Failed(why.unwrap_or_default()))
        }
        Decision::Accept => Ok(outcome(judgement, cases::Decision::Accept, rules)),
        Decision::Reject => Ok(outcome(judgement, cases::Decision::Reject, rules)),
    }
}

fn outcome(judgement: Judgement, decision: cases::Decision, rules: Vec<String>) -> Outcome {
    let annotations = judgement.annotations.into_iter().map(|fact| Fact {
        key: fact.key,
        value: fact.value,
        about: fact.about,
        authenticated: fact.authenticated,
    });
    let findings = judgement.findings.into_iter().map(found);
    Outcome::Judged(Judged {
        decision,
        findings: findings.collect(),
        annotations: annotations.collect(),
        rules,
    })
}

fn found(finding: Finding) -> Found {
    let place = finding.location.unwrap_or_default();
    let line = place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
    let (path, line) = match line {
        Some((path, line)) => (path.to_owned(), Some(line)),
        None => (place, None),
    };
    Found {
        code: finding.code,
        severity: match finding.severity {
            Severity::Error => cases::Severity::Error,
            Severity::Warning => cases::Severity::Warning,
        },
        message: finding.message,
        path: (!path.is_empty()).then_some(path),
        line,
    }
}
