//! Whether a config, or whoever else describes a chart, says what the chart says.

use std::collections::{BTreeMap, BTreeSet};

use roadstead_chart::{METADATA, Metadata, Shape, Text, Value, sanitised};
use roadstead_plugin_sdk::Quoted;
use serde_json::Value as Json;

/// Where two descriptions of a chart differ.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// fields of which the other one says something else, and where
    pub(crate) contradicted: Vec<(&'static str, Difference)>,
    /// Fields, or places below them, of which it says nothing: that contradicts nothing.
    pub(crate) unsaid: Vec<String>,
    /// whether it lists the same dependencies in another order
    pub(crate) has_other_order: bool,
}

/// The first place where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// below the field: an RFC 6901 JSON pointer, most often empty
    pub(crate) pointer: String,
    /// what the chart says
    pub(crate) chart: Said,
    /// what the other one says
    pub(crate) other: Said,
    /// in Chart.yaml, from 1; 0 if it does not stand there
    pub(crate) line: u32,
    /// the other one says nothing there
    is_unsaid: bool,
}

/// What one of the two says there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Text(String),
    /// how many entries it lists
    Entries(usize),
}

/// Compares all fields of a chart with what somebody else says of it, in the form of a config.
pub(crate) fn compare(chart: &Metadata, other: &Json) -> Compared {
    let mut compared = Compared::default();
    let Shape::Struct(fields) = &METADATA else { return compared };
    for (name, shape) in *fields {
        let (chart, other) = (chart.field(name), &other[*name]);
        let found = match in_order_of(chart, other).filter(|_| *name == "dependencies") {
            Some(ordered) => {
                compared.has_other_order = ordered != *other;
                difference(shape, chart, &ordered)
            }
            None => difference(shape, chart, other),
        };
        match found {
            // no type is the type of an application
            Some(found) if *name == "type" && found.is_default_type() => {}
            Some(found) if found.is_unsaid => {
                compared.unsaid.push(shown(name, &found.pointer));
            }
            Some(found) => compared.contradicted.push((*name, found)),
            None => {}
        }
    }
    compared
}

impl Compared {
    /// The fields of which nothing is said, for a message.
    pub(crate) fn unsaid_names(&self) -> Option<String> {
        const SHOWN_MAX: usize = 8;
        let more = if self.unsaid.len() > SHOWN_MAX { " and more" } else { "" };
        let shown = &self.unsaid[..self.unsaid.len().min(SHOWN_MAX)];
        (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
    }
}

impl Difference {
    /// Of types alone: no type is the type of an application.
    fn is_default_type(&self) -> bool {
        let is = |said: &Said, text: &str| matches!(said, Said::Text(said) if said == text);
        is(&self.chart, "") && is(&self.other, "application")
            || is(&self.chart, "application") && is(&self.other, "")
    }

    /// Both sides of a difference in a field, in a sentence without its end. Each side comes with
    /// the name of whoever says so.
    pub(crate) fn told(&self, field: &str, first: (&str, &Said), second: (&str, &Said)) -> String {
        let field = shown(field, &self.pointer);
        let (who, other) = (first.0, second.0);
        let first = match first.1 {
            Said::Text(text) if text.is_empty() => format!("{who} has no {field}"),
            Said::Text(text) => format!("{who} says {field} is {}", Quoted(text)),
            Said::Entries(0) => format!("{who} has no entry in {field}"),
            Said::Entries(1) => format!("{who} has 1 entry in {field}"),
            Said::Entries(count) => format!("{who} has {count} entries in {field}"),
        };
        let second = match second.1 {
            Said::Text(text) if text.is_empty() => format!("{other} has none"),
            Said::Text(text) => format!("{other} says {}", Quoted(text)),
            Said::Entries(0) => format!("{other} has none"),
            Said::Entries(count) => format!("{other} has {count}"),
        };
        format!("{first}, but {second}")
    }
}

/// The other one's dependencies in the order of the chart's, if both have the same ones: their
/// order changes nothing for whoever reads a config. helm allows each name or alias once.
fn in_order_of(chart: &Value, other: &Json) -> Option<Json> {
    let (Value::List(items), Json::Array(others)) = (chart, other) else { return None };
    let key = |item: &Value| {
        let alias = item.entry("alias").text();
        if alias.is_empty() { sanitised(item.entry("name").text()) } else { alias.to_owned() }
    };
    let other_key = |item: &Json| {
        let text = |field: &str| item[field].as_str().filter(|text| !text.is_empty());
        text("alias").map(ToOwned::to_owned).or_else(|| text("name").map(sanitised))
    };
    let by_key: BTreeMap<_, _> =
        others.iter().filter_map(|item| Some((other_key(item)?, item))).collect();
    let keys: Vec<_> = items.iter().map(key).collect();
    let distinct: BTreeSet<_> = keys.iter().collect();
    if [distinct.len(), by_key.len(), others.len()] != [items.len(); 3] {
        return None;
    }
    keys.iter().map(|key| by_key.get(key).copied().cloned()).collect()
}

/// A place for a message: the chart chooses the names of annotations.
fn shown(field: &str, pointer: &str) -> String {
    const SHOWN_MAX: usize = 80;
    let pointer: String = pointer.chars().flat_map(char::escape_default).take(SHOWN_MAX).collect();
    format!("{field}{pointer}")
}

/// Compares a field. The other one may hold either reading of a text: helm's own, or the one that
/// stands there. Nothing, null and what is empty are all the same: helm leaves out what is empty.
fn difference(shape: &Shape, chart: &Value, other: &Json) -> Option<Difference> {
    if says_nothing(other) {
        let is_unsaid = !is_empty(chart);
        return is_unsaid.then(|| Difference { is_unsaid, ..found(&chart.text(), &"".into()) });
    }
    match shape {
        Shape::Text | Shape::Kept => text(chart, other, sanitised),
        Shape::Exact => text(chart, other, ToOwned::to_owned),
        Shape::Flag => {
            let flag = matches!(chart, Value::Flag(true));
            (flag != other.as_bool().unwrap_or(false)).then(|| found(&flag, other))
        }
        Shape::List(items) => list(items, chart, other),
        Shape::TextMap => text_map(chart, other),
        Shape::Struct(fields) => worst(fields.iter().filter_map(|(name, shape)| {
            difference(shape, chart.entry(name), &other[*name]).map(|found| below(name, found))
        })),
        Shape::Any => {
            let chart = match chart {
                Value::Any(json) => json,
                _ => &Json::Null,
            };
            (!same_json(chart, other)).then(|| found(chart, other))
        }
    }
}

/// The first contradiction, if there is one.
fn worst(differences: impl Iterator<Item = Difference>) -> Option<Difference> {
    let mut unsaid = None;
    for difference in differences {
        if !difference.is_unsaid {
            return Some(difference);
        }
        unsaid.get_or_insert(difference);
    }
    unsaid
}

fn says_nothing(other: &Json) -> bool {
    match other {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.iter().all(Json::is_null),
        Json::Object(entries) => entries.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn is_empty(chart: &Value) -> bool {
    match chart {
        Value::Absent | Value::Flag(false) | Value::Any(Json::Null) => true,
        Value::Text(text) => sanitised(&text.helm).is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.values().all(is_empty),
        Value::Flag(true) | Value::Any(_) => false,
    }
}

/// `helm` is what helm makes of a text when it loads the chart.
fn text(chart: &Value, other: &Json, helm: fn(&str) -> String) -> Option<Difference> {
    let absent = Text::default();
    let text = match chart {
        Value::Text(text) => text,
        _ => &absent,
    };
    let wanted = other.as_str().unwrap_or_default();
    let readings = [&text.helm, &text.written];
    if readings.iter().any(|text| *text == wanted || helm(text) == wanted) {
        return None;
    }
    Some(Difference { line: text.line, ..found(&text.helm, other) })
}

fn text_map(chart: &Value, other: &Json) -> Option<Difference> {
    let empty = BTreeMap::new();
    let entries = match chart {
        Value::Map(entries) => entries,
        _ => &empty,
    };
    let keys = entries.keys().chain(other.as_object().into_iter().flat_map(|other| other.keys()));
    worst(keys.filter_map(|key| {
        let difference = match (entries.get(key), other.get(key)) {
            (Some(value), Some(other)) => text(value, other, ToOwned::to_owned),
            (Some(value), None) => {
                Some(Difference { is_unsaid: true, ..found(&value.text(), &"".into()) })
            }
            (None, other) => other.map(|other| found(&"", other)),
        };
        difference.map(|difference| below(key, difference))
    }))
}

fn list(shape: &Shape, chart: &Value, other: &Json) -> Option<Difference> {
    let items = match chart {
        Value::List(items) => &items[..],
        _ => &[],
    };
    let wanted = other.as_array().map_or(&[][..], Vec::as_slice);
    if items.len() != wanted.len() {
        let (chart, other) = (Said::Entries(items.len()), Said::Entries(wanted.len()));
        return Some(Difference { chart, other, ..found(&"", &Json::Null) });
    }
    worst(items.iter().zip(wanted).enumerate().filter_map(|(i, (item, wanted))| {
        difference(shape, item, wanted).map(|found| below(&i.to_string(), found))
    }))
}

fn found(chart: &impl ToString, other: &Json) -> Difference {
    let other = other.as_str().map_or_else(|| other.to_string(), ToOwned::to_owned);
    let (chart, other) = (Said::Text(chart.to_string()), Said::Text(other));
    Difference { pointer: String::new(), chart, other, line: 0, is_unsaid: false }
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
