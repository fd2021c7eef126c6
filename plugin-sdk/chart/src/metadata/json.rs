//! Metadata as JSON, for whoever compares it.

use serde_json::Value as Json;

use super::{Shape, Value};
use crate::text::sanitised;

/// Returns all fields of a struct as helm has them; the ones without a value are null.
pub fn to_json(shape: &Shape, value: &Value) -> Json {
    match (shape, value) {
        (Shape::Text | Shape::Kept, Value::Text(text)) => sanitised(&text.helm).into(),
        (_, Value::Text(text)) => text.helm.as_str().into(),
        (_, Value::Flag(flag)) => (*flag).into(),
        (_, Value::Any(json)) => json.clone(),
        (Shape::List(items), Value::List(values)) => {
            values.iter().map(|value| to_json(items, value)).collect()
        }
        (Shape::Struct(fields), Value::Map(_)) => {
            let field = |(name, shape): &(&str, Shape)| {
                ((*name).to_owned(), to_json(shape, value.entry(name)))
            };
            fields.iter().map(field).collect()
        }
        (_, Value::Map(entries)) => {
            entries.iter().map(|(key, value)| (key.clone(), to_json(shape, value))).collect()
        }
        (_, Value::Absent | Value::List(_)) => Json::Null,
    }
}
