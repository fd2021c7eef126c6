//! Takes a mapping apart, and says what in it is wrong.

use roadstead_yaml::Value;

use super::{
    problem::{At, Problem, Spot, did_you_mean},
    yaml::{Key, Node},
};

/// Reads nodes, and collects what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

/// The entries of a mapping, of which those that are known are taken out.
pub(super) struct Fields<'a> {
    entries: Vec<(&'a Key, &'a Node)>,
    pub(super) spot: Spot,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The value of a key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.take_entry(key).map(|(_, value)| value)
    }

    /// A key that is there, with its value.
    pub(super) fn take_entry(&mut self, key: &'static str) -> Option<(&'a Key, &'a Node)> {
        self.known.push(key);
        let position = self.entries.iter().position(|(name, _)| name.value == key)?;
        Some(self.entries.remove(position))
    }

    /// Whether a key is there that was not taken yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.value == key)
    }
}

impl Reader {
    pub(super) fn error(&mut self, spot: &Spot, message: impl Into<String>, help: &str) {
        self.problems.push(Problem::error(spot, message).help(help));
    }

    fn expected(&mut self, node: &Node, what: &str, help: &str) {
        self.error(&node.spot, format!("expected {what}, not {}", node.value.what()), help);
    }

    /// The entries of a mapping.
    pub(super) fn fields<'a>(&mut self, node: &'a Node, what: &str) -> Option<Fields<'a>> {
        let entries = self.entries(node, what)?;
        let entries = entries.iter().map(|(key, value)| (key, value)).collect();
        Some(Fields { entries, spot: node.spot.clone(), known: Vec::new() })
    }

    /// The same, where the keys are anybody's choice.
    pub(super) fn entries<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a [(Key, Node)]> {
        let Value::Map(entries) = &node.value else {
            self.expected(node, &format!("a mapping: {what}"), "");
            return None;
        };
        Some(entries)
    }

    /// What was not taken is unknown.
    pub(super) fn finish(&mut self, fields: &Fields<'_>, of: &str) {
        for (key, _) in &fields.entries {
            let mut help = did_you_mean(&key.value, fields.known.iter().copied());
            if help.is_empty() {
                help = format!("{of} has {}", fields.known.join(", "));
            }
            self.error(&key.spot, format!("unknown key {:?}", key.value), &help);
        }
    }

    pub(super) fn list<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a [Node]> {
        let Value::List(items) = &node.value else {
            self.expected(node, &format!("a list of {what}"), "write it as [ … ]");
            return None;
        };
        if items.is_empty() {
            self.error(&node.spot, format!("this list of {what} is empty"), "leave the key out");
            return None;
        }
        Some(items)
    }

    /// A text. `what` gives an example, `such as …`, where not any text will do.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<At<String>> {
        let help = match node.value {
            Value::Number(_) | Value::Bool(_) if !what.contains("such as") => "put it in quotes",
            _ => "",
        };
        self.text_or(node, what, help)
    }

    /// A text, or `help`.
    pub(super) fn text_or(&mut self, node: &Node, what: &str, help: &str) -> Option<At<String>> {
        let Value::Text(text) = &node.value else {
            self.expected(node, what, help);
            return None;
        };
        Some(At { value: text.clone(), spot: node.spot.clone() })
    }

    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<At<String>>> {
        let items = self.list(node, what)?;
        Some(items.iter().filter_map(|item| self.text(item, "text")).collect())
    }

    /// A name that stands in logs and answers as it is.
    pub(super) fn name(&mut self, text: At<String>, what: &str) -> Option<At<String>> {
        const BYTES_MAX: usize = 64;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let name = text.value.as_str();
        if !(1..=BYTES_MAX).contains(&name.len()) || !name.bytes().all(plain) {
            let help = "use 1 to 64 letters, digits, -, _ and .";
            self.error(&text.spot, format!("{name:?} can't be the name of a {what}"), help);
            return None;
        }
        Some(text)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let text = self.text_or(node, &format!("one of {}", all.join(", ")), "")?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(*value);
        }
        let mut help = did_you_mean(&text.value, all.iter().copied());
        if help.is_empty() {
            help = format!("it is one of {}", all.join(", "));
        }
        self.error(&text.spot, format!("unknown value {:?}", text.value), &help);
        None
    }
}
