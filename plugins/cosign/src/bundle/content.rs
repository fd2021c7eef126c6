//! What a bundle's signature is over: an envelope around a statement, or a message, such as the
//! signed manifest itself.

use std::fmt::Write as _;

use roadstead_plugin_sdk::{Descriptor, Failure, Quoted, content};

use super::proto::{Fields, Wrong};
use crate::{
    codes,
    dsse::{self, Envelope},
    key::{Hash, Message},
    shape, statement,
};

/// Bytes of a manifest; no registry takes larger ones.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// The manifest that a bundle is attached to.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) digest: &'a str,
    /// if they were asked for, and are there
    pub(crate) bytes: Option<Vec<u8>>,
}

/// A signature with what it is over.
#[derive(Debug)]
pub(crate) struct Content {
    /// its name in the manifest's annotations
    pub(crate) form: &'static str,
    pub(crate) message: Message,
    pub(crate) signature: Vec<u8>,
    /// of a statement
    pub(crate) predicate_type: Option<String>,
    /// what it is about where that is not the subject; goes on after "the bundle"
    pub(crate) other: Option<String>,
}

impl<'a> Subject<'a> {
    /// `wants_bytes`: asked for only where they are needed, since a review that misses something
    /// is not remembered.
    pub(crate) fn read(subject: &'a Descriptor, wants_bytes: bool) -> Result<Self, Failure> {
        let digest = subject.digest.as_str();
        if !wants_bytes {
            return Ok(Self { digest, bytes: None });
        }
        // a wrong size would spend the review's budget for reading, which fails it
        match content::read(digest, subject.size.min(MANIFEST_BYTES_MAX)) {
            Ok(bytes) => Ok(Self { digest, bytes: Some(bytes) }),
            Err(error) if error.is_failure() => Err(error.into()),
            Err(_) => Ok(Self { digest, bytes: None }),
        }
    }
}

/// Reads it, and compares it with the subject, if there is one.
pub(crate) fn read(bundle: &Fields<'_>, subject: Option<Subject<'_>>) -> Result<Content, Wrong> {
    let envelope = bundle.message("dsseEnvelope", &dsse::FIELDS)?;
    let message = bundle.message("messageSignature", &["messageDigest", "signature"])?;
    match (envelope, message) {
        (Some(envelope), None) => read_envelope(&envelope, subject.as_ref()),
        (None, Some(message)) => read_message(&message, subject),
        _ => {
            let why = "must have either a dsseEnvelope or a messageSignature";
            Err(Wrong::new(&codes::CONTENT, "", why))
        }
    }
}

fn read_envelope(envelope: &Fields<'_>, subject: Option<&Subject<'_>>) -> Result<Content, Wrong> {
    let payload_type = envelope.text("payloadType")?;
    let signatures = envelope.list("signatures")?;
    let [first] = &signatures[..] else {
        let why = format!("must have one signature in its envelope, not {}", signatures.len());
        return Err(Wrong::new(&codes::ENVELOPE, &envelope.pointer("signatures"), why));
    };
    let signature = Fields::of(first.clone(), &["sig", "keyid"])?;
    let signature = checked(&signature, "sig")?;
    let payload = envelope.bytes("payload")?;
    let message = Envelope { payload_type, payload: &payload }.message();
    let content = |predicate_type, other| Content {
        form: "dsse-envelope",
        message,
        signature,
        predicate_type,
        other,
    };
    if payload_type != dsse::STATEMENT {
        let other = dsse::not_a_statement(payload_type);
        return Ok(content(None, Some(other)));
    }
    let statement = statement::read(&payload)
        .map_err(|why| Wrong::new(&codes::STATEMENT, &envelope.pointer("payload"), why))?;
    let is_about = |subject: &Subject<'_>| statement.is_about(subject.digest);
    let other = (!subject.is_some_and(is_about)).then(|| {
        let first = statement.first();
        signs(first.as_deref(), subject)
    });
    Ok(content(Some(statement.predicate_type), other))
}

fn read_message(message: &Fields<'_>, subject: Option<Subject<'_>>) -> Result<Content, Wrong> {
    let Some(digest) = message.message("messageDigest", &["algorithm", "digest"])? else {
        let why = "has no messageDigest";
        return Err(Wrong::new(&codes::MESSAGE, &message.pointer("messageDigest"), why));
    };
    // clients compare the bytes, whatever the algorithm is called
    let bytes = digest.bytes("digest")?;
    let hash = match bytes.len() {
        32 => Hash::Sha256,
        48 => Hash::Sha384,
        64 => Hash::Sha512,
        _ => {
            let length = shape::length(&bytes);
            let why = format!("has a messageDigest of {length}, which is not a SHA-2 digest");
            return Err(Wrong::new(&codes::MESSAGE, &digest.pointer("digest"), why));
        }
    };
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").ok();
        hex
    });
    let is_about =
        |subject: &Subject<'_>| subject.digest.split_once(':').is_some_and(|(_, of)| of == hex);
    let other = (!subject.as_ref().is_some_and(is_about)).then(|| {
        let signed = format!("{}:{hex}", hash.name());
        signs(Some(&signed), subject.as_ref())
    });
    let signature = checked(message, "signature")?;
    let known = subject.filter(is_about).and_then(|subject| subject.bytes);
    let message = known.map_or_else(|| Message::hashed(hash, bytes), Message::whole);
    Ok(Content { form: "message-signature", message, signature, predicate_type: None, other })
}

fn signs(what: Option<&str>, subject: Option<&Subject<'_>>) -> String {
    let what = what.map_or_else(|| "no digest".to_owned(), |what| Quoted(what).to_string());
    match subject {
        Some(subject) => format!("signs {what}, but its subject is {}", Quoted(subject.digest)),
        None => format!("signs {what}"),
    }
}

/// A signature, if it has the shape of one.
fn checked(fields: &Fields<'_>, name: &str) -> Result<Vec<u8>, Wrong> {
    let bytes = fields.bytes(name)?;
    if shape::is_signature(&bytes) {
        return Ok(bytes);
    }
    let why = format!(
        "has a signature of {}, which fits no algorithm that cosign \
                 supports",
        shape::length(&bytes)
    );
    Err(Wrong::new(&codes::SIGNATURE, &fields.pointer(name), why))
}
