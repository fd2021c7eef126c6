//! The keys of a map, each of which is known.

use std::collections::BTreeMap;

use roadstead_yaml::{Key, Node, Place, Value};

use crate::source::{CaseError, Source};

/// A map whose keys are all among those that it may have.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) at: Place,
    entries: &'a [(Key, Node)],
}

impl<'a> Fields<'a> {
    /// `known`: lists of the keys that there may be.
    pub(crate) fn of(
        source: &'a Source<'a>,
        node: &'a Node,
        known: &[&[&str]],
    ) -> Result<Self, CaseError> {
        let Value::Map(entries) = &node.value else {
            let names = known.concat().join(", ");
            let what = format!("this is {}; write a mapping of {names}", node.value.what());
            return Err(source.error(node.spot, what));
        };
        for (key, _) in entries {
            if !known.iter().any(|known| known.contains(&key.value.as_str())) {
                return Err(source.error(key.spot, unknown("key", &key.value, &known.concat())));
            }
        }
        Ok(Self { source, at: node.spot, entries })
    }

    pub(crate) fn error(&self, what: impl Into<String>) -> CaseError {
        self.source.error(self.at, what)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(found, _)| found.value == key).map(|(_, node)| node)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, CaseError> {
        self.get(key).map(|node| text(self.source, node)).transpose()
    }

    pub(crate) fn required_text(&self, key: &str) -> Result<&'a str, CaseError> {
        self.text(key)?.ok_or_else(|| self.error(format!("{key:?} is missing here")))
    }

    pub(crate) fn bool(&self, key: &str) -> Result<bool, CaseError> {
        match self.get(key).map(|node| (node, &node.value)) {
            None => Ok(false),
            Some((_, Value::Bool(value))) => Ok(*value),
            Some((node, _)) => Err(self.wrong(node, "true or false")),
        }
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, CaseError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::Number(number) if number.is_u64() => Ok(number.as_u64()),
            _ => Err(self.wrong(node, "a whole number")),
        }
    }

    pub(crate) fn list(&self, key: &str) -> Result<&'a [Node], CaseError> {
        match self.get(key).map(|node| (node, &node.value)) {
            None => Ok(&[]),
            Some((_, Value::List(items))) => Ok(items),
            Some((node, _)) => Err(self.wrong(node, "a list")),
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<Vec<(Place, &'a str)>, CaseError> {
        let items = self.list(key)?.iter();
        items.map(|item| Ok((item.spot, text(self.source, item)?))).collect()
    }

    /// A map from text to text.
    pub(crate) fn text_map(&self, key: &str) -> Result<BTreeMap<String, String>, CaseError> {
        let Some(node) = self.get(key) else { return Ok(BTreeMap::new()) };
        let Value::Map(entries) = &node.value else { return Err(self.wrong(node, "a mapping")) };
        let pair = |(key, node): &'a (Key, Node)| {
            Ok((key.value.clone(), text(self.source, node)?.to_owned()))
        };
        entries.iter().map(pair).collect()
    }

    fn wrong(&self, node: &Node, wanted: &str) -> CaseError {
        self.source.error(node.spot, format!("this is {}; write {wanted}", node.value.what()))
    }
}

/// Text as it stands there.
pub(crate) fn text<'a>(source: &Source<'_>, node: &'a Node) -> Result<&'a str, CaseError> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => {
            let what = format!("this is {}; write text, in quotes if necessary", other.what());
            Err(source.error(node.spot, what))
        }
    }
}

/// What to say of a word that nobody knows.
pub(crate) fn unknown(kind: &str, word: &str, known: &[&str]) -> String {
    let distance = |known: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), known);
    let nearest = known.iter().min_by_key(|known| distance(known));
    match nearest.filter(|known| distance(known) <= 1 + known.len() / 3) {
        Some(nearest) => format!("unknown {kind} {word:?}; did you mean {nearest:?}?"),
        None => format!("unknown {kind} {word:?}; known here: {}", known.join(", ")),
    }
}
