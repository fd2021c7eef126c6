//! YAML as a tree of which every part knows its place.
//!
//! Read this way a file can be found fault with in all its parts at once, in the words of those who
//! write it and not in those of a deserialiser. How much may stand in a file is for the caller to
//! bound: [`Node`] is read by any function of `serde_saphyr`.
//!
//! ```
//! use roadstead_yaml::{Node, Value};
//!
//! let tree: Node = serde_saphyr::from_str("port: &p 5000\nother: *p\n")?;
//! let Value::Map(entries) = &tree.value else { panic!("not {}", tree.value.what()) };
//! let (key, node) = &entries[1];
//! assert_eq!((key.value.as_str(), key.spot.line, key.spot.column), ("other", 2, 1));
//! assert_eq!((node.spot.line, node.spot.column, node.spot.width), (2, 8, 2));
//! assert_eq!(tree.value.to_json(), serde_json::json!({ "port": 5000, "other": 5000 }));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod folder;
mod read;
mod settings;

pub use folder::is_yaml_file;
pub use settings::{SettingsFiles, setting_in_file, settings};

use serde_json::{Map, Number};
use serde_saphyr::Location;

/// Where in a file a value or a key stands. All 0 where nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: u64,
    /// Characters that it takes; 0 for what is not there.
    pub width: u64,
}

/// Something with the spot where it stands.
#[derive(Clone, Debug)]
pub struct At<T, S = Place> {
    /// What stands there.
    pub value: T,
    /// Where.
    pub spot: S,
}

/// A value and where it stands: of an alias, where the alias does.
pub type Node<S = Place> = At<Value<S>, S>;

/// A key and where it stands.
pub type Key<S = Place> = At<String, S>;

/// What a value may be.
#[derive(Clone, Debug)]
pub enum Value<S = Place> {
    /// Nothing, or `null`, or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// Text, in quotes or without.
    Text(String),
    /// A list.
    List(Vec<Node<S>>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key<S>, Node<S>)>),
}

impl<S> Value<S> {
    /// What it is, as a message calls it.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(yes) => (*yes).into(),
            Self::Number(number) => number.clone().into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(entries) => {
                let entry =
                    |(key, node): &(Key<S>, Node<S>)| (key.value.clone(), node.value.to_json());
                entries.iter().map(entry).collect::<Map<_, _>>().into()
            }
        }
    }
}

impl<S> Node<S> {
    /// The same tree, with spots of the caller's making.
    pub fn with_spots<R>(self, spot: &impl Fn(S) -> R) -> Node<R> {
        let value = match self.value {
            Value::Null => Value::Null,
            Value::Bool(yes) => Value::Bool(yes),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(text),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| item.with_spots(spot)).collect())
            }
            Value::Map(entries) => {
                let entry = |(key, node): (Key<S>, Self)| {
                    (At { value: key.value, spot: spot(key.spot) }, node.with_spots(spot))
                };
                Value::Map(entries.into_iter().map(entry).collect())
            }
        };
        At { value, spot: spot(self.spot) }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let width = location.span().len();
        Self { line: location.line(), column: location.column(), width }
    }
}
