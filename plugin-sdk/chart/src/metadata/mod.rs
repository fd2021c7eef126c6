//! A chart's metadata: what Chart.yaml, and an old chart's requirements.yaml, say to helm.
//!
//! helm turns YAML into JSON and decodes that into a Go struct, so the ways of Go's decoder are
//! here: fields are found without case, of several keys for one field the last in byte order
//! counts, numbers become text where the field is text, null leaves a field alone, and a second
//! document is decoded into what the first one left.

mod decode;
mod json;
mod pushed;
mod shape;

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    text::sanitised,
    yaml::{self, Content, Invalid, Node},
};

pub use decode::decode;
pub use json::to_json;
pub use shape::{DEPENDENCIES, METADATA, Shape, field_named};

/// What was decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// nothing, null, or never named
    #[default]
    Absent,
    /// text
    Text(Text),
    /// true or false
    Flag(bool),
    /// in order
    List(Vec<Value>),
    /// a struct by its fields' names, or a map
    Map(BTreeMap<String, Value>),
    /// of any type
    Any(serde_json::Value),
}

impl Value {
    /// The text as helm has it; empty where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => &text.helm,
            _ => "",
        }
    }

    /// What a map or a struct has under a key.
    pub fn entry(&self, key: &str) -> &Self {
        match self {
            Self::Map(entries) => entries.get(key).unwrap_or(ABSENT),
            _ => ABSENT,
        }
    }
}

/// Text in two readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// what helm has
    pub helm: String,
    /// what stands there, as a reader of YAML 1.2 takes it for a string
    pub written: String,
    /// from 1
    pub line: u32,
}

/// The metadata of a chart.
#[derive(Debug, Default)]
pub struct Metadata {
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
    /// Reads Chart.yaml, and what an old chart has beside it, in helm's order. Each comes without
    /// its byte order mark. Fails where helm fails, and where two readers of YAML could differ.
    pub fn read(charts: &[Vec<u8>], requirements: &[Vec<u8>]) -> Result<Self, Unreadable> {
        let mut metadata = Self::default();
        metadata.add_files(charts, requirements, yaml::parse)?;
        Ok(metadata)
    }

    fn add_files(
        &mut self,
        charts: &[Vec<u8>],
        requirements: &[Vec<u8>],
        parse: Parse,
    ) -> Result<(), Unreadable> {
        for chart in charts {
            let read = parse(chart).and_then(|node| self.add_chart(&node));
            read.map_err(|invalid| Unreadable { file: "Chart.yaml", invalid })?;
        }
        for document in requirements {
            let read = parse(document).and_then(|node| self.add(&node));
            read.map_err(|invalid| Unreadable { file: "requirements.yaml", invalid })?;
        }
        Ok(())
    }

    /// What Chart.yaml says, on top of another one.
    fn add_chart(&mut self, chart: &Node) -> Result<(), Invalid> {
        let added = self.add(chart);
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
        added
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
    pub fn name(&self) -> String {
        sanitised(self.text("name"))
    }

    /// Where a field's text stands, if it is a text that stands anywhere.
    pub fn line(&self, field: &str) -> Option<u32> {
        match self.field(field) {
            Value::Text(text) if text.line > 0 => Some(text.line),
            _ => None,
        }
    }

    /// A line with a number that helm 4 stops at: before it loads a chart it reads the apiVersion
    /// alone, and turns all that stands beside it into JSON. Both helms take such a number for text
    /// when they load the chart, and in the charts within it.
    pub fn infinite_line(&self) -> Option<u32> {
        self.infinite_line
    }

    /// What one document says.
    pub fn decoded(document: &Node) -> Result<Self, Invalid> {
        let mut metadata = Self::default();
        metadata.add(document)?;
        Ok(metadata)
    }

    /// A field as helm has it; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.field(field).text()
    }

    /// A field.
    pub fn field(&self, name: &str) -> &Value {
        self.fields.entry(name)
    }

    /// All of it, as helm writes it into a config.
    pub fn to_json(&self) -> serde_json::Value {
        to_json(&METADATA, &self.fields)
    }

    /// Whether a field is true.
    pub fn flag(&self, field: &str) -> bool {
        matches!(self.field(field), Value::Flag(true))
    }
}

/// How a document is read.
type Parse = fn(&[u8]) -> Result<Rc<Node>, Invalid>;

/// A file that helm would stop at.
#[derive(Debug)]
pub struct Unreadable {
    /// its name
    pub file: &'static str,
    /// why
    pub invalid: Invalid,
}
