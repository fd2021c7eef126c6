//! Where the escapes of helm's YAML differ from those of the parser here: `\'` is one, and `\/`,
//! which came with YAML 1.2, is none.

use std::{borrow::Cow, ops::Range};

use libyaml_safer::Error;

/// Texts of a document whose escapes are rewritten: each makes the parser begin anew.
pub(super) const TEXTS_MAX: usize = 32;

/// A document that is read with escapes as helm knows them.
pub(super) struct Escaped<'b> {
    bytes: Cow<'b, [u8]>,
    texts: usize,
}

/// What became of a document at which the parser stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rewritten {
    /// it was not for an escape that helm knows
    No,
    Yes,
    /// more than [`TEXTS_MAX`] texts
    TooMany,
}

impl<'b> Escaped<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes: Cow::Borrowed(bytes), texts: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Rewrites the text in double quotes at which the parser stopped, if it was for an escape
    /// that helm knows.
    pub(super) fn rewrite(&mut self, error: &Error) -> Rewritten {
        let at = error.problem_mark().and_then(|mark| usize::try_from(mark.index).ok());
        let Some(at) = at.filter(|at| self.bytes.get(*at..*at + 2) == Some(br"\'")) else {
            return Rewritten::No;
        };
        self.texts += 1;
        if self.texts > TEXTS_MAX {
            return Rewritten::TooMany;
        }
        let (before, text) = self.bytes.split_at(at);
        self.bytes = [before, &without_quotes(text)].concat().into();
        Rewritten::Yes
    }
}

/// `\'` becomes `'` up to the end of the text.
fn without_quotes(text: &[u8]) -> Vec<u8> {
    let (mut rewritten, mut rest) = (Vec::with_capacity(text.len()), text);
    loop {
        match rest {
            [b'\\', b'\'', more @ ..] => {
                rewritten.push(b'\'');
                rest = more;
            }
            [b'\\', escaped, more @ ..] => {
                rewritten.extend([b'\\', *escaped]);
                rest = more;
            }
            [b'"', ..] | [] => {
                rewritten.extend_from_slice(rest);
                return rewritten;
            }
            [letter, more @ ..] => {
                rewritten.push(*letter);
                rest = more;
            }
        }
    }
}

/// Checks the source of a text in double quotes: the parser takes an escape that helm does not.
pub(super) fn check(source: &[u8], text: Range<u64>) -> Result<(), &'static str> {
    let range = usize::try_from(text.start).ok().zip(usize::try_from(text.end).ok());
    let text = range.and_then(|(start, end)| source.get(start..end));
    if text.is_some_and(has_unknown) {
        return Err("it is not valid YAML (found unknown escape character)");
    }
    Ok(())
}

fn has_unknown(source: &[u8]) -> bool {
    let mut rest = source;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest.get(at + 1) == Some(&b'/') {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_backslash_escapes_nothing() {
        for (source, is_unknown) in [
            (&br#""a\/b""#[..], true),
            (br#""a\\/b""#, false),
            (br#""a\\\/b""#, true),
            (br#""a/b""#, false),
            (br#""a\"#, false),
        ] {
            assert_eq!(has_unknown(source), is_unknown, "{source:?}");
        }
        assert_eq!(without_quotes(br#"\'a\\'\'" \'"#), br#"'a\\''" \'"#);
    }
}
