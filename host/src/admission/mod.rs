//! Admission: what may land, and why.

mod candidate;
pub mod kind;
mod verdict;

pub use candidate::Candidate;
pub use verdict::{Annotation, Decision, Finding, Judge, Refusal, Severity, Verdict};

/// Judges pushes by the policy in force.
#[derive(Debug)]
pub struct Admission;

impl Admission {
    pub fn builtin() -> Self {
        Self
    }
    pub fn policy_hash(&self) -> &str {
        "000000000000"
    }
    pub async fn judge(&self, candidate: &Candidate, id: String, at: String) -> Verdict {
        Verdict {
            id,
            at,
            decision: Decision::Accept,
            repository: candidate.repository.to_string(),
            digest: candidate.digest.to_string(),
            tags: candidate.tags.iter().map(ToString::to_string).collect(),
            kind: candidate.kind().name().to_owned(),
            policy: String::new(),
            findings: vec![],
            annotations: vec![],
            judges: vec![],
            duration_us: 0,
        }
    }
}
