//! YAML as helm reads it: by `sigs.k8s.io/yaml`, which means YAML 1.1 and a port of libyaml.
//!
//! Other parsers see other documents: to libyaml U+0085, U+2028 and U+2029 end a line, so that a
//! key can hide from whoever reads YAML 1.2. Hence the parser here is a port of libyaml too. What
//! its scalars mean is in [`scalar`].

mod escape;
mod merge;
mod reader;
mod scalar;
mod tagged;

use std::{collections::BTreeMap, fmt, rc::Rc};

pub use reader::{BYTES_MAX, parse, parse_any};
pub use scalar::Scalar;

/// A value, and where it stands.
#[derive(Debug)]
pub struct Node {
    /// from 1
    pub line: u32,
    /// what it is
    pub content: Content,
    /// values in it, itself among them
    nodes: usize,
    /// of text in it
    bytes: usize,
}

/// What a value is.
#[derive(Debug)]
pub enum Content {
    /// neither a list nor a map
    Scalar {
        /// as it stands there, without quotes
        text: String,
        /// what it means
        value: Scalar,
    },
    /// in order
    List(Vec<Rc<Node>>),
    /// In the order of bytes, which is the order in which Go's JSON hands them to a struct. Of
    /// equal keys the last one is there.
    Map(BTreeMap<String, Rc<Node>>),
}

/// Why a document can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// from 1; 0: the document as a whole
    pub line: u32,
    /// in words
    pub why: String,
    /// Whether helm refuses it as well. Else it is this reader that goes no further, which is
    /// reason enough to refuse a Chart.yaml, and none to refuse values.
    pub is_certain: bool,
}

impl Invalid {
    /// What helm refuses.
    pub fn new(line: u32, why: impl fmt::Display) -> Self {
        Self { line, why: why.to_string(), is_certain: true }
    }

    /// What is wrong with a file, and what to do. Of a bound of this reader nobody says that it is
    /// helm's.
    pub fn message(&self, file: &str) -> String {
        let Self { why, is_certain, .. } = self;
        match is_certain {
            true => format!("helm can't read {file}: {why}; correct it"),
            false => format!("{file} can't be judged: {why}; change that"),
        }
    }

    /// What helm might read.
    pub fn unread(line: u32, why: impl fmt::Display) -> Self {
        Self { is_certain: false, ..Self::new(line, why) }
    }
}

impl Node {
    fn new(line: u32, content: Content) -> Self {
        let (nodes, bytes) = match &content {
            Content::Scalar { text, .. } => (0, text.len()),
            Content::List(items) => (
                items.iter().map(|item| item.nodes).sum(),
                items.iter().map(|item| item.bytes).sum(),
            ),
            Content::Map(entries) => (
                entries.values().map(|value| value.nodes + 1).sum(),
                entries.iter().map(|(key, value)| key.len() + value.bytes).sum(),
            ),
        };
        Self { line, content, nodes: nodes + 1, bytes }
    }

    /// The line of the first value that is infinite or no number, neither of which JSON has.
    pub fn infinite_line(&self) -> Option<u32> {
        match &self.content {
            Content::Scalar { value: Scalar::Float(number), .. } => {
                (!number.is_finite()).then_some(self.line)
            }
            Content::Scalar { .. } => None,
            Content::List(items) => items.iter().find_map(|item| item.infinite_line()),
            Content::Map(entries) => entries.values().find_map(|value| value.infinite_line()),
        }
    }

    fn null(line: u32) -> Self {
        Self::new(line, Content::Scalar { text: String::new(), value: Scalar::Null })
    }

    /// Whether it is null, `~`, or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Scalar { value: Scalar::Null, .. })
    }
}
