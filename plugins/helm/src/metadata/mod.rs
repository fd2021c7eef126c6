//! A chart's metadata: what Chart.yaml, and an old chart's requirements.yaml, say to helm.
//!
//! helm turns YAML into JSON and decodes that into a Go struct, so the ways of Go's decoder are
//! here: fields are found without case, of several keys for one field the last in byte order
//! counts, numbers become text where the field is text, null leaves a field alone, and a second
//! document is decoded into what the first one left.

mod compare;
mod decode;
mod shape;

use std::collections::BTreeMap;

use roadstead_plugin_sdk::Code;

use crate::{
    text::sanitised,
    validate::{Claims, Dependency},
    yaml::{self, Content, Invalid, Node},
};

pub(crate) use compare::{Difference, compare};
pub(crate) use decode::decode;
pub(crate) use shape::{DEPENDENCIES, METADATA, Shape, field_named};

/// What was decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// nothing, null, or never named
    #[default]
    Absent,
    Text(Text),
    Flag(bool),
    List(Vec<Value>),
    /// a struct by its fields' names, or a map
    Map(BTreeMap<String, Value>),
    /// of any type
    Any(serde_json::Value),
}

impl Value {
    /// The text as helm has it; empty where there is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => &text.helm,
            _ => "",
        }
    }

    /// What a map or a struct has under a key.
    pub(crate) fn entry(&self, key: &str) -> &Self {
        match self {
            Self::Map(entries) => entries.get(key).unwrap_or(ABSENT),
            _ => ABSENT,
        }
    }
}

/// Text in two readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    /// what helm has
    pub(crate) helm: String,
    /// what stands there, as a reader of YAML 1.2 takes it for a string
    pub(crate) written: String,
    /// from 1
    pub(crate) line: u32,
}

/// The metadata of a chart.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    fields: Value,
    /// a line of Chart.yaml with a number that JSON does not have; see [`Self::infinite_line`]
    infinite_line: Option<u32>,
}

const ABSENT: &Value = &Value::Absent;

/// What helm 4 reads first.
const API_VERSION_FIELD: &[(&str, Shape)] = &[("apiVersion", Shape::Exact)];

/// What helm assumes where Chart.yaml says nothing.
const API_VERSION: &str = "v1";

impl Metadata {
    /// What Chart.yaml says, on top of another one.
    fn add_chart(&mut self, chart: &Node) -> Result<(), Invalid> {
        self.add(chart)?;
        if let Content::Map(entries) = &chart.content {
            let is_read = |key: &str| field_named(API_VERSION_FIELD, key).is_some();
            let others = entries.iter().filter(|(key, _)| !is_read(key));
            let line = others.map(|(_, value)| value).find_map(|value| value.infinite_line());
            self.infinite_line = self.infinite_line.or(line);
        }
        if self.text("apiVersion").is_empty()
            && let Value::Map(fields) = &mut self.fields
        {
            let helm = API_VERSION.to_owned();
            let text = Text { written: helm.clone(), helm, line: 0 };
            fields.insert("apiVersion".to_owned(), Value::Text(text));
        }
        Ok(())
    }

    /// What requirements.yaml says on top. helm decodes all of it, not only the dependencies.
    fn add(&mut self, document: &Node) -> Result<(), Invalid> {
        if self.fields == Value::Absent {
            self.fields = Value::Map(BTreeMap::new());
        }
        if document.is_null() {
            return Ok(());
        }
        decode(&METADATA, &mut self.fields, document)
    }

    /// The name, as helm cleans it.
    pub(crate) fn name(&self) -> String {
        sanitised(self.text("name"))
    }

    /// Where a field's text stands, if it is a text that stands anywhere.
    pub(crate) fn line(&self, field: &str) -> Option<u32> {
        match self.field(field) {
            Value::Text(text) if text.line > 0 => Some(text.line),
            _ => None,
        }
    }

    /// A line with a number that helm 4 stops at: before it loads a chart it reads the apiVersion
    /// alone, and turns all that stands beside it into JSON. Both helms take such a number for text
    /// when they load the chart, and in the charts within it.
    pub(crate) fn infinite_line(&self) -> Option<u32> {
        self.infinite_line
    }

    /// What one document says.
    pub(crate) fn decoded(document: &Node) -> Result<Self, Invalid> {
        let mut metadata = Self::default();
        metadata.add(document)?;
        Ok(metadata)
    }

    /// What helm validates. `lenient`: the code for a version that only helm takes.
    pub(crate) fn claims(&self, lenient: &'static Code) -> Claims<'_> {
        let entries = |name| match self.field(name) {
            Value::List(entries) => &entries[..],
            _ => &[],
        };
        Claims {
            name: self.name(),
            version: self.text("version"),
            api_version: self.text("apiVersion"),
            chart_type: self.text("type"),
            lenient,
            has_empty_maintainer: entries("maintainers").contains(&Value::Absent),
            dependencies: entries("dependencies").iter().map(dependency).collect(),
        }
    }

    /// A field as helm has it; empty where there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.field(field).text()
    }

    /// A field.
    pub(crate) fn field(&self, name: &str) -> &Value {
        self.fields.entry(name)
    }

    /// All of it, as helm writes it into a config.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        compare::to_json(&METADATA, &self.fields)
    }

    /// Whether a field is true.
    pub(crate) fn flag(&self, field: &str) -> bool {
        matches!(self.field(field), Value::Flag(true))
    }
}

fn dependency(entry: &Value) -> Option<Dependency<'_>> {
    let dependency =
        Dependency { name: entry.entry("name").text(), alias: entry.entry("alias").text() };
    matches!(entry, Value::Map(_)).then_some(dependency)
}

/// Reads Chart.yaml, and what an old chart has beside it, in helm's order. Each comes without its
/// byte order mark.
pub(crate) fn read(charts: &[Vec<u8>], requirements: &[Vec<u8>]) -> Result<Metadata, Unreadable> {
    let mut metadata = Metadata::default();
    for chart in charts {
        let read = yaml::parse(chart).and_then(|node| metadata.add_chart(&node));
        read.map_err(|invalid| Unreadable { file: "Chart.yaml", invalid })?;
    }
    for document in requirements {
        let read = yaml::parse(document).and_then(|node| metadata.add(&node));
        read.map_err(|invalid| Unreadable { file: "requirements.yaml", invalid })?;
    }
    Ok(metadata)
}

/// A file that helm would stop at.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) file: &'static str,
    pub(crate) invalid: Invalid,
}
