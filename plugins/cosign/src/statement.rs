//! The in-toto statement in an envelope: what is said, and about which manifest.

use std::{collections::BTreeMap, fmt};

use roadstead_plugin_sdk::{Quoted, oci::Digest};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

/// The versions of statements that cosign writes.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
/// Bytes of a predicate's type, which is recorded.
const PREDICATE_TYPE_BYTES_MAX: usize = 1 << 10;
/// sigstore's own bounds.
const SUBJECTS_MAX: usize = 1024;
const DIGESTS_MAX: usize = 32;

/// What is said, and about what.
#[derive(Debug)]
pub(crate) struct Statement {
    /// what kind of thing is said, which is recorded
    pub(crate) predicate_type: String,
    subjects: Vec<Subject>,
}

/// A predicate can be megabytes, and is not looked at. A field that stands there twice is an error.
#[derive(Debug, Deserialize)]
struct Fields {
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

impl Statement {
    /// Whether it is about what has this digest.
    pub(crate) fn is_about(&self, digest: &str) -> bool {
        let (algorithm, hex) = digest.split_once(':').unwrap_or_default();
        self.subjects.iter().any(|subject| {
            subject.digest.0.get(algorithm).is_some_and(|value| value.eq_ignore_ascii_case(hex))
        })
    }

    /// The first digest of a known algorithm that it is about.
    pub(crate) fn first(&self) -> Option<String> {
        let mut digests = self.subjects.iter().flat_map(|subject| &subject.digest.0);
        digests.find_map(|(algorithm, value)| {
            let digest = Digest::parse(&format!("{algorithm}:{}", value.to_ascii_lowercase()));
            digest.ok().map(|digest| digest.to_string())
        })
    }
}

/// Reads a statement; the error goes on after what holds it.
pub(crate) fn read(payload: &[u8]) -> Result<Statement, String> {
    let fields: Fields = serde_json::from_slice(payload)
        .map_err(|error| format!("holds no valid statement ({error})"))?;
    let Fields { version, subject, predicate_type, .. } = fields;
    if !TYPES.contains(&version.as_str()) {
        return Err(format!("holds a statement with the unknown type {}", Quoted(&version)));
    }
    if predicate_type.is_empty() || predicate_type.len() > PREDICATE_TYPE_BYTES_MAX {
        return Err(format!(
            "holds a statement whose predicateType has {} bytes instead of 1 to \
             {PREDICATE_TYPE_BYTES_MAX}",
            predicate_type.len()
        ));
    }
    if subject.len() > SUBJECTS_MAX {
        return Err(format!("holds a statement with more than {SUBJECTS_MAX} subjects"));
    }
    Ok(Statement { predicate_type, subjects: subject })
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
                return Err(A::Error::custom(
                    "several digests of one algorithm, or too many digests",
                ));
            }
        }
        Ok(Digests(digests))
    }
}
