//! The config blob: the chart's metadata as JSON, which is all that registries and user interfaces
//! show.

use roadstead_plugin_sdk::{
    Descriptor, Failure, Quoted, Report,
    content::{self, ReadError},
    oci::json::{self, mistaken_for},
};
use serde_json::{Map, Value};

use crate::{
    codes,
    metadata::{METADATA, Shape},
    text::sanitised,
    version::Version,
};

const BYTES_MAX: u64 = 1 << 20;

/// A config that could be read.
#[derive(Debug)]
pub(crate) struct Config(Value);

impl Config {
    /// Reads it, if it is JSON that all readers read alike.
    pub(crate) fn read(
        descriptor: &Descriptor,
        report: &mut Report,
    ) -> Result<Option<Self>, Failure> {
        let mut unclear = |why: String| {
            let message =
                format!("the config blob {why}; push the chart with helm, which makes it");
            report.find(&codes::CONFIG_UNCLEAR, message).blob(&descriptor.digest);
        };
        let bytes = match content::read(&descriptor.digest, BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(ReadError::TooLarge(_)) => {
                unclear("has more than 1 MiB".to_owned());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let value = match json::parse(&bytes) {
            Ok(value) if value.is_object() => value,
            Ok(_) => {
                unclear("is no JSON object".to_owned());
                return Ok(None);
            }
            Err(error) => {
                unclear(format!("is not clear JSON ({error})"));
                return Ok(None);
            }
        };
        if let Err((pointer, why)) = check(&METADATA, &value) {
            unclear(format!("{why} at {}", Quoted(&pointer)));
            return Ok(None);
        }
        Ok(Some(Self(value)))
    }

    /// A field; null if it is not there.
    pub(crate) fn field(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// A field of text; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// Finds what helm would find when it validates the metadata.
    pub(crate) fn validate(&self, digest: &str, report: &mut Report) {
        let mut problems = Vec::new();
        if let Some(why) = name_problem(self.text("name")) {
            problems.push((&codes::NAME, "/name", why));
        }
        let version = self.text("version");
        match Version::of(version) {
            Version::Strict => {}
            Version::Lenient => problems.push((
                &codes::VERSION_LENIENT,
                "/version",
                format!("the version {} is not SemVer 2; use one such as 1.4.0", Quoted(version)),
            )),
            Version::Invalid if version.is_empty() => problems.push((
                &codes::VERSION,
                "/version",
                "the config has no version; add one such as 1.4.0 to Chart.yaml".to_owned(),
            )),
            Version::Invalid => problems.push((
                &codes::VERSION,
                "/version",
                format!("the version {} is no version; use one such as 1.4.0", Quoted(version)),
            )),
        }
        if self.text("apiVersion").is_empty() {
            let why = "the config has no apiVersion; add \"apiVersion: v2\" to Chart.yaml";
            problems.push((&codes::API_VERSION, "/apiVersion", why.to_owned()));
        }
        let chart_type = self.text("type");
        if !matches!(chart_type, "" | "application" | "library") {
            let chart_type = Quoted(chart_type);
            let why = format!("the type {chart_type} is unknown; use application or library");
            problems.push((&codes::TYPE, "/type", why));
        }
        if self.entries("maintainers").any(Value::is_null) {
            let why = "an entry of maintainers is empty; remove it from Chart.yaml";
            problems.push((&codes::MAINTAINERS, "/maintainers", why.to_owned()));
        }
        if let Some(why) = self.dependency_problem() {
            problems.push((&codes::DEPENDENCIES, "/dependencies", why));
        }
        for (code, pointer, why) in problems {
            report.find(code, why).blob(digest).pointer(pointer);
        }
    }

    fn entries(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0[name].as_array().into_iter().flatten()
    }

    fn dependency_problem(&self) -> Option<String> {
        let mut known = Vec::new();
        for dependency in self.entries("dependencies") {
            if dependency.is_null() {
                return Some("an entry of dependencies is empty; remove it from Chart.yaml".into());
            }
            let name = dependency["name"].as_str().unwrap_or_default();
            let alias = dependency["alias"].as_str().unwrap_or_default();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if !alias.chars().all(is_plain) {
                return Some(format!(
                    "the alias {} of a dependency may hold letters, digits, _ and - only",
                    Quoted(alias)
                ));
            }
            let key = if alias.is_empty() { name } else { alias };
            if known.contains(&key) {
                return Some(format!(
                    "two dependencies have the name or alias {}; give one an alias of its own",
                    Quoted(key)
                ));
            }
            known.push(key);
        }
        None
    }
}

fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the config has no name; add it to Chart.yaml".to_owned());
    }
    let fits =
        !matches!(name, "." | "..") && !name.contains(['/', '\\']) && sanitised(name) == name;
    (!fits)
        .then(|| format!("the name {} is no chart's name; use letters, digits and -", Quoted(name)))
}

/// Checks the types of all fields, and that no key is one that Go takes for another.
fn check(shape: &'static Shape, value: &Value) -> Result<(), (String, String)> {
    let wrong = |wanted: &str| Err((String::new(), format!("has no {wanted}")));
    match (shape, value) {
        (_, Value::Null)
        | (Shape::Any, _)
        | (Shape::Text, Value::String(_))
        | (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::Text, _) => wrong("text"),
        (Shape::Flag, _) => wrong("true or false"),
        (Shape::List(items), Value::Array(values)) => {
            for (i, value) in values.iter().enumerate() {
                check(items, value).map_err(below(&i.to_string()))?;
            }
            Ok(())
        }
        (Shape::List(_), _) => wrong("list"),
        (Shape::TextMap, Value::Object(entries)) => {
            for (key, value) in entries {
                check(&Shape::Text, value).map_err(below(key))?;
            }
            Ok(())
        }
        (Shape::Struct(fields), Value::Object(entries)) => check_fields(fields, entries),
        (Shape::TextMap | Shape::Struct(_), _) => wrong("object"),
    }
}

fn check_fields(
    fields: &'static [(&'static str, Shape)],
    entries: &Map<String, Value>,
) -> Result<(), (String, String)> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    for (key, value) in entries {
        if let Some(name) = mistaken_for(key, &names) {
            return Err((format!("/{key}"), format!("has a key that helm takes for {name}")));
        }
        if let Some((name, shape)) = fields.iter().find(|(name, _)| name == key) {
            check(shape, value).map_err(below(name))?;
        }
    }
    Ok(())
}

fn below(key: &str) -> impl FnOnce((String, String)) -> (String, String) {
    move |(pointer, why)| (format!("/{key}{pointer}"), why)
}
