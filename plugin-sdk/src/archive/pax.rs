//! Extended headers: `<length> <key>=<value>\n`, again and again.

use std::collections::BTreeMap;

use super::header::Header;

const WRONG: &str = "an invalid PAX header";

/// Why an entry is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// no reader takes it
    Malformed(&'static str),
    /// readers take it differently; reads on after "… is "
    Unclear(&'static str),
}

/// The records of one extended header.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<Vec<u8>, Vec<u8>>);

impl Records {
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut records = BTreeMap::new();
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or(WRONG)?;
            records.insert(key.to_vec(), value.to_vec());
            bytes = rest;
        }
        Ok(Self(records))
    }

    /// Whether there is a record of that name.
    pub(super) fn has(&self, key: &[u8]) -> bool {
        self.0.contains_key(key)
    }

    /// Whether some reader makes a file with holes of it.
    pub(super) fn is_sparse(&self) -> bool {
        self.0.keys().any(|key| key.starts_with(b"GNU.sparse.") || key == b"SCHILY.realsize")
    }

    /// Puts them over what the header says. An empty value takes a record back, which leaves the
    /// header's own to some readers, and nothing at all to others.
    pub(super) fn apply(&self, header: &mut Header) -> Result<(), Refused> {
        const MALFORMED: Refused = Refused::Malformed(WRONG);
        for (key, value) in &self.0 {
            match (&key[..], value.is_empty()) {
                (b"path" | b"linkpath" | b"size", true) => {
                    return Err(Refused::Unclear("an entry with an empty PAX record"));
                }
                (_, true) => {}
                (b"path", _) => header.name.clone_from(value),
                (b"linkpath", _) => header.link.clone_from(value),
                (b"size", _) => header.size = natural(value).ok_or(MALFORMED)?,
                (b"uid", _) => header.uid = natural(value).ok_or(MALFORMED)?,
                (b"gid", _) => header.gid = natural(value).ok_or(MALFORMED)?,
                (b"uname", _) => header.user.clone_from(value),
                (b"gname", _) => header.group.clone_from(value),
                (b"mtime" | b"atime" | b"ctime", _) if !is_time(value) => return Err(MALFORMED),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Checks a header for all entries. Go's reader leaves it without effect, others put its records
/// over every entry; the comment of `git archive` is none to either.
pub(super) fn check_global(content: &[u8]) -> Result<(), Refused> {
    let Records(records) = Records::parse(content).map_err(Refused::Malformed)?;
    if records.keys().any(|key| key != b"comment") {
        return Err(Refused::Unclear("a PAX header for all entries with more than a comment"));
    }
    Ok(())
}

/// Key, value and what follows. The length counts the whole record with its own digits.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let digits = bytes.split(|byte| *byte == b' ').next().filter(|d| d.len() < bytes.len())?;
    let len = usize::try_from(natural(digits)?).ok()?;
    if len < 5 || len > bytes.len() || len <= digits.len() + 1 {
        return None;
    }
    let (record, rest) = bytes.split_at(len);
    let [content @ .., b'\n'] = &record[digits.len() + 1..] else { return None };
    let equals = content.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&content[..equals], &content[equals + 1..]);
    let is_text = matches!(key, b"path" | b"linkpath" | b"uname" | b"gname");
    let checked = if is_text { value } else { key };
    // some readers leave out the spaces before a key
    let is_sound = key.first().is_some_and(|first| !first.is_ascii_whitespace());
    (is_sound && !checked.contains(&0)).then_some((key, value, rest))
}

/// Digits and nothing else: not even a plus, at which readers differ.
fn natural(text: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(text).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Seconds, perhaps before 1970, perhaps with a fraction.
fn is_time(text: &[u8]) -> bool {
    let mut parts = text.strip_prefix(b"-").unwrap_or(text).splitn(2, |byte| *byte == b'.');
    let seconds = parts.next().and_then(natural);
    let fraction = parts.next().unwrap_or_default();
    seconds.is_some() && fraction.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_checked_as_others_do() {
        for (text, valid) in [
            (&b"12 path=abc\n"[..], true),
            (b"12 path=abc\n6 a=b\n", true),
            (b"12 path=abc\n6 a=\n", false),
            (b"5 a=\n", true),
            (b"13 path=abc\n", false),
            (b"11 path=abc\n", false),
            (b"12 path=a\0c\n", false),
            (b"9 a=b\0c\n", false),
            (b"8 a=b\0c\n", true),
            (b"6 =ab\n", false),
            (b"path=abc", false),
            (b"", true),
        ] {
            assert_eq!(Records::parse(text).is_ok(), valid, "{text:?}");
        }
        assert!(is_time(b"-1.5") && is_time(b"7") && !is_time(b"1.x") && !is_time(b"x"));
    }
}
