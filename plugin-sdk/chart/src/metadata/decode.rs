//! Go's JSON decoder, over what YAML became.

use std::{collections::BTreeMap, rc::Rc};

use super::{Shape, Text, Value, field_named};
use crate::yaml::{Content, Invalid, Node, Scalar};

/// Decodes into what is there already. Like Go's decoder, it goes on behind a value of the wrong
/// type and returns the first such error at the end.
pub fn decode(shape: &Shape, into: &mut Value, node: &Node) -> Result<(), Invalid> {
    match shape {
        Shape::Text | Shape::Kept | Shape::Exact => text(into, node),
        Shape::Flag => flag(into, node),
        Shape::TextMap => text_map(into, node),
        Shape::List(items) => list(items, into, node),
        Shape::Struct(fields) => structure(fields, into, node),
        Shape::Any => {
            *into = Value::Any(json(node)?);
            Ok(())
        }
    }
}

fn wrong(node: &Node, wanted: &str) -> Invalid {
    let found = match &node.content {
        Content::Scalar { value: Scalar::Text | Scalar::Binary, .. } => "text",
        Content::Scalar { .. } => "a number or a truth value",
        Content::List(_) => "a list",
        Content::Map(_) => "a map",
    };
    Invalid::new(node.line, format_args!("there is {found} where helm wants {wanted}"))
}

fn text(into: &mut Value, node: &Node) -> Result<(), Invalid> {
    let Content::Scalar { text, value } = &node.content else {
        return Err(wrong(node, "text"));
    };
    if let Some(helm) = value.to_go_string(text) {
        *into = Value::Text(Text { helm, written: text.clone(), line: node.line });
    }
    Ok(())
}

fn flag(into: &mut Value, node: &Node) -> Result<(), Invalid> {
    match &node.content {
        Content::Scalar { value: Scalar::Null, .. } => {}
        Content::Scalar { value: Scalar::Flag(flag), .. } => *into = Value::Flag(*flag),
        _ => return Err(wrong(node, "true or false")),
    }
    Ok(())
}

fn text_map(into: &mut Value, node: &Node) -> Result<(), Invalid> {
    match &node.content {
        Content::Scalar { value: Scalar::Null, .. } => *into = Value::Absent,
        Content::Map(entries) => {
            if !matches!(into, Value::Map(_)) {
                *into = Value::Map(BTreeMap::new());
            }
            let mut decoded = Ok(());
            for (key, node) in entries {
                let mut value = Value::Text(Text::default());
                decoded = decoded.and(text(&mut value, node));
                if let Value::Map(map) = into {
                    map.insert(key.clone(), value);
                }
            }
            return decoded;
        }
        _ => return Err(wrong(node, "a map")),
    }
    Ok(())
}

/// Items are decoded into those that stood in their places.
fn list(shape: &Shape, into: &mut Value, node: &Node) -> Result<(), Invalid> {
    let items = match &node.content {
        Content::Scalar { value: Scalar::Null, .. } => {
            *into = Value::Absent;
            return Ok(());
        }
        Content::List(items) => items,
        _ => return Err(wrong(node, "a list")),
    };
    let mut values = match std::mem::take(into) {
        Value::List(values) => values,
        _ => Vec::new(),
    };
    values.resize_with(items.len(), || match shape {
        Shape::Text => Value::Text(Text::default()),
        _ => Value::Absent,
    });
    let mut decoded = Ok(());
    for (value, item) in values.iter_mut().zip(items) {
        if item.is_null() && matches!(shape, Shape::Struct(_)) {
            *value = Value::Absent;
        } else {
            decoded = decoded.and(decode(shape, value, item));
        }
    }
    *into = Value::List(values);
    decoded
}

fn structure(
    fields: &'static [(&'static str, Shape)],
    into: &mut Value,
    node: &Node,
) -> Result<(), Invalid> {
    let Content::Map(entries) = &node.content else { return Err(wrong(node, "a map")) };
    if !matches!(into, Value::Map(_)) {
        *into = Value::Map(BTreeMap::new());
    }
    let mut decoded = Ok(());
    for (key, node) in entries {
        let Some((name, shape)) = field_named(fields, key) else {
            decoded = decoded.and(json(node).map(drop));
            continue;
        };
        if let Value::Map(map) = into {
            let field = map.entry((*name).to_owned()).or_default();
            decoded = decoded.and(decode(shape, field, node));
        }
    }
    decoded
}

/// What a field of any type holds: JSON, in which every number is a float.
fn json(node: &Node) -> Result<serde_json::Value, Invalid> {
    let value = match &node.content {
        Content::Scalar { text, value } => match value {
            Scalar::Null => serde_json::Value::Null,
            Scalar::Flag(flag) => (*flag).into(),
            Scalar::Text | Scalar::Binary => value.to_go_string(text).into(),
            #[expect(clippy::cast_precision_loss, reason = "Go's JSON has floats only")]
            Scalar::Integer(integer) => (*integer as f64).into(),
            Scalar::Float(float) if !float.is_finite() => {
                return Err(Invalid::new(node.line, "a value is not a number"));
            }
            Scalar::Float(float) => (*float).into(),
        },
        Content::List(items) => {
            let values = items.iter().map(|item| json(item));
            values.collect::<Result<Vec<_>, _>>()?.into()
        }
        Content::Map(entries) => {
            let value = |(key, node): (&String, &Rc<Node>)| Ok((key.clone(), json(node)?));
            let values = entries.iter().map(value).collect::<Result<serde_json::Map<_, _>, _>>();
            values?.into()
        }
    };
    Ok(value)
}
