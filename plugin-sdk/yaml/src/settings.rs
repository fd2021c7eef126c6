//! A plugin's settings: text that is too long for a line of YAML may stand in a file.

use serde_json::{Map, Value as Json};

use crate::{Key, Node, Value};

/// What the key of a file's name ends in.
const FILE: &str = "File";

/// Reads the files that settings name, and reports what is wrong with them. An error ends the
/// reading; whoever reports every problem continues with an empty text.
pub trait SettingsFiles<S> {
    /// What ends the reading.
    type Error;

    /// Returns the text of a file. `name`: the value of a key such as `keyringFile`.
    fn text(&mut self, name: &Node<S>) -> Result<String, Self::Error>;

    /// Reports that a setting has a value twice, most likely one of them in a file. `key` is the
    /// second.
    fn twice(&mut self, key: &Key<S>, setting: &str) -> Result<(), Self::Error>;
}

/// Returns settings as the JSON that a plugin gets: a key that ends in `File` becomes the key
/// without it, and holds the file's text.
pub fn settings<S, F: SettingsFiles<S>>(node: &Node<S>, files: &mut F) -> Result<Json, F::Error> {
    match &node.value {
        Value::List(items) => items.iter().map(|item| settings(item, files)).collect(),
        Value::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let (name, json) = match setting_in_file(&key.value) {
                    Some(name) => (name, files.text(value)?.into()),
                    None => (key.value.as_str(), settings(value, files)?),
                };
                if map.insert(name.to_owned(), json).is_some() {
                    files.twice(key, name)?;
                }
            }
            Ok(map.into())
        }
        other => Ok(other.to_json()),
    }
}

/// Returns the setting whose text is in a file, if that is what a key says.
pub fn setting_in_file(key: &str) -> Option<&str> {
    key.strip_suffix(FILE).filter(|name| !name.is_empty())
}
