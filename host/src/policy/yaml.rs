//! YAML as a tree of which every part knows its place.
//!
//! Read this way a file can be found fault with in all its parts at once, in the words of the
//! policy language and not in those of a deserialiser.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number};
use serde_saphyr::{Budget, DeserializeError, Location, Options, Spanned};

use super::problem::{At, Problem, Source, Spot};

/// Values of one file, after its aliases were replaced.
const NODES_MAX: usize = 100_000;
/// Levels of one file: reading goes down one by one, on a thread's stack.
const DEPTH_MAX: usize = 32;

/// A value and where it stands.
pub(super) type Node = At<Value>;

/// A key and where it stands.
pub(super) type Key = At<String>;

/// What a value may be.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

impl Value {
    /// What it is, as a message calls it.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl Node {
    /// The same as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(yes) => (*yes).into(),
            Value::Number(number) => number.clone().into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                let entry = |(key, value): &(Key, Self)| (key.value.clone(), value.to_json());
                entries.iter().map(entry).collect::<Map<_, _>>().into()
            }
        }
    }
}

/// Reads one document. Duplicate keys, a second document and bombs are refused.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Problem> {
    let mut budget = Budget::default();
    budget.max_nodes = NODES_MAX;
    budget.max_depth = DEPTH_MAX;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    let read = serde_saphyr::from_str_with_options::<Spanned<Tree>>(&source.text, options);
    match read {
        Ok(tree) => Ok(placed(tree, source)),
        Err(error) => Err(problem(&error, source)),
    }
}

fn problem(error: &DeserializeError, source: &Arc<Source>) -> Problem {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let spot = spot(&location, source);
    // what is wrong behind an alias is wrong where the alias stands
    let mut error = error.without_snippet();
    while let DeserializeError::AliasError { error: behind, .. } = error {
        error = behind.without_snippet();
    }
    let too_much = || {
        let message = format!("this is more than {NODES_MAX} values or {DEPTH_MAX} levels");
        Problem::error(&spot, message).help("split the file, and use fewer aliases")
    };
    match error {
        DeserializeError::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("a key");
            Problem::error(&spot, format!("{key} stands here a second time")).help("remove one")
        }
        DeserializeError::MultipleDocuments { .. } => {
            Problem::error(&spot, "a second document begins here").help("make it a file of its own")
        }
        DeserializeError::RecursiveReferencesRequireWeakTypes { .. } => {
            let message = "this alias stands within what it stands for";
            Problem::error(&spot, message).help("write the value out")
        }
        DeserializeError::Budget { .. }
        | DeserializeError::AliasReplayLimitExceeded { .. }
        | DeserializeError::AliasExpansionLimitExceeded { .. }
        | DeserializeError::AliasReplayStackDepthExceeded { .. } => too_much(),
        error => {
            let text = error.to_string();
            match text.split(" at line ").next().unwrap_or_default() {
                // the parser's own bound, which has no type
                text if text.contains("recursion limit") => too_much(),
                text => Problem::error(&spot, format!("this is no YAML: {text}")),
            }
        }
    }
}

fn spot(location: &Location, source: &Arc<Source>) -> Spot {
    let narrow = |number: u64| usize::try_from(number).unwrap_or(1).max(1);
    Spot {
        source: Arc::clone(source),
        line: narrow(location.line()),
        column: narrow(location.column()),
        width: narrow(location.span().len()),
    }
}

fn placed(tree: Spanned<Tree>, source: &Arc<Source>) -> Node {
    let at = spot(&tree.referenced, source);
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Bool(yes) => Value::Bool(yes),
        Tree::Number(number) => Value::Number(number),
        Tree::Text(text) => Value::Text(text),
        Tree::List(items) => {
            Value::List(items.into_iter().map(|item| placed(item, source)).collect())
        }
        Tree::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, _)| {
                let spot = spot(&key.referenced, source);
                (At { value: key.value, spot }, placed(value, source))
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    At { value, spot: at }
}

/// What the deserialiser makes.
enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Tree, E> {
        let number = Number::from_f64(number);
        number.map(Tree::Number).ok_or_else(|| E::custom("a number has to be finite"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
