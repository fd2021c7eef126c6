//! The query of a request.

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

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        // digits only: Rust's own parser would also take a sign
        let hex = after.get(..2).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes a value for a query, such as a media type.
pub fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let hex = [byte >> 4, byte & 15].map(|nibble| b"0123456789ABCDEF"[usize::from(nibble)]);
            encoded.push('%');
            encoded.extend(hex.map(char::from));
        }
        encoded
    })
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
