//! Attestations under a tag `sha256-<hex>.att`: each layer is an envelope around a statement.

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Report,
    oci::json::{self, mistaken_for},
};
use serde_json::Value;

use crate::{
    attached::Content,
    certificate::Certificate,
    codes,
    dsse::{self, Envelope},
    findings::Findings,
    key::Message,
    layers::{self, Bounds},
    place::{self, Place},
    read, shape,
    statement::{self, Statement},
    trust::{Claim, Found},
};

/// Bytes of all envelopes, whose statements are held at once.
const ENVELOPES_BYTES_MAX: u64 = 16 << 20;
/// JSON values of an envelope; all that is signed is one of them.
const VALUES_MAX: usize = 1000;
/// Signatures of one envelope.
const SIGNATURES_MAX: usize = 100;

/// Something that keeps an envelope from being verified: a code, and what goes on after its place.
type Problem = (&'static roadstead_plugin_sdk::Code, String);

/// What one layer holds.
#[derive(Debug)]
struct Attestation {
    statement: Statement,
    message: Message,
    signatures: Vec<Vec<u8>>,
}

/// Finds what is wrong with the manifest, and answers the signatures that can be verified.
pub(crate) fn read(manifest: &Manifest, report: &mut Report) -> Result<Found, Failure> {
    let place = place::of(manifest, Content::Attestations, report);
    let mut found = Found::default();
    let Some(layers) = layers::of(manifest, "attestation", report) else { return Ok(found) };
    let mut bounds = Bounds { bytes_max: read::BYTES_MAX, left: ENVELOPES_BYTES_MAX };
    let mut attestations = Vec::new();
    for layer in layers {
        let what = format!("the envelope in layer {}", layer.index);
        if let Some(bytes) = layers::read(layer, &what, &mut bounds, report, &mut found)? {
            attestations.push((layer, attestation(bytes)));
        }
    }
    let is_good = |read: &Result<Attestation, Problem>| {
        read.as_ref().is_ok_and(|it| place.digest().is_some_and(|of| it.statement.is_about(of)))
    };
    let has_good = attestations.iter().any(|(_, read)| is_good(read));
    for (layer, read) in attestations {
        // cosign passes over what it can't verify, as long as there is something that it can
        let is_beside = has_good && !is_good(&read);
        let mut findings = if is_beside { Findings::beside(report) } else { Findings::new(report) };
        match read {
            Ok(read) => {
                let certificate = layers::certificate(layer, &mut findings);
                found.claims.extend(claims(layer, &place, read, certificate));
            }
            Err((code, why)) => {
                let message =
                    format!("the envelope in layer {} {why}; attest with cosign", layer.index);
                findings.add(code, message).blob(&layer.digest);
            }
        }
    }
    place::compare(manifest, &place, &found.claims, report);
    Ok(found)
}

/// As cosign reads it, where no other reader would find other fields.
fn attestation(bytes: Vec<u8>) -> Result<Attestation, Problem> {
    let wrong = |why: &str| (&codes::ENVELOPE, why.to_owned());
    let value = json::parse_bounded(&bytes, VALUES_MAX)
        .map_err(|error| wrong(&format!("can't be read as JSON ({error})")))?;
    drop(bytes);
    let Value::Object(entries) = &value else { return Err(wrong("is not a JSON object")) };
    let payload_type = entries.get("payloadType").and_then(Value::as_str).unwrap_or_default();
    if payload_type != dsse::STATEMENT {
        return Err(wrong(&dsse::not_a_statement(payload_type)));
    }
    let payload = entries.get("payload").and_then(Value::as_str).and_then(read::base64);
    let payload = payload.ok_or_else(|| wrong("has no payload in base64"))?;
    let listed = entries.get("signatures").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    if listed.is_empty() || listed.len() > SIGNATURES_MAX {
        let why = format!("has {} signatures instead of 1 to {SIGNATURES_MAX}", listed.len());
        return Err(wrong(&why));
    }
    let keys = listed.iter().filter_map(Value::as_object).flat_map(|entry| entry.keys());
    let alias = keys.chain(entries.keys()).find_map(|key| mistaken_for(key, &dsse::ALL_FIELDS));
    if let Some(field) = alias {
        return Err(wrong(&format!("has a key that cosign reads as {field}")));
    }
    // of several one is enough for clients
    let signatures = listed.iter().filter_map(|entry| entry["sig"].as_str());
    let signatures = signatures.filter_map(read::base64_of_proto);
    let signatures: Vec<_> = signatures.filter(|bytes| shape::is_signature(bytes)).collect();
    if signatures.is_empty() {
        let why = "has no signature of an algorithm that cosign supports".to_owned();
        return Err((&codes::SIGNATURE, why));
    }
    let statement = statement::read(&payload).map_err(|why| (&codes::STATEMENT, why))?;
    let message = Envelope { payload_type, payload: &payload }.message();
    Ok(Attestation { statement, message, signatures })
}

fn claims(
    layer: &Descriptor,
    place: &Place,
    read: Attestation,
    certificate: Option<Certificate>,
) -> impl Iterator<Item = Claim> {
    let expected = place.digest().filter(|digest| read.statement.is_about(digest));
    let about = expected.map(ToOwned::to_owned).or_else(|| read.statement.first());
    let (layer, count) = (layer.clone(), read.signatures.len());
    read.signatures.into_iter().enumerate().map(move |(index, signature)| Claim {
        place: match count {
            1 => format!("layer {}", layer.index),
            _ => format!("layer {} (signature {index})", layer.index),
        },
        blob: layer.digest.clone(),
        about: about.clone(),
        message: read.message.clone(),
        signature,
        // of several signatures it is not known which is the certificate's
        certificate: certificate.clone().filter(|_| count == 1),
        predicate_type: Some(read.statement.predicate_type.clone()),
    })
}
