//! JSON, read so that nobody sees two documents in one.
//!
//! Clients in Go take the last of two equal keys, and match the names of fields without case; a
//! parser that does otherwise would judge another manifest than the one a client runs.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON document: no duplicate keys, nothing behind it, at most 128 levels.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("key {key:?} stands there twice")));
            }
            object.insert(key, entries.next_value_seed(Strict)?);
        }
        Ok(Value::Object(object))
    }
}

/// The field among `fields` that a Go client takes `key` for although it is written otherwise.
///
/// Go compares under Unicode's simple case folding; besides the ASCII letters only the long s and
/// the Kelvin sign fold to one.
pub fn mistaken_for<'a>(key: &str, fields: &[&'a str]) -> Option<&'a str> {
    let fold = |text: &str| -> String {
        text.chars()
            .map(|letter| match letter {
                '\u{17f}' => 's',
                '\u{212a}' => 'k',
                letter => letter.to_ascii_lowercase(),
            })
            .collect()
    };
    let folded = fold(key);
    fields.iter().find(|field| **field != key && fold(field) == folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        assert!(parse(br#"{"a":{"b":1},"c":[1,-2,0.5,null,true,"x"]}"#).is_ok());
        for bad in [
            &br#"{"a":1,"a":2}"#[..],
            br#"{"a":1,"\u0061":2}"#,
            br#"{"x":[{"a":1,"a":2}]}"#,
            br"{} {}",
            br#"{"a":1}x"#,
            b"\xff",
            b"{\"a\":\"\xff\"}",
            b"",
            br#"{"a":1,}"#,
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn go_matches_fields_without_case() {
        let fields = ["layers", "digest", "config"];
        for (key, field) in [("Layers", "layers"), ("layer\u{17f}", "layers"), ("diGest", "digest")]
        {
            assert_eq!(mistaken_for(key, &fields), Some(field), "{key}");
        }
        assert_eq!(mistaken_for("layers", &fields), None);
        assert_eq!(mistaken_for("layerz", &fields), None);
        assert_eq!(mistaken_for("\u{212a}ey", &["key"]), Some("key"));
    }
}
