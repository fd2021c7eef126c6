//! `expect:`, what must become of a push.

use roadstead_yaml::{Node, Value};

use crate::{
    fields::{Fields, text, unknown},
    source::{CaseError, Source, Tester},
};

/// For the test of a plugin.
const PLUGIN_KEYS: [&str; 5] = ["decision", "findings", "annotations", "notMine", "fails"];
/// For the test of a policy.
const POLICY_KEYS: [&str; 3] = ["decision", "findings", "rules"];
const FINDING_KEYS: [&str; 5] = ["code", "severity", "message", "path", "line"];
const FACT_KEYS: [&str; 3] = ["value", "about", "authenticated"];

/// What must become of a push. What is `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// whether it lands
    pub decision: Option<Decision>,
    /// all that is found, in any order
    pub findings: Option<Vec<ExpectedFinding>>,
    /// all facts, in any order
    pub annotations: Option<Vec<ExpectedFact>>,
    /// the plugin leaves it to others
    pub not_mine: bool,
    /// the plugin can't judge, and this is part of what it says
    pub fails: Option<String>,
    /// names of all rules that apply, in any order
    pub rules: Option<Vec<String>>,
}

/// Whether a push lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// no error was found
    Accept,
    /// an error was
    Reject,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// it lands, with a warning
    Warning,
    /// it does not land
    Error,
}

/// Something that must be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedFinding {
    /// exactly
    pub code: String,
    /// exactly
    pub severity: Option<Severity>,
    /// a part of the message
    pub message: Option<String>,
    /// exactly
    pub path: Option<String>,
    /// exactly
    pub line: Option<u64>,
}

/// A fact that must be recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedFact {
    /// exactly
    pub key: String,
    /// exactly; none: any
    pub value: Option<String>,
    /// the digest of the manifest that it is about; none: any
    pub about: Option<String>,
    /// whether it must be proven; none: either
    pub authenticated: Option<bool>,
}

pub(crate) fn read(source: &Source<'_>, node: &Node) -> Result<Expectation, CaseError> {
    let (keys, other, hint): (&[&str], &[&str], _) = match source.tester {
        Tester::Plugin => (&PLUGIN_KEYS, &POLICY_KEYS, "`roadstead policy test` can check it"),
        Tester::Policy => (&POLICY_KEYS, &PLUGIN_KEYS, "`roadstead plugin test` can check it"),
    };
    let fields = Fields::of(source, node, &[keys, other])?;
    if let Some(key) = other.iter().find(|key| fields.has(key) && !keys.contains(key)) {
        return Err(fields.error(format!("{key:?} can't be checked here; {hint}")));
    }
    let expectation = Expectation {
        decision: word(&fields, "decision", [("accept", Decision::Accept), REJECT])?,
        findings: list(&fields, "findings", finding)?,
        annotations: fields.get("annotations").map(|node| facts(source, node)).transpose()?,
        not_mine: fields.bool("notMine")?,
        fails: fields.text("fails")?.map(ToOwned::to_owned),
        rules: list(&fields, "rules", |source, node| Ok(text(source, node)?.to_owned()))?,
    };
    let Expectation { decision, findings, annotations, not_mine, fails, rules } = &expectation;
    let judged = decision.is_some() || findings.is_some() || annotations.is_some();
    match u8::from(judged || rules.is_some()) + u8::from(*not_mine) + u8::from(fails.is_some()) {
        0 => Err(fields.error(format!("the expectation is empty; write {}", keys.join(" or ")))),
        1 => Ok(expectation),
        _ => Err(fields.error("\"notMine\" and \"fails\" can't be combined with other keys")),
    }
}

const REJECT: (&str, Decision) = ("reject", Decision::Reject);

/// One of two words.
fn word<T: Copy>(
    fields: &Fields<'_>,
    key: &str,
    words: [(&str, T); 2],
) -> Result<Option<T>, CaseError> {
    let Some(found) = fields.text(key)? else { return Ok(None) };
    match words.iter().find(|(word, _)| *word == found) {
        Some((_, meaning)) => Ok(Some(*meaning)),
        None => Err(fields.error(unknown(key, found, &words.map(|(word, _)| word)))),
    }
}

fn list<T>(
    fields: &Fields<'_>,
    key: &str,
    item: impl Fn(&Source<'_>, &Node) -> Result<T, CaseError>,
) -> Result<Option<Vec<T>>, CaseError> {
    if !fields.has(key) {
        return Ok(None);
    }
    let items = fields.list(key)?.iter().map(|node| item(fields.source, node));
    items.collect::<Result<_, _>>().map(Some)
}

/// A code, or a map with one.
fn finding(source: &Source<'_>, node: &Node) -> Result<ExpectedFinding, CaseError> {
    if let Value::Text(code) = &node.value {
        return Ok(ExpectedFinding { code: code.clone(), ..ExpectedFinding::default() });
    }
    let fields = Fields::of(source, node, &[&FINDING_KEYS])?;
    let severities = [("warning", Severity::Warning), ("error", Severity::Error)];
    Ok(ExpectedFinding {
        code: fields.required_text("code")?.to_owned(),
        severity: word(&fields, "severity", severities)?,
        message: fields.text("message")?.map(ToOwned::to_owned),
        path: fields.text("path")?.map(ToOwned::to_owned),
        line: fields.number("line")?,
    })
}

/// A map from keys to facts; a list where there are several of one key.
fn facts(source: &Source<'_>, node: &Node) -> Result<Vec<ExpectedFact>, CaseError> {
    let Value::Map(entries) = &node.value else {
        return Err(source.error(node.spot, "write a mapping of keys to values"));
    };
    let mut facts = Vec::new();
    for (key, node) in entries {
        match &node.value {
            Value::List(nodes) => {
                for node in nodes {
                    facts.push(fact(source, &key.value, node)?);
                }
            }
            _ => facts.push(fact(source, &key.value, node)?),
        }
    }
    Ok(facts)
}

/// A value, nothing for any value, or a map.
fn fact(source: &Source<'_>, key: &str, node: &Node) -> Result<ExpectedFact, CaseError> {
    let fact = ExpectedFact { key: key.to_owned(), ..ExpectedFact::default() };
    match &node.value {
        Value::Null => Ok(fact),
        Value::Map(_) => {
            let fields = Fields::of(source, node, &[&FACT_KEYS])?;
            let authenticated = fields.has("authenticated");
            Ok(ExpectedFact {
                value: fields.text("value")?.map(ToOwned::to_owned),
                about: fields.text("about")?.map(ToOwned::to_owned),
                authenticated: authenticated.then(|| fields.bool("authenticated")).transpose()?,
                ..fact
            })
        }
        _ => Ok(ExpectedFact { value: Some(text(source, node)?.to_owned()), ..fact }),
    }
}
