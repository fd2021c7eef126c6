//! values.schema.json.

use serde::{Deserialize, de::IgnoredAny};
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

#[derive(Deserialize)]
struct Schema {
    #[serde(rename = "$schema", default)]
    draft: Option<String>,
}

/// Looks at a schema.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Problem> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes)
        && is_certain(&error)
    {
        return Err(Problem::NotJson { line: u32::try_from(error.line()).unwrap_or(u32::MAX) });
    }
    match serde_json::from_slice(bytes) {
        Ok(Schema { draft: Some(draft) }) if !is_known(&draft) => Err(Problem::UnknownDraft(draft)),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_json_for_certain_is_wrong() {
        for text in [
            "{}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            &["[".repeat(500), "]".repeat(500)].concat(),
            r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#,
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema"}"#,
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
        assert_eq!(check(b"{\"a\": \"\xff\"}"), Ok(()));
        for (text, line) in
            [("{}\n{}", 2), ("{a: 1}", 1), ("{\"a\": 1,}", 1), ("\n[", 2), (" ", 1), ("", 1)]
        {
            assert_eq!(check(text.as_bytes()), Err(Problem::NotJson { line }), "{text}");
        }
        let other = r#"{"$schema":"https://example.com/schema"}"#;
        assert!(matches!(check(other.as_bytes()), Err(Problem::UnknownDraft(_))));
    }
}
