//! Admission: what may land, and why.
//!
//! A candidate is routed by the policy to plugins, each of which reviews it in a sandbox; their
//! reports make one verdict. Reject wins. A plugin that could not judge is no rejection and no
//! acceptance: the rule's failure policy decides, and it refuses unless it says otherwise. A
//! failure that another try may cure answers "unavailable", never "accepted".
//!
//! Knows neither HTTP nor wasmtime nor the store: content comes through [`Content`].

mod candidate;
pub mod kind;
mod memo;
pub mod plan;
pub mod policy;
mod review;
mod room;
mod verdict;

use std::{collections::HashMap, sync::Arc, time::Instant};

use futures::future::join_all;

pub use candidate::Candidate;
pub use roadstead_engine::{Annotation as Fact, Content, ContentError, Listed};
use roadstead_engine::{Engine, LoadError, Plugin, ReviewError};
pub use verdict::{Annotation, Decision, Finding, Judge, Refusal, Severity, Verdict};

use memo::Memo;
use plan::{Check, plan};
use policy::Policy;
use review::Checked;
use room::Room;

/// A plugin that the binary brings along.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// what policies call it
    pub name: &'static str,
    /// the component
    pub component: &'static [u8],
}

/// Judges pushes by the policy in force.
#[derive(Debug)]
pub struct Admission {
    policy: Policy,
    plugins: HashMap<String, Plugin>,
    memo: Memo,
    room: Room,
}

/// When and under which id a verdict is given.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// the verdict's id
    pub id: String,
    /// RFC 3339
    pub at: String,
}

impl Admission {
    /// The built-in policy with the plugins that the binary brings along.
    pub async fn builtin(engine: &Arc<Engine>, bundled: &[Bundled]) -> Result<Self, LoadError> {
        let mut plugins = HashMap::new();
        for Bundled { name, component } in bundled {
            plugins.insert((*name).to_owned(), engine.load(name, component).await?);
        }
        Ok(Self { policy: Policy::builtin(), plugins, memo: Memo::new(), room: Room::new() })
    }

    /// Identifies the policy in force.
    pub fn policy_hash(&self) -> &str {
        self.policy.hash()
    }

    /// Judges a candidate. Whatever it is, there is a verdict.
    pub async fn judge(
        &self,
        candidate: &Candidate,
        content: Arc<dyn Content>,
        occasion: Occasion,
    ) -> Verdict {
        let started = Instant::now();
        let checks = plan(&self.policy, candidate);
        let mut verdict = Verdict {
            id: occasion.id,
            at: occasion.at,
            decision: Decision::Accept,
            repository: candidate.repository.to_string(),
            digest: candidate.digest.to_string(),
            tags: candidate.tags.iter().map(ToString::to_string).collect(),
            kind: candidate.kind().name().to_owned(),
            policy: self.policy.hash().to_owned(),
            findings: Vec::new(),
            annotations: Vec::new(),
            judges: Vec::new(),
            duration_us: 0,
        };
        for checked in self.checked(&checks, candidate, &content).await {
            verdict.decision = verdict.decision.max(checked.decision());
            verdict.findings.extend(checked.findings);
            verdict.annotations.extend(checked.annotations);
            verdict.judges.extend(checked.judge);
        }
        verdict.findings.sort_by_key(|finding| finding.severity);
        verdict.duration_us = review::micros(started.elapsed());
        verdict
    }

    /// What all checks come to. What nobody looks at waits for nobody.
    async fn checked(
        &self,
        checks: &[Check],
        candidate: &Candidate,
        content: &Arc<dyn Content>,
    ) -> Vec<Checked> {
        if checks.is_empty() {
            return Vec::new();
        }
        let Some(_room) = self.room.of(candidate.bytes.len()).await else {
            return checks.iter().map(|check| review::failed(check, &ReviewError::Busy)).collect();
        };
        let target = review::target(candidate);
        let reviews =
            checks.iter().map(|check| self.check(check, (candidate, &target), Arc::clone(content)));
        join_all(reviews).await
    }
}
