//! values.schema.json, which is read in pieces: it may have any size that helm takes.

use std::{fmt, io::BufRead};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::error::Category;

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    NotJson {
        /// from 1
        line: u32,
    },
    /// what its `$schema` says
    UnknownDraft(String),
}

const DRAFTS: [&str; 6] = [
    "json-schema.org/schema",
    "json-schema.org/draft-04/schema",
    "json-schema.org/draft-06/schema",
    "json-schema.org/draft-07/schema",
    "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft/2020-12/schema",
];

/// Its `$schema`, if that is a text.
struct Schema(Option<String>);

/// Looks at a schema. The bytes may fail to come, which is told apart from what they say.
pub(crate) fn check(bytes: impl BufRead) -> std::io::Result<Result<(), Problem>> {
    Ok(match serde_json::from_reader(bytes) {
        Ok(Schema(Some(draft))) if !is_known(&draft) => Err(Problem::UnknownDraft(draft)),
        Err(error) if error.is_io() => return Err(error.into()),
        Err(error) if is_certain(&error) => {
            Err(Problem::NotJson { line: u32::try_from(error.line()).unwrap_or(u32::MAX) })
        }
        Ok(_) | Err(_) => Ok(()),
    })
}

/// Go reads deeper, and takes halves of letters beyond 16 bits and bytes that are no UTF-8.
fn is_certain(error: &serde_json::Error) -> bool {
    let is_lenient = ["recursion limit", "surrogate", "unicode", "hex escape"]
        .iter()
        .any(|why| error.to_string().contains(why));
    matches!(error.classify(), Category::Syntax | Category::Eof) && !is_lenient
}

fn is_known(draft: &str) -> bool {
    let address = draft.trim_end_matches('#');
    let rest = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
    rest.is_some_and(|rest| DRAFTS.contains(&rest))
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyVisitor)
    }
}

/// Takes whatever is JSON.
struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Schema;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Schema, A::Error> {
        let mut draft = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "$schema" {
                // of two the last one counts
                draft = map.next_value::<serde_json::Value>()?.as_str().map(ToOwned::to_owned);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Schema(draft))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Schema, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Schema(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Schema, E> {
        Ok(Schema(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Schema, E> {
        Ok(Schema(None))
    }

    fn visit_unit<E>(self) -> Result<Schema, E> {
        Ok(Schema(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Schema, E> {
        Ok(Schema(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Schema, E> {
        Ok(Schema(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Schema, E> {
        Ok(Schema(None))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Read};

    use super::*;

    fn check_bytes(bytes: &[u8]) -> Result<(), Problem> {
        check(bytes).unwrap()
    }

    #[test]
    fn only_what_is_no_json_for_certain_is_wrong() {
        for text in [
            "{}",
            "true",
            "\"a\"",
            "-1.5",
            "[1, {}]",
            r#"{"a":1,"a":2}"#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"$schema":1}"#,
            &["[".repeat(500), "]".repeat(500)].concat(),
            r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#,
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema"}"#,
        ] {
            assert_eq!(check_bytes(text.as_bytes()), Ok(()), "{text}");
        }
        assert_eq!(check_bytes(b"{\"a\": \"\xff\"}"), Ok(()));
        for (text, line) in
            [("{}\n{}", 2), ("{a: 1}", 1), ("{\"a\": 1,}", 1), ("\n[", 2), (" ", 1), ("", 1)]
        {
            assert_eq!(check_bytes(text.as_bytes()), Err(Problem::NotJson { line }), "{text}");
        }
        let other = r#"{"$schema":"https://example.com/schema"}"#;
        assert!(matches!(check_bytes(other.as_bytes()), Err(Problem::UnknownDraft(_))));
    }

    #[test]
    fn what_can_t_be_read_is_not_blamed_on_the_schema() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::Other.into())
            }
        }
        assert!(check(BufReader::new((&b"{\"a\": "[..]).chain(Broken))).is_err());
    }
}
