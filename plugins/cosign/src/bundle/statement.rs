//! The in-toto statement in an envelope: what is said, and about which manifest.

use std::{collections::BTreeMap, fmt};

use roadstead_plugin_sdk::{Descriptor, Quoted};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::proto::Wrong;
use crate::codes;

/// The versions of statements that cosign writes.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
/// Bytes of a predicate's type, which is recorded.
const PREDICATE_TYPE_BYTES_MAX: usize = 1 << 10;
/// sigstore's own bounds.
const SUBJECTS_MAX: usize = 1024;
const DIGESTS_MAX: usize = 32;

/// A predicate can be megabytes, and is not looked at. A field that stands there twice is an error.
#[derive(Debug, Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    version: String,
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default, rename = "predicate")]
    _predicate: IgnoredAny,
}

#[derive(Debug, Deserialize)]
struct Subject {
    #[serde(default)]
    digest: Digests,
}

/// Algorithms and values.
#[derive(Debug, Default)]
struct Digests(BTreeMap<String, String>);

/// Checks the statement, and answers the type of its predicate.
pub(crate) fn read(payload: &[u8], signed: &Descriptor, at: &str) -> Result<String, Wrong> {
    let wrong = |code, why: String| Err(Wrong::new(code, at, why));
    let statement: Statement = match serde_json::from_slice(payload) {
        Ok(statement) => statement,
        Err(error) => {
            return wrong(&codes::STATEMENT, format!("holds no clear statement ({error})"));
        }
    };
    let Statement { version, subject, predicate_type, .. } = statement;
    if !TYPES.contains(&version.as_str()) {
        let why = format!("holds a statement of the unknown type {}", Quoted(&version));
        return wrong(&codes::STATEMENT, why);
    }
    if predicate_type.is_empty() || predicate_type.len() > PREDICATE_TYPE_BYTES_MAX {
        let why = format!(
            "holds a statement whose predicateType has {} bytes, not 1 to \
             {PREDICATE_TYPE_BYTES_MAX}",
            predicate_type.len()
        );
        return wrong(&codes::STATEMENT, why);
    }
    if subject.len() > SUBJECTS_MAX {
        let why = format!("holds a statement with more than {SUBJECTS_MAX} subjects");
        return wrong(&codes::STATEMENT, why);
    }
    let (algorithm, hex) = signed.digest.split_once(':').unwrap_or_default();
    let is_signed = |subject: &Subject| {
        subject.digest.0.get(algorithm).is_some_and(|value| value.eq_ignore_ascii_case(hex))
    };
    if !subject.iter().any(is_signed) {
        let first = subject.first().and_then(|subject| subject.digest.0.iter().next());
        let first = first.map_or_else(
            || "nothing".to_owned(),
            |(algorithm, value)| Quoted(&format!("{algorithm}:{value}")).to_string(),
        );
        let why = format!("signs {first}, but its subject is {}", Quoted(&signed.digest));
        return wrong(&codes::OTHER_DIGEST, why);
    }
    Ok(predicate_type)
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DigestsVisitor)
    }
}

/// A map of the standard library would take the last of two equal keys.
struct DigestsVisitor;

impl<'de> Visitor<'de> for DigestsVisitor {
    type Value = Digests;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("digests by their algorithms")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Digests, A::Error> {
        let mut digests = BTreeMap::new();
        while let Some((algorithm, value)) = entries.next_entry::<String, String>()? {
            if digests.insert(algorithm, value).is_some() || digests.len() > DIGESTS_MAX {
                return Err(A::Error::custom("digests of one algorithm, or too many of them"));
            }
        }
        Ok(Digests(digests))
    }
}
