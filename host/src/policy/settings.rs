//! A plugin's settings: from YAML to the JSON that it gets, and from its answer back to the line.

use std::{convert::Infallible, path::Path};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use roadstead_yaml::{SettingsFiles, Value, setting_in_file};
use serde_json::{Map, Value as Json};

use super::{
    fields::Reader,
    problem::{Problem, Spot, did_you_mean},
    watched::Watched,
    yaml::{Key, Node},
};

/// Largest file that settings may name, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Problems that are told of one plugin's settings.
const PROBLEMS_MAX: usize = 20;

/// Reads the files that settings name.
pub(super) struct Resolver<'a> {
    /// what paths are relative to
    pub(super) folder: &'a Path,
    pub(super) reader: &'a mut Reader,
    pub(super) watched: &'a mut Watched,
}

impl Resolver<'_> {
    /// Returns the settings with the texts of the files that they name. What is wrong with those
    /// goes to the reader, which reports all problems of a policy.
    pub(super) fn resolve(&mut self, node: &Node) -> Json {
        let Ok(settings) = roadstead_yaml::settings(node, self);
        settings
    }

    fn file(&mut self, node: &Node) -> Option<String> {
        let name = self.reader.text(node, "the path of a file")?;
        let path = self.folder.join(&name.value);
        let read = self.watched.read(&path, FILE_BYTES_MAX);
        let text = read.and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|_| "the file is not UTF-8; plugins receive text only".to_owned())
        });
        match text {
            Ok(text) => Some(text),
            Err(why) => {
                let message = format!("{} can't be read: {why}", path.display());
                let help = "it must be UTF-8 text of at most 1 MiB; its path is relative to this \
                            file";
                self.reader.error(&node.spot, message, help);
                None
            }
        }
    }
}

impl SettingsFiles<Spot> for Resolver<'_> {
    type Error = Infallible;

    fn text(&mut self, name: &Node) -> Result<String, Infallible> {
        Ok(self.file(name).unwrap_or_default())
    }

    fn twice(&mut self, key: &Key, setting: &str) -> Result<(), Infallible> {
        let message = format!("{setting:?} is set twice, once by a file");
        self.reader.error(&key.spot, message, "remove one");
        Ok(())
    }
}

/// What the plugin's schema finds wrong. `node`: the settings as they were written; none where the
/// policy has none, then `spot` is where they would stand.
pub(super) fn check(
    schema: Option<&str>,
    settings: &Json,
    node: Option<&Node>,
    spot: &Spot,
) -> Vec<Problem> {
    let Some(schema) = schema else {
        let empty = settings.as_object().is_some_and(Map::is_empty);
        let spot = node.map_or(spot, |node| &node.spot);
        let problem = || Problem::error(spot, "this plugin has no settings").help("remove them");
        return if empty { Vec::new() } else { vec![problem()] };
    };
    let schema: Json = match serde_json::from_str(schema) {
        Ok(schema) => schema,
        Err(error) => return vec![broken(spot, &error.to_string())],
    };
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => return vec![broken(spot, &error.to_string())],
    };
    let errors = validator.iter_errors(settings).take(PROBLEMS_MAX);
    errors.map(|error| problem(&error, &schema, node, spot)).collect()
}

fn broken(spot: &Spot, why: &str) -> Problem {
    Problem::error(spot, format!("the plugin's schema for its settings is invalid: {why}"))
        .help("ask the plugin's author")
}

fn problem(
    error: &jsonschema::ValidationError<'_>,
    schema: &Json,
    node: Option<&Node>,
    spot: &Spot,
) -> Problem {
    let pointer = error.instance_path().to_string();
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind()
        && let Some(key) = unexpected.first()
    {
        let spot = find(node, &format!("{pointer}/{}", escaped(key))).unwrap_or(spot);
        let known = known(schema, &error.schema_path().to_string());
        let mut help = did_you_mean(key, known.iter().map(String::as_str));
        if help.is_empty() {
            help = match known.is_empty() {
                true => "remove it".to_owned(),
                false => format!("the plugin has {}", known.join(", ")),
            };
        }
        return Problem::error(spot, format!("unknown setting {key:?}")).help(help);
    }
    let spot = find(node, &pointer).unwrap_or(spot);
    match error.kind() {
        ValidationErrorKind::Enum { options } => not_one_of(error.instance(), options, spot),
        ValidationErrorKind::Type { kind: TypeKind::Single(of) } => {
            let (found, wanted) = (what(error.instance()), article(&of.to_string()));
            Problem::error(spot, format!("expected {wanted}, not {found}"))
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let help = format!(
                "add `{key}: …`, or `{key}File: …` with the path of a file that \
                                holds the value"
            );
            Problem::error(spot, format!("the setting {key:?} is missing here")).help(help)
        }
        _ => {
            let text: String = error.to_string().chars().take(300).collect();
            Problem::error(spot, format!("this setting is invalid: {text}"))
        }
    }
}

/// A value that is none of those that a setting can have; all of these are shown.
fn not_one_of(value: &Json, options: &Json, spot: &Spot) -> Problem {
    let shown = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let options: Vec<_> = options.as_array().into_iter().flatten().map(shown).collect();
    let value = shown(value);
    let mut help = did_you_mean(&value, options.iter().map(String::as_str));
    if help.is_empty() {
        help = format!("it is one of {}", options.join(", "));
    }
    Problem::error(spot, format!("unknown value {value:?}")).help(help)
}

/// What a value is, as a message calls it.
fn what(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

/// A type of JSON Schema, as a message calls it.
fn article(of: &str) -> &'static str {
    match of {
        "null" => "nothing",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        _ => "a mapping",
    }
}

/// The properties beside which one was not expected. `path`: of the schema's keyword.
fn known(schema: &Json, path: &str) -> Vec<String> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let properties = schema.pointer(&format!("{parent}/properties"));
    let names = properties.and_then(Json::as_object).into_iter().flat_map(|map| map.keys());
    names.cloned().collect()
}

/// Where a part of the settings was written. `pointer`: RFC 6901, into the JSON that the plugin
/// got. The nearest place that is there.
pub(super) fn find<'a>(node: Option<&'a Node>, pointer: &str) -> Option<&'a Spot> {
    let mut node = node?;
    let mut spot = &node.spot;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match &node.value {
            Value::List(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
            Value::Map(entries) => entries.iter().find_map(|(key, value)| {
                let named = key.value == part || setting_in_file(&key.value) == Some(&part);
                named.then(|| {
                    spot = &key.spot;
                    value
                })
            }),
            _ => None,
        };
        let Some(next) = next else { return Some(spot) };
        if matches!(node.value, Value::List(_)) {
            spot = &next.spot;
        }
        node = next;
    }
    Some(spot)
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
