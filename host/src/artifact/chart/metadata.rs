//! A chart's metadata: what helm's Go struct holds after Chart.yaml and requirements.yaml, and the
//! config that `helm push` makes of it.

use roadstead_oci::json::mistaken_for;
use serde_json::{Map, Value};

use super::{
    scalar::Scalar,
    yaml::{self, Node},
};

/// The type of a field.
enum Shape {
    Text,
    Flag,
    List(&'static Self),
    TextMap,
    Struct(&'static [(&'static str, Self)]),
    Any,
}

const TEXTS: Shape = Shape::List(&Shape::Text);

const MAINTAINER: Shape =
    Shape::Struct(&[("name", Shape::Text), ("email", Shape::Text), ("url", Shape::Text)]);

const DEPENDENCY: Shape = Shape::Struct(&[
    ("name", Shape::Text),
    ("version", Shape::Text),
    ("repository", Shape::Text),
    ("condition", Shape::Text),
    ("tags", TEXTS),
    ("enabled", Shape::Flag),
    ("import-values", Shape::List(&Shape::Any)),
    ("alias", Shape::Text),
]);

/// `chart.Metadata` of helm 3 and 4.
const METADATA: Shape = Shape::Struct(&[
    ("name", Shape::Text),
    ("home", Shape::Text),
    ("sources", TEXTS),
    ("version", Shape::Text),
    ("description", Shape::Text),
    ("keywords", TEXTS),
    ("maintainers", Shape::List(&MAINTAINER)),
    ("icon", Shape::Text),
    ("apiVersion", Shape::Text),
    ("condition", Shape::Text),
    ("tags", Shape::Text),
    ("appVersion", Shape::Text),
    ("deprecated", Shape::Flag),
    ("annotations", Shape::TextMap),
    ("kubeVersion", Shape::Text),
    ("dependencies", Shape::List(&DEPENDENCY)),
    ("type", Shape::Text),
]);

/// The config of a chart, as JSON.
#[derive(Debug, Default)]
pub(super) struct Metadata(Value);

impl Metadata {
    /// Reads each file over the one before, as helm does. What can't be read is left out: helm
    /// does not push such a chart, and the plugin says why.
    pub(super) fn read(charts: &[Vec<u8>], requirements: &[Vec<u8>]) -> Self {
        let mut metadata = Value::Object(Map::new());
        for chart in charts {
            add(&mut metadata, chart);
        }
        if metadata["apiVersion"].as_str().is_none_or(str::is_empty) {
            metadata["apiVersion"] = "v1".into();
        }
        for file in requirements {
            add(&mut metadata, file);
        }
        if let Some(name) = metadata["name"].as_str() {
            metadata["name"] = cleaned(name).into();
        }
        Self(metadata)
    }

    /// A field's text, if it says anything.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0[field].as_str().filter(|text| !text.is_empty())
    }

    /// The config blob.
    pub(super) fn to_json(&self) -> String {
        self.0.to_string()
    }
}

/// A text as helm cleans it when it loads a chart. Of the name that is what counts: the repository
/// and the title are made of it.
fn cleaned(text: &str) -> String {
    let letter = |letter: char| match letter {
        ' '..='~' => Some(letter),
        _ if letter.is_whitespace() => Some(' '),
        // what can't be printed is what Rust would escape; a mark alone it escapes as well
        _ => format!("a{letter}").escape_debug().eq(['a', letter]).then_some(letter),
    };
    text.chars().filter_map(letter).collect()
}

fn add(metadata: &mut Value, file: &[u8]) {
    if let Some(document) = yaml::parse(file) {
        decode(&METADATA, metadata, &document);
    }
}

/// Decodes into what is there already. Null leaves texts and flags as they are.
fn decode(shape: &Shape, into: &mut Value, node: &Node) {
    match (shape, node) {
        (Shape::Text, Node::Scalar(scalar)) => {
            if let Some(text) = scalar.text() {
                *into = text.into();
            }
        }
        (Shape::Flag, Node::Scalar(Scalar::Flag(flag))) => *into = (*flag).into(),
        (Shape::Any, node) => *into = json(node),
        (Shape::List(_) | Shape::TextMap, Node::Scalar(Scalar::Null)) => *into = Value::Null,
        (Shape::List(shape), Node::List(items)) => {
            let item = |item| {
                let mut value = empty(shape);
                decode(shape, &mut value, item);
                value
            };
            *into = items.iter().map(|node| item(node)).collect();
        }
        (Shape::TextMap, Node::Map(entries)) => {
            let Some(map) = object(into) else { return };
            for (key, node) in entries {
                let mut text = empty(&Shape::Text);
                decode(&Shape::Text, &mut text, node);
                map.insert(key.clone(), text);
            }
        }
        (Shape::Struct(fields), Node::Map(entries)) => {
            let Some(map) = object(into) else { return };
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            for (key, node) in entries {
                let exact = names.iter().find(|name| *name == key).copied();
                let Some(name) = exact.or_else(|| mistaken_for(key, &names)) else { continue };
                let Some((_, shape)) = fields.iter().find(|(field, _)| *field == name) else {
                    continue;
                };
                decode(shape, map.entry(name).or_insert_with(|| empty(shape)), node);
            }
            map.retain(|_, value| !value.is_null());
        }
        // helm reads no further
        _ => {}
    }
}

/// What a field holds before anything is decoded into it. A text is never null in a list.
fn empty(shape: &Shape) -> Value {
    match shape {
        Shape::Text => "".into(),
        _ => Value::Null,
    }
}

fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

fn json(node: &Node) -> Value {
    match node {
        Node::Scalar(scalar) => scalar.json(),
        Node::List(items) => items.iter().map(|item| json(item)).collect(),
        Node::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.clone(), json(node)))
            .collect::<Map<_, _>>()
            .into(),
    }
}
