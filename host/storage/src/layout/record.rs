//! A record: one line of JSON, then raw bytes. One read gets both.

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// Writes a record.
pub(crate) fn encode(head: &impl Serialize, body: &[u8]) -> Bytes {
    let head = serde_json::to_vec(head).expect("records hold nothing that JSON can't");
    let mut record = BytesMut::with_capacity(head.len() + 1 + body.len());
    record.extend_from_slice(&head);
    record.extend_from_slice(b"\n");
    record.extend_from_slice(body);
    record.freeze()
}

/// Reads a record back; the body shares the record's memory.
pub(crate) fn decode<T: DeserializeOwned>(key: &str, record: &Bytes) -> Result<(T, Bytes)> {
    let end = record
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(|| Error::corrupt(key, "its first line is incomplete"))?;
    let head = serde_json::from_slice(&record[..end]).map_err(|why| Error::corrupt(key, why))?;
    Ok((head, record.slice(end + 1..)))
}
