//! The header of a gzip file, as Go reads it.

/// Bytes of a name or a comment, with the NUL at its end.
const TEXT_BYTES_MAX: usize = 512;
/// Bytes of the longest header that Go reads: with an extra field, a name and a comment.
pub(crate) const HEADER_BYTES_MAX: u32 = 10 + 2 + 0xffff + 2 * 512;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// What is wrong with a file, by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    NotGzip,
    /// Go reads no such header; others do
    LongText,
}

impl Problem {
    /// What is wrong with `what`, and what to do.
    pub(crate) fn message(self, what: &str) -> String {
        match self {
            Self::NotGzip => {
                format!("{what} is not gzip, which helm needs; push the .tgz of helm package")
            }
            Self::LongText => format!(
                "{what}'s gzip header has a name or comment of more than 511 bytes, which helm \
                 does not read; package it again with helm package"
            ),
        }
    }
}

/// Looks at the first bytes of a file: [`HEADER_BYTES_MAX`], or all there are. One that ends within
/// its header is left to whoever decompresses it.
pub(crate) fn check(start: &[u8]) -> Result<(), Problem> {
    let [0x1f, 0x8b, 8, rest @ ..] = start else { return Err(Problem::NotGzip) };
    let Some((&flags, mut rest)) = rest.split_first() else { return Ok(()) };
    rest = rest.get(6..).unwrap_or_default();
    if flags & EXTRA != 0
        && let [low, high, extra @ ..] = rest
    {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        rest = extra.get(len..).unwrap_or_default();
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            match rest.iter().position(|byte| *byte == 0) {
                Some(len) if len < TEXT_BYTES_MAX => rest = &rest[len + 1..],
                None if rest.len() < TEXT_BYTES_MAX => return Ok(()),
                _ => return Err(Problem::LongText),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255], rest, &[0; 600]].concat()
    }

    #[test]
    fn a_name_or_comment_has_511_bytes_at_most() {
        let (fits, long) = ([b'x'; 511], [b'x'; 512]);
        let extra = [&[0, 2][..], &[b'x'; 512]].concat();
        for (bytes, result) in [
            (header(0, &long), Ok(())),
            (header(NAME, &fits), Ok(())),
            (header(NAME, &long), Err(Problem::LongText)),
            (header(COMMENT, &long), Err(Problem::LongText)),
            (header(NAME | COMMENT, &[&fits[..], &[0], &long].concat()), Err(Problem::LongText)),
            (header(EXTRA, &extra), Ok(())),
            (header(EXTRA | COMMENT, &[&extra[..], b"Helm"].concat()), Ok(())),
            (header(EXTRA | COMMENT, &[&extra[..], &long].concat()), Err(Problem::LongText)),
            (header(NAME, b"")[..10].to_vec(), Ok(())),
            (vec![0x1f, 0x8b, 8], Ok(())),
            (vec![0x1f, 0x8b, 7, 0], Err(Problem::NotGzip)),
        ] {
            assert_eq!(check(&bytes), result, "{:?}", &bytes[..bytes.len().min(20)]);
        }
    }
}
