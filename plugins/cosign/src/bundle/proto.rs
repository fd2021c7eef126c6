//! JSON as Protocol Buffers writes it, read as strictly as sigstore's libraries do: no unknown
//! fields, each name in one of its two spellings, numbers that may be text.

use roadstead_plugin_sdk::{Code, Quoted};
use serde_json::{Map, Value};

use crate::{codes, read};

/// Something that is wrong with a bundle.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) code: &'static Code,
    /// where in the bundle
    pub(crate) pointer: String,
    /// goes on after "the bundle"
    pub(crate) why: String,
}

/// A message: an object with known fields.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) at: String,
    entries: &'a Map<String, Value>,
}

/// A value with the place where it stands.
pub(crate) type Placed<'a> = (String, &'a Value);

impl Wrong {
    pub(crate) fn new(code: &'static Code, pointer: &str, why: impl Into<String>) -> Self {
        Self { code, pointer: pointer.to_owned(), why: why.into() }
    }

    fn of_json(pointer: &str, why: impl Into<String>) -> Self {
        Self::new(&codes::BUNDLE, pointer, why)
    }
}

impl<'a> Fields<'a> {
    /// `names`: the fields that the message has, in lower camel case.
    pub(crate) fn of((at, value): Placed<'a>, names: &[&str]) -> Result<Self, Wrong> {
        let Value::Object(entries) = value else {
            return Err(Wrong::of_json(&at, "has a value that must be an object"));
        };
        for key in entries.keys() {
            let Some(name) = names.iter().find(|name| *name == key || snake(name) == *key) else {
                let why = format!("has the unknown field {}", Quoted(key));
                return Err(Wrong::of_json(&at, why));
            };
            if *name != key && entries.contains_key(*name) {
                return Err(Wrong::of_json(&at, format!("has the field {name} twice")));
            }
        }
        Ok(Self { at, entries })
    }

    /// A field; null is as if it were not there.
    pub(crate) fn get(&self, name: &str) -> Option<Placed<'a>> {
        let value = self.entries.get(name).or_else(|| self.entries.get(&snake(name)));
        value.filter(|value| !value.is_null()).map(|value| (self.pointer(name), value))
    }

    /// The pointer to a field.
    pub(crate) fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    pub(crate) fn message(&self, name: &str, names: &[&str]) -> Result<Option<Self>, Wrong> {
        self.get(name).map(|placed| Self::of(placed, names)).transpose()
    }

    /// Empty where it is not there, as in Protocol Buffers.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Wrong> {
        match self.get(name) {
            None => Ok(""),
            Some((_, Value::String(text))) => Ok(text),
            Some((at, _)) => Err(Wrong::of_json(&at, "has a value that must be text")),
        }
    }

    /// Empty where it is not there.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, Wrong> {
        self.get(name).map_or_else(|| Ok(Vec::new()), bytes)
    }

    /// 0 where it is not there.
    pub(crate) fn int64(&self, name: &str) -> Result<i64, Wrong> {
        let Some((at, value)) = self.get(name) else { return Ok(0) };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Wrong::of_json(&at, "has a value that must be a number"))
    }

    pub(crate) fn list(&self, name: &str) -> Result<Vec<Placed<'a>>, Wrong> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some((at, Value::Array(items))) => {
                let place = |(index, item)| (format!("{at}/{index}"), item);
                Ok(items.iter().enumerate().map(place).collect())
            }
            Some((at, _)) => Err(Wrong::of_json(&at, "has a value that must be a list")),
        }
    }
}

/// Base64 in either alphabet.
pub(crate) fn bytes((at, value): Placed<'_>) -> Result<Vec<u8>, Wrong> {
    let bytes = value.as_str().and_then(read::base64_of_proto);
    bytes.ok_or_else(|| Wrong::of_json(&at, "has a value that must be base64"))
}

/// The other spelling of a field's name.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Result<Fields<'_>, Wrong> {
        Fields::of((String::new(), value), &["logIndex", "keyId", "hashes"])
    }

    #[test]
    fn both_spellings_of_a_name_are_one_field() {
        let value = json!({ "log_index": "7", "keyId": "aGk", "hashes": null });
        let read = fields(&value).unwrap();
        assert_eq!(read.int64("logIndex").unwrap(), 7);
        assert_eq!(read.bytes("keyId").unwrap(), b"hi");
        assert!(read.list("hashes").unwrap().is_empty());
        let twice = fields(&json!({ "log_index": 1, "logIndex": 2 })).unwrap_err().why;
        assert_eq!(twice, "has the field logIndex twice");
        let unknown = fields(&json!({ "LogIndex": 1 })).unwrap_err().why;
        assert_eq!(unknown, "has the unknown field \"LogIndex\"");
        assert!(fields(&json!([])).is_err());
    }

    #[test]
    fn another_type_is_an_error() {
        let value = json!({ "logIndex": 1.5, "keyId": "a b", "hashes": {} });
        let read = fields(&value).unwrap();
        assert_eq!(read.int64("logIndex").unwrap_err().pointer, "/logIndex");
        assert!(read.bytes("keyId").is_err() && read.list("hashes").is_err());
        assert!(read.text("hashes").is_err());
    }
}
