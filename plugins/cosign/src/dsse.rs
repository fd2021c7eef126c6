//! Envelopes (DSSE), which hold what was signed together with its type.

use roadstead_plugin_sdk::Quoted;

use crate::key::Message;

/// The fields of an envelope.
pub(crate) const FIELDS: [&str; 3] = ["payload", "payloadType", "signatures"];
/// The same, with those of its signatures.
pub(crate) const ALL_FIELDS: [&str; 5] = ["payload", "payloadType", "signatures", "keyid", "sig"];
/// The only type of what cosign puts into envelopes.
pub(crate) const STATEMENT: &str = "application/vnd.in-toto+json";

/// What holds something else, as it goes on after "the envelope" or "the bundle".
pub(crate) fn not_a_statement(payload_type: &str) -> String {
    if payload_type.is_empty() {
        return format!("has no payloadType instead of {STATEMENT}");
    }
    format!("has the payloadType {} instead of {STATEMENT}", Quoted(payload_type))
}

/// What is in an envelope.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) payload_type: &'a str,
    pub(crate) payload: &'a [u8],
}

impl Envelope<'_> {
    /// What the signature is over: DSSE's pre-authentication encoding.
    pub(crate) fn message(&self) -> Message {
        let Self { payload_type, payload } = self;
        let (type_len, len) = (payload_type.len(), payload.len());
        let mut message = format!("DSSEv1 {type_len} {payload_type} {len} ").into_bytes();
        message.extend_from_slice(payload);
        Message::whole(message)
    }
}
