//! Whether a config says what a chart says.

use serde_json::Value as Json;

use super::{Shape, Text, Value};
use crate::text::sanitised;

/// The first place where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// below the field: an RFC 6901 JSON pointer, most often empty
    pub(crate) pointer: String,
    /// what the chart says
    pub(crate) chart: String,
    /// what the config says
    pub(crate) config: String,
    /// in Chart.yaml, from 1; 0 if it does not stand there
    pub(crate) line: u32,
}

impl Difference {
    /// Of types alone: no type is the type of an application.
    pub(crate) fn is_default_type(&self) -> bool {
        matches!(
            (self.chart.as_str(), self.config.as_str()),
            ("", "application") | ("application", "")
        )
    }
}

/// Compares a field. A config may hold either reading of a text: helm's own, or the one that stands
/// there. Nothing, null and what is empty are all the same, as helm leaves out what is empty.
pub(crate) fn difference(shape: &Shape, chart: &Value, config: &Json) -> Option<Difference> {
    match shape {
        Shape::Text => text(chart, config, sanitised),
        Shape::Exact => text(chart, config, ToOwned::to_owned),
        Shape::Flag => {
            let flag = matches!(chart, Value::Flag(true));
            (flag != config.as_bool().unwrap_or(false)).then(|| found(&flag, config))
        }
        Shape::List(items) => list(items, chart, config),
        Shape::TextMap => {
            let Value::Map(entries) = chart else { return empty(config) };
            let keys = entries.keys().chain(config.as_object().into_iter().flat_map(|o| o.keys()));
            keys.into_iter().find_map(|key| {
                let value = entries.get(key).unwrap_or(&Value::Absent);
                let same_presence = entries.contains_key(key) == config.get(key).is_some();
                if !same_presence {
                    return Some(below(key, found(&"", config.get(key).unwrap_or(&Json::Null))));
                }
                text(value, &config[key.as_str()], ToOwned::to_owned).map(|found| below(key, found))
            })
        }
        Shape::Struct(fields) => fields.iter().find_map(|(name, shape)| {
            let value = match chart {
                Value::Map(map) => map.get(*name).unwrap_or(&Value::Absent),
                _ => &Value::Absent,
            };
            difference(shape, value, &config[*name]).map(|found| below(name, found))
        }),
        Shape::Any => {
            let chart = match chart {
                Value::Any(json) => json,
                _ => &Json::Null,
            };
            (!same_json(chart, config)).then(|| found(chart, config))
        }
    }
}

/// `helm` is what helm makes of a text when it loads the chart.
fn text(chart: &Value, config: &Json, helm: fn(&str) -> String) -> Option<Difference> {
    let absent = Text::default();
    let text = match chart {
        Value::Text(text) => text,
        _ => &absent,
    };
    let wanted = config.as_str().unwrap_or_default();
    let readings = [&text.helm, &text.written];
    if readings.iter().any(|text| *text == wanted || helm(text) == wanted) {
        return None;
    }
    Some(Difference {
        pointer: String::new(),
        chart: text.helm.clone(),
        config: wanted.to_owned(),
        line: text.line,
    })
}

fn list(shape: &Shape, chart: &Value, config: &Json) -> Option<Difference> {
    let Value::List(items) = chart else { return empty(config) };
    let wanted = config.as_array().map_or(&[][..], Vec::as_slice);
    if items.len() != wanted.len() {
        let count = |len| format!("{len} entries");
        return Some(Difference {
            pointer: String::new(),
            chart: count(items.len()),
            config: count(wanted.len()),
            line: 0,
        });
    }
    items.iter().zip(wanted).enumerate().find_map(|(i, (item, wanted))| {
        difference(shape, item, wanted).map(|found| below(&i.to_string(), found))
    })
}

/// The chart has nothing.
fn empty(config: &Json) -> Option<Difference> {
    let is_empty = match config {
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        other => other.is_null(),
    };
    (!is_empty).then(|| found(&"nothing", &"something".into()))
}

fn found(chart: &impl ToString, config: &Json) -> Difference {
    let config = config.as_str().map_or_else(|| config.to_string(), ToOwned::to_owned);
    Difference { pointer: String::new(), chart: chart.to_string(), config, line: 0 }
}

fn below(key: &str, difference: Difference) -> Difference {
    let key = key.replace('~', "~0").replace('/', "~1");
    Difference { pointer: format!("/{key}{}", difference.pointer), ..difference }
}

/// Numbers are equal when they are so as floats, but for the last digits: parsers differ there.
fn same_json(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => (left - right).abs() <= left.abs() * 1e-14,
            _ => false,
        },
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same_json(l, r))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, l)| right.get(key).is_some_and(|r| same_json(l, r)))
        }
        _ => left == right,
    }
}
