//! The entry of a transparency log that cosign 2 puts beside a signature: that it is about this
//! signature. Nobody's word is checked: there is no log's key here.

use roadstead_plugin_sdk::{Descriptor, oci::json};
use serde_json::Value;

use super::payload::Payload;
use crate::{
    codes,
    findings::Findings,
    layers::{annotation, pointer},
    read,
};

const ENTRY: &str = "dev.sigstore.cosign/bundle";
/// JSON values of an entry, and of its body.
const VALUES_MAX: usize = 1000;

/// What the body of an entry says.
#[derive(Debug)]
struct Body {
    signature: Option<Vec<u8>>,
    /// algorithm and value, of the payload
    hash: Option<(String, String)>,
}

/// Finds an entry that can't be read, and one about something else.
pub(crate) fn find(
    layer: &Descriptor,
    payload: &Payload,
    signature: &[u8],
    findings: &mut Findings<'_>,
) {
    let Some(text) = annotation(layer, ENTRY) else { return };
    let message = |why: &str| {
        format!(
            "the log entry in the annotation {ENTRY} of layer {} {why}; sign with cosign",
            layer.index
        )
    };
    let found = match read(text) {
        Err(why) => findings.add(&codes::LOG_ENTRY, message(why)),
        Ok(body) if body.signature.as_ref().is_some_and(|logged| logged != signature) => {
            findings.add_always(&codes::LOG_OTHER, message("is about another signature"))
        }
        Ok(body) if is_of_another(payload, body.hash.as_ref()) => {
            findings.add_always(&codes::LOG_OTHER, message("is about another payload"))
        }
        Ok(_) => return,
    };
    found.pointer(&pointer(layer, ENTRY));
}

fn is_of_another(payload: &Payload, logged: Option<&(String, String)>) -> bool {
    logged.is_some_and(|(algorithm, value)| {
        let hash = payload.hash(&algorithm.to_ascii_lowercase());
        hash.is_some_and(|hash| !value.eq_ignore_ascii_case(hash.hex()))
    })
}

fn read(text: &str) -> Result<Body, &'static str> {
    let entry =
        json::parse_bounded(text.as_bytes(), VALUES_MAX).map_err(|_| "can't be read as JSON")?;
    let payload = &entry["Payload"];
    let promise = entry["SignedEntryTimestamp"].as_str().and_then(read::base64);
    if promise.is_none_or(|bytes| bytes.is_empty()) {
        return Err("has no valid SignedEntryTimestamp in base64");
    }
    if payload["integratedTime"].as_i64().is_none_or(|seconds| seconds <= 0) {
        return Err("has no valid integratedTime");
    }
    if payload["logIndex"].as_i64().is_none_or(|index| index < 0) {
        return Err("has no valid logIndex");
    }
    let is_id = |id: &str| {
        !id.is_empty()
            && id.len().is_multiple_of(2)
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if !payload["logID"].as_str().is_some_and(is_id) {
        return Err("has no valid logID in hexadecimal");
    }
    let body =
        payload["body"].as_str().and_then(read::base64).ok_or("has no valid body in base64")?;
    let body = json::parse_bounded(&body, VALUES_MAX)
        .map_err(|_| "has a body that can't be read as JSON")?;
    let spec = &body["spec"];
    match body["kind"].as_str() {
        Some("hashedrekord" | "rekord") => Ok(Body {
            signature: decoded(&spec["signature"]["content"]),
            hash: hash(&spec["data"]["hash"]),
        }),
        // these name the hash of an envelope, which a payload is none of
        Some("dsse") => {
            Ok(Body { signature: decoded(&spec["signatures"][0]["signature"]), hash: None })
        }
        Some("intoto") => Ok(Body { signature: None, hash: None }),
        _ => Err("has a kind that cosign does not read"),
    }
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    value.as_str().and_then(read::base64)
}

fn hash(value: &Value) -> Option<(String, String)> {
    let part = |key: &str| value[key].as_str().map(ToOwned::to_owned);
    Some((part("algorithm")?, part("value")?))
}
