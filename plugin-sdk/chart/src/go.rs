//! JSON as Go's encoder writes it: a config blob's digest depends on every byte.

use serde_json::Value as Json;

use crate::{Shape, Value};

/// Writes a value as Go's encoder writes the struct behind `shape`. `clean` is applied to the
/// texts that Helm cleans when it loads a chart.
pub fn to_go_json(shape: &Shape, value: &Value, clean: fn(&str) -> String) -> String {
    let array = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(",");
    match (shape, value) {
        (Shape::Text | Shape::Kept, value) => text(&clean(value.text())),
        (Shape::Exact, value) => text(value.text()),
        (Shape::Flag, value) => matches!(value, Value::Flag(true)).to_string(),
        (Shape::Any, Value::Any(value)) => json(value),
        (Shape::List(shape), Value::List(items)) => {
            let items = &mut items.iter().map(|item| to_go_json(shape, item, clean));
            format!("[{}]", array(items))
        }
        (Shape::TextMap, Value::Map(entries)) => {
            let entry = |(key, value): (&String, &Value)| pair(key, &text(value.text()));
            format!("{{{}}}", array(&mut entries.iter().map(entry)))
        }
        (Shape::Struct(fields), Value::Map(_)) => {
            let present = fields.iter().filter_map(|(name, shape)| {
                let value = value.entry(name);
                let is_present = !is_omitted(shape, value, clean);
                is_present.then(|| pair(name, &to_go_json(shape, value, clean)))
            });
            format!("{{{}}}", array(&mut present.into_iter()))
        }
        _ => "null".to_owned(),
    }
}

/// Whether Go leaves out a field that is marked `omitempty`. All fields of Helm's structs are, but
/// [`Shape::Kept`].
fn is_omitted(shape: &Shape, value: &Value, clean: fn(&str) -> String) -> bool {
    match shape {
        Shape::Kept => false,
        Shape::Text => clean(value.text()).is_empty(),
        Shape::Exact => value.text().is_empty(),
        Shape::Flag => !matches!(value, Value::Flag(true)),
        Shape::List(_) => !matches!(value, Value::List(items) if !items.is_empty()),
        Shape::TextMap => !matches!(value, Value::Map(entries) if !entries.is_empty()),
        Shape::Struct(_) | Shape::Any => *value == Value::Absent,
    }
}

fn pair(key: &str, value: &str) -> String {
    format!("{}:{value}", text(key))
}

fn json(value: &Json) -> String {
    let array = |items: Vec<String>| items.join(",");
    match value {
        Json::Number(value) => value.as_f64().map_or_else(|| value.to_string(), number),
        Json::String(value) => text(value),
        Json::Array(items) => format!("[{}]", array(items.iter().map(json).collect())),
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entry = |(key, value): (&String, &Json)| pair(key, &json(value));
            format!("{{{}}}", array(entries.into_iter().map(entry).collect()))
        }
        other => other.to_string(),
    }
}

/// Go's `encodeState.floatEncoder`: the shortest digits, with an exponent below 1e-6 and from 1e21.
fn number(number: f64) -> String {
    if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let scientific = format!("{number:e}");
    match scientific.split_once("e-") {
        Some(_) => scientific,
        None => scientific.replacen('e', "e+", 1),
    }
}

fn text(text: &str) -> String {
    escaped(Json::from(text).to_string())
}

/// Escapes JSON as Go's encoder does: also what could end a script in HTML.
pub fn escaped(mut json: String) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_go_writes() {
        for (value, written) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (1e-6, "0.000001"),
            (1.25e-7, "1.25e-7"),
            (-1e-10, "-1e-10"),
        ] {
            assert_eq!(number(value), written);
        }
    }

    #[test]
    fn what_html_could_read_is_escaped() {
        assert_eq!(
            text("\u{e4}<&>\u{2028}\"\u{7f}"),
            "\"\u{e4}\\u003c\\u0026\\u003e\\u2028\\\"\u{7f}\""
        );
    }
}
