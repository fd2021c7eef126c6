//! What a bundle's signature is over: an envelope around a statement, or the signed manifest
//! itself.

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Quoted, content,
    oci::{Algorithm, Digest},
};
use serde_json::Value;

use super::{
    proto::{Fields, Wrong},
    statement,
};
use crate::{
    codes,
    key::{Hash, Message},
    shape,
};

/// Bytes of a manifest; no registry takes larger ones.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;
/// The only type of what cosign puts into envelopes.
const STATEMENT: &str = "application/vnd.in-toto+json";
/// Annotations of the manifest that repeat what is in the bundle.
const CONTENT: &str = "dev.sigstore.bundle.content";
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// The bytes of the signed manifest, if it is there.
#[derive(Debug, Default)]
pub(crate) struct Signed(Option<Vec<u8>>);

/// A signature with what it is over.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) message: Message,
    pub(crate) signature: Vec<u8>,
    /// of an attestation
    pub(crate) predicate_type: Option<String>,
}

impl Signed {
    pub(crate) fn read(subject: &Descriptor) -> Result<Self, Failure> {
        // a wrong size would spend the review's budget for reading, which fails it
        match content::read(&subject.digest, subject.size.min(MANIFEST_BYTES_MAX)) {
            Ok(bytes) => Ok(Self(Some(bytes))),
            Err(error) if error.is_failure() => Err(error.into()),
            Err(_) => Ok(Self(None)),
        }
    }
}

/// Reads it, and compares it with the manifest around the bundle.
pub(crate) fn read(
    bundle: &Fields<'_>,
    manifest: &Manifest,
    subject: &Descriptor,
    signed: Signed,
) -> Result<Content, Wrong> {
    let envelope = bundle.message("dsseEnvelope", &["payload", "payloadType", "signatures"])?;
    let message = bundle.message("messageSignature", &["messageDigest", "signature"])?;
    let (kind, content) = match (envelope, message) {
        (Some(envelope), None) => ("dsse-envelope", read_envelope(&envelope, subject)?),
        (None, Some(message)) => ("message-signature", read_message(&message, subject, signed)?),
        _ => {
            let why = "needs either a dsseEnvelope or a messageSignature";
            return Err(Wrong::new(&codes::CONTENT, "", why));
        }
    };
    let named = content.predicate_type.as_deref().unwrap_or_default();
    for (annotation, is) in [(CONTENT, kind), (PREDICATE_TYPE, named)] {
        if let Some(says) = manifest.annotation(annotation).filter(|says| *says != is) {
            let why = format!(
                "is {}, but the manifest's annotation {annotation} says {}",
                Quoted(is),
                Quoted(says)
            );
            return Err(Wrong::new(&codes::ANNOTATIONS, "", why));
        }
    }
    Ok(content)
}

fn read_envelope(envelope: &Fields<'_>, subject: &Descriptor) -> Result<Content, Wrong> {
    let wrong =
        |name: &str, why: String| Err(Wrong::new(&codes::ENVELOPE, &envelope.pointer(name), why));
    let payload_type = envelope.text("payloadType")?;
    if payload_type != STATEMENT {
        let why = format!("holds {}, not a statement, {STATEMENT}", Quoted(payload_type));
        return wrong("payloadType", why);
    }
    let signatures = envelope.list("signatures")?;
    let [first] = &signatures[..] else {
        let why =
            format!("needs one signature in its envelope, and there are {}", signatures.len());
        return wrong("signatures", why);
    };
    let signature = Fields::of(first.clone(), &["sig", "keyid"])?;
    let signature = checked(&signature, "sig")?;
    let payload = envelope.bytes("payload")?;
    let at = envelope.pointer("payload");
    let predicate_type = statement::read(&payload, subject, &at)?;
    // DSSE's pre-authentication encoding
    let mut message =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend(payload);
    Ok(Content {
        message: Message::whole(message),
        signature,
        predicate_type: Some(predicate_type),
    })
}

fn read_message(
    message: &Fields<'_>,
    subject: &Descriptor,
    signed: Signed,
) -> Result<Content, Wrong> {
    let wrong = |code, why: String| Err(Wrong::new(code, &message.pointer("messageDigest"), why));
    let Some(digest) = message.message("messageDigest", &["algorithm", "digest"])? else {
        return wrong(&codes::MESSAGE, "lacks the messageDigest".to_owned());
    };
    let (algorithm, hash) = match digest.get("algorithm").map(|(_, value)| value) {
        Some(Value::String(name)) if name == "SHA2_256" => (Algorithm::Sha256, Hash::Sha256),
        Some(Value::String(name)) if name == "SHA2_512" => (Algorithm::Sha512, Hash::Sha512),
        Some(Value::Number(number)) if number.as_u64() == Some(1) => {
            (Algorithm::Sha256, Hash::Sha256)
        }
        Some(Value::Number(number)) if number.as_u64() == Some(3) => {
            (Algorithm::Sha512, Hash::Sha512)
        }
        _ => {
            let why = "has a messageDigest of another algorithm than SHA2_256 and SHA2_512";
            return wrong(&codes::MESSAGE, why.to_owned());
        }
    };
    let bytes = digest.bytes("digest")?;
    let named = Digest::from_bytes(algorithm, &bytes);
    if named.as_str() != subject.digest {
        let why = format!(
            "signs {}, but its subject is {}",
            Quoted(named.as_str()),
            Quoted(&subject.digest)
        );
        return wrong(&codes::OTHER_DIGEST, why);
    }
    let signature = checked(message, "signature")?;
    let message = match signed.0 {
        Some(bytes) => Message::whole(bytes),
        None => Message::hashed(hash, bytes),
    };
    Ok(Content { message, signature, predicate_type: None })
}

/// A signature, if it has the shape of one.
fn checked(fields: &Fields<'_>, name: &str) -> Result<Vec<u8>, Wrong> {
    let bytes = fields.bytes(name)?;
    if shape::is_signature(&bytes) {
        return Ok(bytes);
    }
    let why =
        format!("has a signature of {} bytes, which no algorithm of cosign makes", bytes.len());
    Err(Wrong::new(&codes::SIGNATURE, &fields.pointer(name), why))
}
