//! The query of a request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use roadstead_oci::{InvalidReference, Tag};

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a raw query. A `+` stays one: media types are full of them, and none has a space.
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decode = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(key), percent_decoded(value))
        };
        Self(pairs.map(decode).collect())
    }

    /// The first value of a parameter.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The tags of `?tag=` (end-7b).
    pub fn tags(&self) -> Result<Vec<Tag>, InvalidReference> {
        self.all("tag").map(|tag| Tag::parse(tag).map_err(InvalidReference::Tag)).collect()
    }
}

/// What a value of a query keeps: unreserved characters (RFC 3986 §2.3), and the `/` of names.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes a value for a query, such as a media type.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d43_a_plus_in_a_query_stays_one() {
        let query = Query::parse("artifactType=a/b+json&artifactType=c%2Fd%2Bjson&n=%zz&last");
        assert_eq!(Query::parse("n=%+F%-1").first("n"), Some("%+F%-1"), "a sign is no digit");
        assert_eq!(query.all("artifactType").collect::<Vec<_>>(), ["a/b+json", "c/d+json"]);
        assert_eq!((query.first("n"), query.first("last")), (Some("%zz"), Some("")));
        assert_eq!(
            Query::parse(&format!("x={}", percent_encoded("a/b+c d"))).first("x"),
            Some("a/b+c d")
        );
    }
}
