//! The config blob: the chart's metadata as JSON, which is all that registries and user interfaces
//! show. helm decodes it and looks at nothing in it, so that one that says little, or nothing, is
//! as good as any.

use roadstead_chart::{METADATA, Shape};
use roadstead_plugin_sdk::{
    Descriptor, Failure, Quoted, Report,
    content::{self, ReadError},
    oci::json::{self, mistaken_for},
};
use serde_json::{Map, Value};

use crate::{absent, codes};

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
                format!("the config blob {why}; push the chart with helm, which makes the config");
            report.find(&codes::CONFIG_UNCLEAR, message).blob(&descriptor.digest);
        };
        let bytes = match content::read(&descriptor.digest, BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(ReadError::TooLarge(_)) => {
                unclear("has more than 1 MiB".to_owned());
                return Ok(None);
            }
            Err(ReadError::Absent(_)) => {
                absent::find(descriptor, report);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let value = match json::parse(&bytes) {
            Ok(value) if value.is_object() || value.is_null() => value,
            Ok(_) => {
                unclear("is not a JSON object".to_owned());
                return Ok(None);
            }
            Err(error) => {
                unclear(format!("can't be read as JSON ({error})"));
                return Ok(None);
            }
        };
        if let Err((pointer, why)) = check(&METADATA, &value) {
            unclear(format!("{why} at {}", Quoted(&pointer)));
            return Ok(None);
        }
        Ok(Some(Self(value)))
    }

    /// All that it says.
    pub(crate) fn fields(&self) -> &Value {
        &self.0
    }
}

/// Checks the types of all fields, and that no key is one that Go takes for another.
fn check(shape: &'static Shape, value: &Value) -> Result<(), (String, String)> {
    let wrong = |wanted: &str| Err((String::new(), format!("must have {wanted}")));
    match (shape, value) {
        (_, Value::Null)
        | (Shape::Any, _)
        | (Shape::Text | Shape::Kept | Shape::Exact, Value::String(_))
        | (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::Text | Shape::Kept | Shape::Exact, _) => wrong("text"),
        (Shape::Flag, _) => wrong("true or false"),
        (Shape::List(items), Value::Array(values)) => {
            for (i, value) in values.iter().enumerate() {
                check(items, value).map_err(below(&i.to_string()))?;
            }
            Ok(())
        }
        (Shape::List(_), _) => wrong("a list"),
        (Shape::TextMap, Value::Object(entries)) => {
            for (key, value) in entries {
                check(&Shape::Text, value).map_err(below(key))?;
            }
            Ok(())
        }
        (Shape::Struct(fields), Value::Object(entries)) => check_fields(fields, entries),
        (Shape::TextMap | Shape::Struct(_), _) => wrong("an object"),
    }
}

fn check_fields(
    fields: &'static [(&'static str, Shape)],
    entries: &Map<String, Value>,
) -> Result<(), (String, String)> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    for (key, value) in entries {
        if let Some(name) = mistaken_for(key, &names) {
            return Err((format!("/{key}"), format!("has a key that helm reads as {name}")));
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
