//! `Range` of a blob GET (RFC 9110 section 14) and `Content-Range` of an upload chunk.

use std::{fmt, ops::Range};

/// What a `Range` header asks of a blob of known size (D-09).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeRequest {
    /// The whole blob: no range, or one in a form that a server may ignore.
    Whole,
    /// These bytes, never empty.
    Part(Range<u64>),
    /// Nothing of the blob lies in the range: 416.
    Unsatisfiable,
}

impl RangeRequest {
    /// Reads the header's value for a blob of `size` bytes.
    ///
    /// Other units and several ranges are ignored, as RFC 9110 allows. A reversed range is
    /// malformed there and could be ignored too; it gets 416, since whoever sends one is wrong
    /// about the blob and should hear so.
    pub fn parse(header: &str, size: u64) -> Self {
        let Some(spec) = header.trim().strip_prefix("bytes=") else { return Self::Whole };
        if spec.contains(',') {
            return Self::Whole;
        }
        let Some((first, last)) = spec.trim().split_once('-') else { return Self::Whole };
        match (number(first), number(last)) {
            (Some(first), _) if last.is_empty() => Self::part(first, size, size),
            (Some(first), Some(last)) if first > last => Self::Unsatisfiable,
            (Some(first), Some(last)) => Self::part(first, last.saturating_add(1).min(size), size),
            (_, Some(length)) if first.is_empty() => {
                Self::part(size.saturating_sub(length), size, size)
            }
            _ => Self::Whole,
        }
    }

    fn part(start: u64, end: u64, size: u64) -> Self {
        if start < end && start < size { Self::Part(start..end) } else { Self::Unsatisfiable }
    }
}

/// Digits only: Rust's own parser would also take a sign. Too large means beyond every blob.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// `Content-Range` of a chunk: `<start>-<end>`, inclusive, without unit or total (D-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// offset of the chunk's first byte
    pub start: u64,
    /// length of the chunk in bytes, at least 1
    pub length: u64,
}

impl ContentRange {
    /// Reads the header's value.
    pub fn parse(header: &str) -> Result<Self, InvalidContentRange> {
        let read = || {
            let (start, end) = header.trim().split_once('-')?;
            let (start, end) = (number(start)?, number(end)?);
            let length = end.checked_sub(start)?.checked_add(1)?;
            Some(Self { start, length })
        };
        read().ok_or(InvalidContentRange)
    }
}

/// A `Content-Range` that is not `<start>-<end>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidContentRange;

impl fmt::Display for InvalidContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "Content-Range of a chunk must be <start>-<end>, both inclusive, such as 0-1023",
        )
    }
}

impl std::error::Error for InvalidContentRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d09_ranges_of_a_blob() {
        let of = |header| RangeRequest::parse(header, 2048);
        assert_eq!(of("bytes=500-1499"), RangeRequest::Part(500..1500));
        assert_eq!(of("bytes=0-0"), RangeRequest::Part(0..1));
        assert_eq!(of("bytes=2000-9999"), RangeRequest::Part(2000..2048));
        assert_eq!(of("bytes=2047-"), RangeRequest::Part(2047..2048));
        assert_eq!(of("bytes=-5"), RangeRequest::Part(2043..2048));
        assert_eq!(of("bytes=-9999"), RangeRequest::Part(0..2048));
        assert_eq!(of("bytes=0-99999999999999999999999"), RangeRequest::Part(0..2048));
        for beyond in ["bytes=5000-10000", "bytes=2048-", "bytes=500-0", "bytes=-0"] {
            assert_eq!(of(beyond), RangeRequest::Unsatisfiable, "{beyond}");
        }
        for ignored in ["", "items=0-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(ignored), RangeRequest::Whole, "{ignored}");
        }
        assert_eq!(RangeRequest::parse("bytes=0-", 0), RangeRequest::Unsatisfiable);
    }

    #[test]
    fn d18_ranges_of_a_chunk() {
        assert_eq!(ContentRange::parse("0-0"), Ok(ContentRange { start: 0, length: 1 }));
        assert_eq!(ContentRange::parse("10-19"), Ok(ContentRange { start: 10, length: 10 }));
        let overflow = format!("0-{}", u64::MAX);
        for bad in ["", "1", "5-4", "bytes 0-1", "0-1/2", "a-b", "-1-2", &overflow] {
            assert!(ContentRange::parse(bad).is_err(), "{bad}");
        }
    }
}
