//! What became of a push, held against what was expected.

use std::fmt;

use crate::{Decision, Expectation, ExpectedFact, ExpectedFinding, Severity};

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// it was judged
    Judged(Judged),
    /// the plugin leaves it to others
    NotMine,
    /// the plugin could not judge, and why
    Failed(String),
}

/// A judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// whether it lands
    pub decision: Decision,
    /// all that was found
    pub findings: Vec<Found>,
    /// all facts
    pub annotations: Vec<Fact>,
    /// names of the rules that apply; nothing in the test of a plugin
    pub rules: Vec<String>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// its code
    pub code: String,
    /// its severity
    pub severity: Severity,
    /// what the pusher reads
    pub message: String,
    /// inside of an archive
    pub path: Option<String>,
    /// from 1
    pub line: Option<u64>,
}

/// A fact that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// what it is called
    pub key: String,
    /// what it says
    pub value: String,
    /// another manifest; none: what was pushed
    pub about: Option<String>,
    /// whether it is proven
    pub authenticated: bool,
}

impl Judged {
    /// By a plugin: an error rejects.
    pub fn by_plugin(findings: Vec<Found>, annotations: Vec<Fact>) -> Self {
        let rejects = findings.iter().any(|found| found.severity == Severity::Error);
        let decision = if rejects { Decision::Reject } else { Decision::Accept };
        Self { decision, findings, annotations, rules: Vec::new() }
    }
}

impl Expectation {
    /// All of an outcome, to hold another one against it.
    pub fn exactly(outcome: &Outcome) -> Self {
        let nothing = Self::default();
        match outcome {
            Outcome::NotMine => Self { not_mine: true, ..nothing },
            Outcome::Failed(why) => Self { fails: Some(why.clone()), ..nothing },
            Outcome::Judged(judged) => Self {
                decision: Some(judged.decision),
                findings: Some(judged.findings.iter().map(ExpectedFinding::exactly).collect()),
                annotations: Some(judged.annotations.iter().map(ExpectedFact::exactly).collect()),
                rules: Some(judged.rules.clone()),
                ..nothing
            },
        }
    }

    /// What is otherwise than expected, a line each; nothing if all is as it should be.
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let judged = match (outcome, &self.fails, self.not_mine) {
            (Outcome::NotMine, None, true) => return Vec::new(),
            (Outcome::Failed(why), Some(part), _) if why.contains(part) => return Vec::new(),
            (Outcome::Judged(judged), None, false) => judged,
            _ => return vec![format!("expected {self}, found {outcome}")],
        };
        let mut differences = Vec::new();
        if let Some(decision) = self.decision.filter(|decision| *decision != judged.decision) {
            differences.push(format!("expected {decision}, found {}", judged.decision));
        }
        if let Some(expected) = &self.findings {
            differences.extend(differ("finding", expected, &judged.findings, fits_finding));
        }
        if let Some(expected) = &self.annotations {
            differences.extend(differ("annotation", expected, &judged.annotations, fits_fact));
        }
        if let Some(expected) = &self.rules {
            differences.extend(differ("rule", expected, &judged.rules, |a, b| a == b));
        }
        differences
    }
}

impl ExpectedFinding {
    fn exactly(found: &Found) -> Self {
        let Found { code, severity, message, path, line } = found.clone();
        Self { code, severity: Some(severity), message: Some(message), path, line }
    }
}

impl ExpectedFact {
    fn exactly(found: &Fact) -> Self {
        let Fact { key, value, about, authenticated } = found.clone();
        Self { key, value: Some(value), about, authenticated: Some(authenticated) }
    }
}

/// Each expected one takes one of those found; the pickiest choose first.
fn differ<E: fmt::Display, F: fmt::Display>(
    what: &str,
    expected: &[E],
    found: &[F],
    fits: impl Fn(&E, &F) -> bool,
) -> Vec<String> {
    let mut left: Vec<&F> = found.iter().collect();
    let mut missing = Vec::new();
    let mut order: Vec<&E> = expected.iter().collect();
    order.sort_by_key(|expected| left.iter().filter(|found| fits(expected, found)).count());
    for expected in order {
        match left.iter().position(|found| fits(expected, found)) {
            Some(at) => drop(left.remove(at)),
            None => missing.push(format!("expected {what} {expected}")),
        }
    }
    missing.extend(left.iter().map(|found| format!("found {what} {found}")));
    missing
}

fn fits_finding(expected: &ExpectedFinding, found: &Found) -> bool {
    let ExpectedFinding { code, severity, message, path, line } = expected;
    *code == found.code
        && severity.is_none_or(|severity| severity == found.severity)
        && message.as_ref().is_none_or(|part| found.message.contains(part))
        && (path.is_none() || *path == found.path)
        && (line.is_none() || *line == found.line)
}

fn fits_fact(expected: &ExpectedFact, found: &Fact) -> bool {
    let ExpectedFact { key, value, about, authenticated } = expected;
    *key == found.key
        && value.as_ref().is_none_or(|value| *value == found.value)
        && (about.is_none() || *about == found.about)
        && authenticated.is_none_or(|authenticated| authenticated == found.authenticated)
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fails, self.not_mine, self.decision) {
            (Some(part), ..) => write!(f, "a failure that says {part:?}"),
            (None, true, _) => f.write_str("\"not mine\""),
            (None, false, Some(decision)) => decision.fmt(f),
            (None, false, None) => f.write_str("a judgement"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMine => f.write_str("\"not mine\""),
            Self::Failed(why) => write!(f, "a failure: {why}"),
            Self::Judged(judged) => {
                judged.decision.fmt(f)?;
                let codes: Vec<_> = judged.findings.iter().map(|found| &*found.code).collect();
                if codes.is_empty() { Ok(()) } else { write!(f, " with {}", codes.join(", ")) }
            }
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Accept { "accept" } else { "reject" })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Error { "error" } else { "warning" })
    }
}

impl fmt::Display for ExpectedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, message, path, line } = self;
        f.write_str(code)?;
        severity.map_or(Ok(()), |severity| write!(f, ", {severity}"))?;
        path.as_ref().map_or(Ok(()), |path| write!(f, ", path {path:?}"))?;
        line.map_or(Ok(()), |line| write!(f, ", line {line}"))?;
        message.as_ref().map_or(Ok(()), |part| write!(f, ", message with {part:?}"))
    }
}

impl fmt::Display for ExpectedFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, about, authenticated } = self;
        write!(f, "{key}: {}", value.as_deref().unwrap_or("(any value)"))?;
        about.as_ref().map_or(Ok(()), |about| write!(f, ", about {about}"))?;
        authenticated.map_or(Ok(()), |proven| write!(f, ", authenticated {proven}"))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, message, path, line } = self;
        write!(f, "{code}, {severity}")?;
        path.as_ref().map_or(Ok(()), |path| write!(f, ", path {path:?}"))?;
        line.map_or(Ok(()), |line| write!(f, ", line {line}"))?;
        write!(f, ": {message}")
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, about, authenticated } = self;
        write!(f, "{key}: {value}")?;
        about.as_ref().map_or(Ok(()), |about| write!(f, ", about {about}"))?;
        if *authenticated { f.write_str(", authenticated") } else { Ok(()) }
    }
}
