//! Repository names (distribution-spec, "Pulling manifests", the grammar of `<name>`).

use std::{fmt, sync::Arc};

/// A repository name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository(Arc<str>);

impl Repository {
    /// Longest name, in bytes. Many clients hold host and name together to 255, and so do file
    /// systems the last component with what the store appends to it.
    pub const BYTES_MAX: usize = 240;

    /// Reads a name: components of `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, joined by slashes.
    pub fn parse(text: &str) -> Result<Self, InvalidRepository> {
        let fits = text.len() <= Self::BYTES_MAX;
        if fits && text.split('/').all(|component| is_component(component.as_bytes())) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRepository { text: text.chars().take(300).collect() })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &[u8]) -> bool {
    let alphanumeric = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let separators = text.split(alphanumeric).filter(|separator| !separator.is_empty());
    text.first().is_some_and(alphanumeric)
        && text.last().is_some_and(alphanumeric)
        && separators.into_iter().all(|separator| {
            matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-')
        })
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A string that is no repository name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRepository {
    text: String,
}

impl fmt::Display for InvalidRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "repository name {:?} is invalid; use lower case letters and digits, joined by one of \
             . _ __ - and /, at most {} bytes",
            self.text,
            Repository::BYTES_MAX
        )
    }
}

impl std::error::Error for InvalidRepository {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d02_the_grammar_of_names() {
        let long = "a".repeat(240);
        for good in ["a", "a/b", "a-b", "a--b", "a__b", "a.b_c", "blobs/uploads", "0", &long] {
            assert!(Repository::parse(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(241);
        for bad in [
            "", "/", "a/", "/a", "a//b", "A", "a___b", "a..b", "-a", "a-", "_a", "a/.b", "a.-b",
            "..", "a,b", "a b", "ä", "a%2fb", &longer,
        ] {
            assert!(Repository::parse(bad).is_err(), "{bad}");
        }
    }
}
