//! Verdicts: what was found, what follows from it, and how a person reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Candidate,
    review::{Answered, micros},
};
use crate::policy::{Installed, Policy};

/// What happens to a push. Of the decisions of several checks the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// it is stored
    Accept,
    /// it could not be judged now; a retry may help
    Unavailable,
    /// it is refused, and pushing it again will not help
    Reject,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// the push is refused
    Error,
    /// the push succeeds with a warning
    Warning,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// the rule that asked for the check
    pub rule: String,
    /// the plugin that found it, by the policy's name for it; none: the registry itself did
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// stable, such as `RSH012`
    pub code: String,
    /// after the policy's own severities
    pub severity: Severity,
    /// what is wrong, where, what to do
    pub message: String,
    /// where in the artifact, if somewhere in particular
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// whatever else the plugin says of it, for machines
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A fact that a plugin established, kept with the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// the policy's name for the plugin
    pub plugin: String,
    /// another manifest; none: the artifact itself
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// proven against configured trust, or merely read
    pub authenticated: bool,
    /// what the fact is called
    pub key: String,
    /// the fact
    pub value: String,
}

/// A plugin that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// the policy's name for it
    pub plugin: String,
    /// its own name and version, such as `helm 0.1.0`
    pub version: String,
    /// the component's digest
    pub digest: String,
    /// the digest of its settings
    pub settings: String,
    /// microseconds that its reviews took
    pub duration_us: u64,
    /// reviews that it made
    #[serde(default)]
    pub reviews: u64,
    /// reviews that it had made before, and that were remembered
    #[serde(default)]
    pub remembered: u64,
    /// microseconds that its reviews waited for their turns
    #[serde(default)]
    pub queue_us: u64,
    /// most memory that one of its reviews had
    #[serde(default)]
    pub memory_bytes: u64,
    /// bytes of the content that its reviews read, as they are stored
    #[serde(default)]
    pub read_bytes: u64,
    /// calls to the host that its reviews made
    #[serde(default)]
    pub host_calls: u64,
}

/// What was decided about a push, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// what happens
    pub decision: Decision,
    /// where it was pushed to
    pub repository: String,
    /// the manifest's digest
    pub digest: String,
    /// the tags that were pushed
    pub tags: Vec<String>,
    /// who pushed it, if that is known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_by: Option<String>,
    /// what it was taken for
    pub kind: String,
    /// the policy's hash, 12 hexadecimal characters
    pub policy: String,
    /// the worst first
    pub findings: Vec<Finding>,
    /// what was established
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// who took part
    pub judges: Vec<Judge>,
    /// microseconds
    pub duration_us: u64,
    /// whether it names manifests that are not there, of which a rule would have to know
    #[serde(skip)]
    pub awaits: bool,
}

/// A judgement, as it is kept and told. One that says what an earlier one said has the id and the
/// time of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// 11 characters of Crockford's base32
    pub id: String,
    /// RFC 3339
    pub at: String,
    /// what it says
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// One entry of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// one line
    pub message: String,
    /// at most six short strings
    pub detail: Vec<(&'static str, String)>,
}

/// Most entries of a refusal, and most bytes of one message or of all warnings (D-50).
const ENTRIES_MAX: usize = 5;
const MESSAGE_BYTES_MAX: usize = 300;
const WARNING_BYTES_MAX: usize = 4096;

impl Judgement {
    /// Nothing was found yet.
    pub(super) fn begin(candidate: &Candidate, policy: &Policy) -> Self {
        Self {
            decision: Decision::Accept,
            repository: candidate.repository.to_string(),
            digest: candidate.digest.to_string(),
            tags: candidate.tags.iter().map(ToString::to_string).collect(),
            pushed_by: candidate.principal.recorded(),
            kind: candidate.kind().name().to_owned(),
            policy: policy.hash().to_owned(),
            findings: Vec::new(),
            annotations: Vec::new(),
            judges: Vec::new(),
            duration_us: 0,
            awaits: false,
        }
    }

    /// A plugin answered a question, now or before.
    pub(super) fn took_part(&mut self, installed: &Installed, answered: &Answered<'_>) {
        let name = answered.ask.plugin;
        let Installed { plugin, settings_digest, .. } = installed;
        let known = self.judges.iter().position(|judge| judge.plugin == name);
        let position = known.unwrap_or_else(|| {
            let metadata = plugin.metadata();
            self.judges.push(Judge {
                plugin: name.to_owned(),
                version: format!("{} {}", metadata.name, metadata.version),
                digest: plugin.digest().to_string(),
                settings: settings_digest.to_string(),
                duration_us: 0,
                reviews: 0,
                remembered: 0,
                queue_us: 0,
                memory_bytes: 0,
                read_bytes: 0,
                host_calls: 0,
            });
            self.judges.len() - 1
        });
        let judge = &mut self.judges[position];
        judge.remembered += u64::from(answered.remembered);
        let Some(made) = &answered.made else { return };
        judge.reviews += 1;
        judge.duration_us += micros(made.duration);
        judge.queue_us += micros(made.queue);
        judge.memory_bytes = judge.memory_bytes.max(made.memory_bytes as u64);
        judge.read_bytes += made.read_bytes;
        judge.host_calls += u64::from(made.host_calls);
    }
}

impl Verdict {
    /// What stands for the id of a verdict that is not kept.
    const TRIED: &str = "-";

    /// A judgement of what was only tried, which nothing is kept of. `at` is RFC 3339.
    pub fn tried(at: String, judgement: Judgement) -> Self {
        Self { id: Self::TRIED.to_owned(), at, judgement }
    }

    /// The id that it is found by; none: it was only tried.
    pub fn kept_as(&self) -> Option<&str> {
        Some(self.id.as_str()).filter(|id| ![Self::TRIED, ""].contains(id))
    }

    /// Why the push is refused, an entry a finding, at most five; the last says how many more.
    pub fn refusals(&self) -> Vec<Refusal> {
        let errors: Vec<_> = self
            .judgement
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        let shown = if errors.len() > ENTRIES_MAX { ENTRIES_MAX - 1 } else { errors.len() };
        let mut entries: Vec<_> =
            errors[..shown].iter().map(|finding| self.refusal(finding)).collect();
        if errors.len() > shown {
            let more = errors.len() - shown;
            entries.push(Refusal {
                message: format!("and {more} more: roadstead verdict show {}", self.id),
                detail: vec![("verdict", self.id.clone())],
            });
        }
        entries
    }

    fn refusal(&self, finding: &Finding) -> Refusal {
        let mut detail =
            vec![("policy", self.judgement.policy.clone()), ("rule", finding.rule.clone())];
        detail.extend(finding.plugin.clone().map(|plugin| ("plugin", plugin)));
        detail.extend([
            ("code", finding.code.clone()),
            ("verdict", self.id.clone()),
            ("help", format!("roadstead verdict show {}", self.id)),
        ]);
        Refusal { message: self.line(finding), detail }
    }

    /// `rule <name>: <what, where, what to do> [<code> verdict <id>]`
    fn line(&self, finding: &Finding) -> String {
        let head = format!("rule {}: ", finding.rule);
        let tail = format!(" [{} verdict {}]", finding.code, self.id);
        let room = MESSAGE_BYTES_MAX.saturating_sub(head.len() + tail.len());
        let message = match &finding.location {
            Some(place) if !finding.message.contains(place) => {
                format!("{place}: {}", finding.message)
            }
            _ => finding.message.clone(),
        };
        format!("{head}{}{tail}", one_line(&message, room))
    }

    /// The `Warning` headers of a push that succeeds all the same.
    pub fn warnings(&self) -> Vec<String> {
        let mut bytes = 0;
        let warning = |finding: &Finding| {
            let text = self.line(finding).replace('\\', "/").replace('"', "'");
            format!("299 - \"{text}\"")
        };
        self.judgement
            .findings
            .iter()
            .map(warning)
            .take_while(|warning| {
                bytes += warning.len();
                bytes <= WARNING_BYTES_MAX
            })
            .collect()
    }

    /// What is kept with the manifest.
    pub fn to_record(&self) -> Value {
        json!(self)
    }
}

/// Printable ASCII on one line, cut at `bytes_max`.
fn one_line(text: &str, bytes_max: usize) -> String {
    let plain = |letter: char| match letter {
        ' '..='~' => letter,
        _ if letter.is_whitespace() => ' ',
        _ => '?',
    };
    let mut line: String = text.chars().map(plain).collect();
    if line.len() > bytes_max {
        line.truncate(bytes_max.saturating_sub(3));
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(findings: usize, message: &str) -> Verdict {
        let finding = |n: usize| Finding {
            rule: "charts".into(),
            plugin: Some("helm".into()),
            code: format!("RSH{n:03}"),
            severity: Severity::Error,
            message: message.into(),
            location: None,
            properties: BTreeMap::new(),
        };
        let judgement = Judgement {
            decision: Decision::Reject,
            repository: "a".into(),
            digest: "sha256:00".into(),
            tags: vec![],
            pushed_by: None,
            kind: "helm-chart".into(),
            policy: "0123456789ab".into(),
            findings: (0..findings).map(finding).collect(),
            annotations: vec![],
            judges: vec![],
            duration_us: 1,
            awaits: false,
        };
        Verdict { id: "0123456789A".into(), at: "2026-01-01T00:00:00Z".into(), judgement }
    }

    #[test]
    fn a_refusal_is_one_line_that_a_person_can_act_on() {
        let refusals = verdict(1, "Chart.yaml:3 says 1.4\n\u{1b}[31m\u{e4}; use 1.4.0").refusals();
        assert_eq!(
            refusals[0].message,
            "rule charts: Chart.yaml:3 says 1.4 ?[31m?; use 1.4.0 [RSH000 verdict 0123456789A]"
        );
        assert!(refusals[0].detail.len() <= 6);
    }

    #[test]
    fn lines_and_entries_are_bounded() {
        let many = verdict(9, &"x".repeat(999)).refusals();
        assert_eq!(many.len(), 5);
        assert!(many.iter().all(|refusal| refusal.message.len() <= 300));
        assert_eq!(many[4].message, "and 5 more: roadstead verdict show 0123456789A");
        assert_eq!(verdict(5, "x").refusals().len(), 5);
        let warnings = verdict(100, &"\"x\\".repeat(99)).warnings();
        assert!(warnings.iter().map(String::len).sum::<usize>() <= 4096);
        assert!(warnings[0].starts_with("299 - \"rule charts: 'x/'x/"));
    }
}
