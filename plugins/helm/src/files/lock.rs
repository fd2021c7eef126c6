//! Chart.lock, and requirements.lock of old charts.

use pgp::crypto::hash::HashAlgorithm;
use serde_json::Value as Json;

use crate::{
    metadata::{DEPENDENCIES, Metadata, Shape, Value, decode},
    text::{hex, sanitised},
    yaml::{self, Content, Invalid, Node},
};

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
        let asked = go_list(wanted, sanitised)?;
        let locked = go_list(self.fields.entry("dependencies"), ToOwned::to_owned)?;
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

/// A list of dependencies as Go's JSON has it. `clean`: what helm makes of most texts when it
/// loads a chart.
fn go_list(list: &Value, clean: fn(&str) -> String) -> Option<String> {
    match list {
        Value::List(entries) => {
            let entries: Option<Vec<_>> = entries.iter().map(|e| go_dependency(e, clean)).collect();
            Some(format!("[{}]", entries?.join(",")))
        }
        _ => Some("null".to_owned()),
    }
}

fn go_dependency(entry: &Value, clean: fn(&str) -> String) -> Option<String> {
    let Value::Map(_) = entry else { return Some("null".to_owned()) };
    let text = |field: &str| clean(entry.entry(field).text());
    let repository = text("repository");
    if repository.starts_with('@') || repository.starts_with("alias:") {
        return None; // helm puts the address there that it knows for the name
    }
    let list = |field: &str| match entry.entry(field) {
        Value::List(items) => &items[..],
        _ => &[],
    };
    let tags = list("tags").iter().map(|tag| go_text(&clean(tag.text()))).collect::<Vec<_>>();
    let imports = list("import-values").iter().map(|import| match import {
        Value::Any(json) => go_json(json),
        _ => Some("null".to_owned()),
    });
    let imports = imports.collect::<Option<Vec<_>>>()?;
    let optional = |text: String| (!text.is_empty()).then(|| go_text(&text));
    let array = |items: &[String]| (!items.is_empty()).then(|| format!("[{}]", items.join(",")));
    let is_enabled = matches!(entry.entry("enabled"), Value::Flag(true));
    let fields = [
        ("name", Some(go_text(&text("name")))),
        ("version", optional(text("version"))),
        ("repository", Some(go_text(&repository))),
        ("condition", optional(text("condition"))),
        ("tags", array(&tags)),
        ("enabled", is_enabled.then(|| "true".to_owned())),
        ("import-values", array(&imports)),
        ("alias", optional(entry.entry("alias").text().to_owned())),
    ];
    let present = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let present: Vec<_> = present.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    Some(format!("{{{}}}", present.join(",")))
}

/// None for numbers, which Go writes in its own way.
fn go_json(json: &Json) -> Option<String> {
    Some(match json {
        Json::Number(_) => return None,
        Json::String(text) => go_text(text),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(go_json).collect::<Option<Vec<_>>>()?.join(","))
        }
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| {
                Some(format!("{}:{}", go_text(key), go_json(value)?))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(","))
        }
        other => other.to_string(),
    })
}

/// Go escapes what could end a script in HTML as well.
fn go_text(text: &str) -> String {
    let mut json = Json::from(text).to_string();
    for (letter, escape) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        json = json.replace(letter, escape);
    }
    json
}
