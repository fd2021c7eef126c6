//! JSON, read so that nobody sees two documents in one.
//!
//! Clients in Go take the last of two equal keys, and match the names of fields without case; a
//! parser that does otherwise would judge another manifest than the one a client runs.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON document: no duplicate keys, nothing behind it, at most 128 levels.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    parse_bounded(bytes, usize::MAX)
}

/// Reads one JSON document as [`parse`] does, of at most `values_max` values, objects and lists
/// included: a value of two bytes takes fifty in memory.
pub fn parse_bounded(bytes: &[u8], values_max: usize) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(values_max);
    let value = Strict { left: &left, values_max }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    /// values that may still come
    left: &'a Cell<usize>,
    values_max: usize,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            let most = self.values_max;
            return Err(D::Error::custom(format_args!("more than {most} values in one document")));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("key {key:?} appears twice")));
            }
            object.insert(key, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

/// The field among `fields` that a Go client takes `key` for although it is written otherwise.
///
/// Go compares under Unicode's simple case folding; besides the ASCII letters only the long s and
/// the Kelvin sign fold to one.
pub fn mistaken_for<'a>(key: &str, fields: &[&'a str]) -> Option<&'a str> {
    fn folded(text: &str) -> impl Iterator<Item = char> {
        text.chars().map(|letter| match letter {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            letter => letter.to_ascii_lowercase(),
        })
    }
    fields.iter().find(|field| **field != key && folded(field).eq(folded(key))).copied()
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
        assert!(parse_bounded(b"[1,{\"a\":2}]", 4).is_ok());
        let many = parse_bounded(b"[1,{\"a\":2}]", 3).unwrap_err().to_string();
        assert!(many.starts_with("more than 3 values"), "{many}");
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
