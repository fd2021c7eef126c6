//! A plugin's settings, with the files that they name.

use roadstead_yaml::{Node, Value};
use serde_json::{Map, Value as Json};

use crate::{
    fields::text,
    source::{CaseError, Source},
};

/// The settings as JSON text. As in a policy, a key that ends in `File` becomes the key without
/// that, and holds the file's text.
pub(crate) fn settings(source: &Source<'_>, node: &Node) -> Result<String, CaseError> {
    Ok(with_files(source, node)?.to_string())
}

fn with_files(source: &Source<'_>, node: &Node) -> Result<Json, CaseError> {
    match &node.value {
        Value::List(items) => items.iter().map(|item| with_files(source, item)).collect(),
        Value::Map(entries) => {
            let mut map = Map::new();
            for (key, node) in entries {
                let stem = key.value.strip_suffix("File").filter(|stem| !stem.is_empty());
                let (name, value) = match stem {
                    None => (key.value.as_str(), with_files(source, node)?),
                    Some(stem) => {
                        let bytes = source.file(node.spot, text(source, node)?)?;
                        let text = String::from_utf8(bytes)
                            .map_err(|_| source.error(node.spot, "this file is not UTF-8"))?;
                        (stem, text.into())
                    }
                };
                if map.insert(name.to_owned(), value).is_some() {
                    let what = format!("{name:?} is there twice: as text, and as a file");
                    return Err(source.error(key.spot, what));
                }
            }
            Ok(map.into())
        }
        other => Ok(other.to_json()),
    }
}
