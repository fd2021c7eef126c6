//! Admission: what may land, and why.
//!
//! A candidate is routed by the policy to plugins, each of which reviews it in a sandbox; their
//! reports make one judgement, in which a rejection outweighs everything else. A plugin that could
//! not judge has neither accepted nor rejected: the rule's failure policy decides, and it refuses
//! unless it says otherwise. A failure that another try may cure answers "unavailable", never
//! "accepted".
//!
//! Knows neither HTTP nor wasmtime nor the store: content comes through [`Content`],
//! and where it goes through [`Place`].

mod below;
mod candidate;
mod decide;
mod explain;
mod memo;
mod place;
pub mod plan;
mod review;
mod runnable;
mod verdict;

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

pub use candidate::{Candidate, ReadManifest};
pub use explain::explain;
pub use place::{Above, Place};
pub use roadstead_engine::{Annotation as Fact, Content, ContentError, Listed};
use roadstead_oci::Digest;
pub use verdict::{Annotation, Decision, Finding, Judge, Judgement, Refusal, Severity, Verdict};

use crate::{
    kind::Kind,
    policy::{Policy, Rule},
};
use below::{BELOW_MAX, Below, Hidden};
use decide::Checked;
use memo::Memo;
use plan::{Plan, plan, plan_of};
pub use review::target;

/// What is judged, by which policy, from what content.
#[derive(Clone, Copy)]
struct Matter<'a> {
    policy: &'a Policy,
    candidate: &'a Candidate,
    content: &'a Arc<dyn Content>,
}

/// Judges pushes by the policy in force.
#[derive(Debug)]
pub struct Admission {
    policy: RwLock<Arc<Policy>>,
    memo: Memo,
}

impl Admission {
    /// Judges by this policy.
    pub fn new(policy: Policy) -> Self {
        Self { policy: RwLock::new(Arc::new(policy)), memo: Memo::new() }
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another policy in force. What is being judged is judged again before it is stored.
    pub fn replace(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Whether a judgement was made by the policy in force.
    pub fn is_current(&self, judgement: &Judgement) -> bool {
        self.policy().hash() == judgement.policy
    }

    /// Judges a candidate. Whatever it is, there is a judgement.
    pub async fn judge(&self, candidate: &Candidate, place: Arc<dyn Place>) -> Judgement {
        let content: Arc<dyn Content> = Arc::clone(&place) as _;
        let started = Instant::now();
        let policy = self.policy();
        let (looked_at, failed) = match look(candidate, &*content).await {
            Ok(looked_at) => (looked_at, None),
            // until it can be read it could be anything
            Err(error) => (Cow::Owned(candidate.also(Kind::IMAGE)), Some(error)),
        };
        let (candidate, policy) = (&*looked_at, &*policy);
        let matter = Matter { policy, candidate, content: &content };
        let mut judgement = Judgement::begin(candidate, policy);
        let plan = plan(policy, candidate);
        if let Some(error) = failed {
            for rule in &plan.rules {
                judgement.add(decide::unread(rule, &error));
            }
        }
        self.carry_out(matter, &plan, &mut judgement).await;
        self.judge_below(matter, None, &mut judgement).await;
        self.judge_above(matter, &*place, &mut judgement).await;
        judgement.findings.sort_by_key(|finding| finding.severity);
        judgement.duration_us = review::micros(started.elapsed());
        judgement
    }

    /// Asks what the plan asks.
    async fn carry_out(&self, matter: Matter<'_>, plan: &Plan<'_>, judgement: &mut Judgement) {
        for rule in &plan.unaccepted {
            judgement.add(decide::unaccepted(rule, matter.candidate));
        }
        let answers = review::ask_all(matter, &self.memo, &plan.checks).await;
        for check in &plan.checks {
            if let Some(answered) = answers.iter().find(|answered| answered.ask == check.ask) {
                judgement.add(decide::checked(check, &answered.answer));
            }
        }
        for answered in &answers {
            if let Some(installed) = matter.policy.plugin(answered.ask.plugin) {
                judgement.took_part(installed, answered);
            }
        }
    }

    /// Judges what a candidate leads to with its tags; of what leads to the one that is pushed,
    /// what lies on that way.
    async fn judge_below(
        &self,
        matter: Matter<'_>,
        arriving: Option<&Candidate>,
        judgement: &mut Judgement,
    ) {
        let Matter { policy, candidate: top, content } = matter;
        let rules = below::Rules::new(policy, top);
        if rules.is_empty() {
            return;
        }
        let mut below = Below::new(top, arriving);
        while let Some(next) = below.next(&**content).await {
            match next {
                Ok(candidate) => {
                    let rules: Vec<_> = rules.of(&candidate).collect();
                    self.judge_one_below(
                        rules,
                        Matter { candidate: &candidate, ..matter },
                        judgement,
                    )
                    .await;
                }
                Err(hidden) => judgement.add_hidden(&rules, &hidden),
            }
        }
        judgement.awaits |= below.awaits();
        while let Some(next) = below.next_loose(&**content).await {
            match next {
                Ok(candidate) => {
                    let rules: Vec<_> = rules.of_charts().collect();
                    self.judge_one_below(
                        rules,
                        Matter { candidate: &candidate, ..matter },
                        judgement,
                    )
                    .await;
                }
                Err(hidden) => judgement.add_hidden(&rules, &hidden),
            }
        }
    }

    /// Judges what is pushed with the tags of what named it before it was there.
    async fn judge_above(&self, matter: Matter<'_>, place: &dyn Place, judgement: &mut Judgement) {
        let Matter { policy, candidate, .. } = matter;
        let rules = below::Rules::of_any_tag(policy, candidate);
        if !rules.may_reach(candidate) {
            return;
        }
        let hidden = match place.above(&candidate.digest, BELOW_MAX).await {
            Ok(Some(above)) => {
                for above in above {
                    let top = above.candidate(candidate);
                    let before = judgement.findings.len();
                    self.judge_below(
                        Matter { candidate: &top, ..matter },
                        Some(candidate),
                        judgement,
                    )
                    .await;
                    for finding in judgement.findings.iter_mut().skip(before) {
                        finding.location = Some(place_above(&top, finding));
                    }
                }
                return;
            }
            Ok(None) => Hidden::TooMany,
            Err(error) => Hidden::Failed(error),
        };
        judgement.add_hidden(&rules, &hidden);
    }

    async fn judge_one_below(
        &self,
        rules: Vec<&Rule>,
        matter: Matter<'_>,
        judgement: &mut Judgement,
    ) {
        let Matter { candidate, content, .. } = matter;
        if rules.is_empty() {
            return;
        }
        let before = judgement.findings.len();
        match look(candidate, &**content).await {
            Ok(candidate) => {
                let plan = plan_of(rules, &candidate);
                self.carry_out(Matter { candidate: &candidate, ..matter }, &plan, judgement).await;
            }
            Err(error) => {
                for rule in rules {
                    judgement.add(decide::unread(rule, &error));
                }
            }
        }
        for finding in judgement.findings.iter_mut().skip(before) {
            finding.location = Some(place_below(&candidate.digest, finding));
        }
    }
}

/// The candidate with what only its content tells of its kinds.
///
/// # Errors
///
/// The store failed.
pub async fn look<'a>(
    candidate: &'a Candidate,
    content: &dyn Content,
) -> Result<Cow<'a, Candidate>, ContentError> {
    let known = candidate.kinds.contains(&Kind::IMAGE);
    Ok(match !known && runnable::is_run(candidate, content).await? {
        true => Cow::Owned(candidate.also(Kind::IMAGE)),
        false => Cow::Borrowed(candidate),
    })
}

/// Where a finding is that is about a manifest below the one that is pushed.
fn place_below(digest: &Digest, finding: &Finding) -> String {
    match &finding.location {
        Some(place) => format!("{digest} {place}"),
        None => digest.to_string(),
    }
}

/// Where a finding is that is about what another manifest leads to by its tags.
fn place_above(top: &Candidate, finding: &Finding) -> String {
    let leads = match top.tags.first() {
        Some(tag) => format!("reached from tag {tag}"),
        None => format!("reached from {}", top.digest),
    };
    match &finding.location {
        Some(place) => format!("{place}, {leads}"),
        None => leads,
    }
}

impl Judgement {
    fn add_hidden(&mut self, rules: &below::Rules<'_>, hidden: &Hidden) {
        for rule in rules.of_charts() {
            self.add(decide::hidden(rule, hidden));
        }
    }

    fn add(&mut self, checked: Checked) {
        self.decision = self.decision.max(checked.decision());
        self.findings.extend(checked.findings);
        self.annotations.extend(checked.annotations);
    }
}
