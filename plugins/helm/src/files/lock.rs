//! Chart.lock, and requirements.lock of old charts.

use pgp::crypto::hash::HashAlgorithm;
use roadstead_chart::{
    DEPENDENCIES, Metadata, Shape, Value, decode, sanitised, to_go_json,
    yaml::{self, Content, Invalid, Node},
};
use serde_json::Value as Json;

use crate::text::hex;

/// What was locked.
#[derive(Debug)]
pub(crate) struct Lock {
    pub(crate) path: String,
    fields: Value,
}

const LOCK: Shape = Shape::Struct(&[
    ("generated", Shape::Any),
    ("digest", Shape::Exact),
    ("dependencies", DEPENDENCIES),
]);

impl Lock {
    /// Reads it as helm does. None: there is nothing in it.
    pub(crate) fn parse(bytes: &[u8], path: &str) -> Result<Option<Self>, Invalid> {
        let document = yaml::parse(bytes)?;
        if document.is_null() {
            return Ok(None);
        }
        check_time(&document)?;
        let mut fields = Value::Absent;
        decode(&LOCK, &mut fields, &document)?;
        Ok(Some(Self { path: path.to_owned(), fields }))
    }

    /// Whether it was made for other dependencies than these. helm asks the same before it builds
    /// them. None: helm covers something that does not stand in the chart.
    pub(crate) fn is_outdated(&self, metadata: &Metadata) -> Option<bool> {
        let wanted = metadata.field("dependencies");
        let locked = self.fields.entry("dependencies");
        let both = [(wanted, sanitised as fn(&str) -> String), (locked, ToOwned::to_owned)];
        if both.iter().any(|(list, clean)| is_unknown(list, *clean)) {
            return None;
        }
        let [asked, locked] = both.map(|(list, clean)| to_go_json(&DEPENDENCIES, list, clean));
        let mut digests = vec![digest(&format!("[{asked},{locked}]"))];
        if metadata.text("apiVersion") == "v1" {
            // as helm 2 made it
            digests.push(digest(&format!("{{\"dependencies\":{asked}}}")));
        }
        let found = self.fields.entry("digest").text();
        Some(!digests.iter().any(|digest| digest.as_deref() == Some(found)))
    }
}

/// Go reads a time where the field is one. What looks nearly like one is left to it.
fn check_time(document: &Node) -> Result<(), Invalid> {
    let Content::Map(entries) = &document.content else { return Ok(()) };
    // Go finds fields without case
    let is_field = |key: &str| key.eq_ignore_ascii_case("generated");
    let times = entries.iter().filter(|(key, time)| is_field(key) && !time.is_null());
    times.map(|(_, time)| time).try_for_each(|time| check_one(time))
}

fn check_one(time: &Node) -> Result<(), Invalid> {
    let is_time = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() >= 20 && bytes[0].is_ascii_digit() && bytes[10] == b'T'
    };
    match &time.content {
        Content::Scalar { text, .. } if is_time(text) => Ok(()),
        _ => {
            Err(Invalid::new(time.line, "\"generated\" is not a time such as 2026-01-31T12:00:00Z"))
        }
    }
}

fn digest(text: &str) -> Option<String> {
    let hash = HashAlgorithm::Sha256.digest(text.as_bytes()).ok()?;
    Some(format!("sha256:{}", hex(&hash)))
}

/// Whether the digest covers what does not stand in the chart, such as the address that helm knows
/// for a repository's name, or numbers, whose digits depend on the Go that made the lock.
fn is_unknown(list: &Value, clean: fn(&str) -> String) -> bool {
    let Value::List(entries) = list else { return false };
    entries.iter().any(|entry| {
        let repository = clean(entry.entry("repository").text());
        let imports = match entry.entry("import-values") {
            Value::List(imports) => &imports[..],
            _ => &[],
        };
        repository.starts_with('@')
            || repository.starts_with("alias:")
            || imports.iter().any(|import| matches!(import, Value::Any(json) if has_number(json)))
    })
}

fn has_number(json: &Json) -> bool {
    match json {
        Json::Number(_) => true,
        Json::Array(items) => items.iter().any(has_number),
        Json::Object(entries) => entries.values().any(has_number),
        _ => false,
    }
}
