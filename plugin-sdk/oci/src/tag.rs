//! Tags (distribution-spec, "Pulling manifests", the grammar of a tag).

use std::{borrow::Borrow, fmt, sync::Arc};

use crate::Digest;

/// A tag. Cheap to clone. Ordered by its bytes, as listings are.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

/// What the shape of a tag tells about the manifest behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagForm {
    /// Nothing.
    Plain,
    /// `sha256-<hex>.sig`, `.att` or `.sbom`, perhaps with something before it: cosign's attachment
    /// to the manifest of this digest. It finds them by its `--attachment-tag-prefix`.
    Attachment {
        /// the manifest that it is attached to
        subject: Digest,
        /// what stands after the dot
        suffix: &'static str,
    },
    /// `sha256-<hex>`: the index of referrers that clients keep where a registry lists none.
    FallbackIndex {
        /// the manifest whose referrers it lists
        subject: Digest,
    },
}

impl Tag {
    /// Longest tag, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Reads a tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    pub fn parse(text: &str) -> Result<Self, InvalidTag> {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let bytes = text.as_bytes();
        let valid = bytes.len() <= Self::BYTES_MAX
            && bytes.first().is_some_and(word)
            && bytes.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'-'));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTag { text: text.chars().take(160).collect() })
        }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What its shape tells.
    pub fn form(&self) -> TagForm {
        let Some((prefix, rest)) = self.0.rsplit_once("sha256-") else { return TagForm::Plain };
        let (hex, suffix) = rest.split_once('.').unwrap_or((rest, ""));
        let Ok(subject) = Digest::parse(&format!("sha256:{hex}")) else { return TagForm::Plain };
        match suffix {
            "sig" => TagForm::Attachment { subject, suffix: "sig" },
            "att" => TagForm::Attachment { subject, suffix: "att" },
            "sbom" => TagForm::Attachment { subject, suffix: "sbom" },
            "" if rest == hex && prefix.is_empty() => TagForm::FallbackIndex { subject },
            _ => TagForm::Plain,
        }
    }
}

/// Tags sort and compare as their text does.
impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A string that is no tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTag {
    text: String,
}

impl fmt::Display for InvalidTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "tag {:?} is invalid; use letters, digits and _ . -, the first no . or -, at most {} \
             bytes",
            self.text,
            Tag::BYTES_MAX
        )
    }
}

impl std::error::Error for InvalidTag {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d03_the_grammar_of_tags() {
        for good in ["1", "1.0", "1-a", "_x", "A.b-C_d", &"x".repeat(128)] {
            assert!(Tag::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".a", "-a", "a+b", "a:b", "a/b", "a,", "ä", "a b", &"x".repeat(129)] {
            assert!(Tag::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cosign_tags_name_their_subject() {
        let hex = "b".repeat(64);
        let form = |text: String| Tag::parse(&text).unwrap().form();
        let subject = Digest::parse(&format!("sha256:{hex}")).unwrap();
        assert_eq!(
            form(format!("sha256-{hex}.sig")),
            TagForm::Attachment { subject: subject.clone(), suffix: "sig" }
        );
        assert_eq!(
            form(format!("mine-sha256-{hex}.att")),
            TagForm::Attachment { subject: subject.clone(), suffix: "att" }
        );
        assert_eq!(form(format!("sha256-{hex}")), TagForm::FallbackIndex { subject });
        assert_eq!(form(format!("mine-sha256-{hex}")), TagForm::Plain);
        assert_eq!(form(format!("sha256-{hex}.SIG")), TagForm::Plain);
        assert_eq!(form(format!("sha256-{}.sig", hex.to_uppercase())), TagForm::Plain);
        assert_eq!(form(format!("sha256-{hex}.")), TagForm::Plain);
        assert_eq!(form(format!("sha256-{hex}.zip")), TagForm::Plain);
        assert_eq!(form("sha256-beef.sig".into()), TagForm::Plain);
    }
}
