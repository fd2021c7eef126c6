use std::fmt::Display;

use roadstead_oci::{Digest, Reference, Repository, Tag, media_type};

/// Names, tags and digests: what is read is what is written, and no part of it leads out of the
/// folder that a store would make of it.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    same(&text, Digest::parse(&text).ok());
    same(&text, Tag::parse(&text).ok());
    same(&text, Reference::parse(&text).ok());
    same(&text, Repository::parse(&text).ok());
    let essence = media_type::essence(&text);
    assert_eq!(media_type::essence(essence), essence);
}

fn same(text: &str, parsed: Option<impl Display>) {
    let Some(parsed) = parsed else { return };
    assert_eq!(parsed.to_string(), text);
    assert!(text.len() <= 512, "{text:?}");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:+=".contains(&byte);
    assert!(text.bytes().all(plain), "{text:?}");
    assert!(text.split('/').all(|part| !matches!(part, "" | "." | "..")), "{text:?}");
}
