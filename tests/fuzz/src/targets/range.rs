use roadstead_oci::{ContentRange, RangeRequest};

/// `Range` of a blob whose size the first eight bytes are, and `Content-Range` of a chunk: a range
/// lies within the blob, and says the same when it is written.
pub fn range(bytes: &[u8]) {
    let (size, header) = bytes.split_at(bytes.len().min(8));
    let mut le = [0; 8];
    le[..size.len()].copy_from_slice(size);
    let size = u64::from_le_bytes(le);
    let header = String::from_utf8_lossy(header);
    if let RangeRequest::Part(part) = RangeRequest::parse(&header, size) {
        assert!(part.start < part.end && part.end <= size, "{header:?} of {size} is {part:?}");
        let written = format!("bytes={}-{}", part.start, part.end - 1);
        assert_eq!(RangeRequest::parse(&written, size), RangeRequest::Part(part));
    }
    if let Ok(range) = ContentRange::parse(&header) {
        assert!(range.length > 0, "{header:?}");
        let last = range.start.checked_add(range.length - 1);
        let written = format!("{}-{}", range.start, last.unwrap());
        assert_eq!(ContentRange::parse(&written), Ok(range));
    }
}
