//! The payload: what was signed, in the simple-signing format
//! (containers/image, `containers-signature.5`).

use std::rc::Rc;

use roadstead_plugin_sdk::{
    Descriptor, Quoted, Report,
    oci::{
        Algorithm, Digest,
        json::{self, mistaken_for},
    },
};
use serde_json::{Map, Value};

use crate::{codes, key::Message};

/// What cosign and podman write.
const TYPE: &str = "cosign container image signature";
/// What podman's GPG signatures have, and cosign takes as well.
const OLD_TYPE: &str = "atomic container signature";
/// JSON values of a payload.
const VALUES_MAX: usize = 10_000;

/// A payload that could be read.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    /// the manifest that is signed
    pub(crate) about: String,
    bytes: Rc<[u8]>,
}

/// What a payload says.
#[derive(Debug)]
struct Content<'a> {
    about: Digest,
    payload_type: Option<&'a str>,
    has_reference: bool,
}

impl Payload {
    /// Reads it, if all readers would read it alike.
    pub(crate) fn read(layer: &Descriptor, bytes: Vec<u8>, report: &mut Report) -> Option<Self> {
        let parsed = json::parse_bounded(&bytes, VALUES_MAX)
            .map_err(|error| (String::new(), format!("can't be read as JSON ({error})")));
        let content = parsed.as_ref().map_err(Clone::clone).and_then(content);
        match content {
            Ok(content) => {
                find_type(layer, &content, report);
                let about = content.about.to_string();
                Some(Self { about, bytes: bytes.into() })
            }
            Err((pointer, why)) => {
                let message =
                    format!("the payload in layer {} {why}; sign with cosign", layer.index);
                let found = report.find(&codes::PAYLOAD, message);
                found.blob(&layer.digest).pointer(&pointer);
                None
            }
        }
    }

    /// What the signature is over.
    pub(crate) fn message(&self) -> Message {
        Message::whole(Rc::clone(&self.bytes))
    }

    /// Its hash, by the name that a log gives the algorithm; none for one that is unknown here.
    pub(crate) fn hash(&self, algorithm: &str) -> Option<Digest> {
        Algorithm::parse(algorithm).map(|algorithm| Digest::of(algorithm, &self.bytes))
    }
}

/// cosign looks at the digest alone, podman at all of it.
fn find_type(layer: &Descriptor, content: &Content<'_>, report: &mut Report) {
    let index = layer.index;
    if !content.has_reference {
        let message = format!(
            "the payload in layer {index} names no reference, so podman rejects it; sign with \
             cosign"
        );
        let found = report.find(&codes::REFERENCE, message);
        found.blob(&layer.digest).pointer("/critical/identity/docker-reference");
    }
    let (code, why) = match content.payload_type {
        Some(TYPE) => return,
        Some(OLD_TYPE) => (&codes::OLD_TYPE, "which GPG signatures have"),
        _ => (&codes::TYPE, "which cosign never writes and podman rejects"),
    };
    let found = match content.payload_type {
        None => "no type".to_owned(),
        Some(found) => format!("the type {}", Quoted(found)),
    };
    let message = format!("the payload in layer {index} has {found}, {why}; sign with cosign");
    report.find(code, message).blob(&layer.digest).pointer("/critical/type");
}

/// A pointer, and what is wrong there.
type Problem = (String, String);

/// What the payload says, as both cosign and podman would read it.
fn content(payload: &Value) -> Result<Content<'_>, Problem> {
    let all = object(Some(payload), "", &["critical", "optional"])?;
    let critical = object(all.get("critical"), "/critical", &["identity", "image", "type"])?;
    let identity = critical.get("identity").filter(|identity| !identity.is_null());
    let reference = if identity.is_some() {
        let identity = object(identity, "/critical/identity", &["docker-reference"])?;
        text(identity, "/critical/identity", "docker-reference")?
    } else {
        None
    };
    let image = object(critical.get("image"), "/critical/image", &["docker-manifest-digest"])?;
    let about = text(image, "/critical/image", "docker-manifest-digest")?.unwrap_or_default();
    let about = Digest::parse(about).map_err(|_| {
        let why = match about {
            "" => "names no digest".to_owned(),
            about => format!("names {}, which is not a digest", Quoted(about)),
        };
        ("/critical/image".to_owned(), why)
    })?;
    if all.get("optional").is_some_and(|optional| !optional.is_object() && !optional.is_null()) {
        return Err((
            "/optional".to_owned(),
            "has an optional field that is not an object".to_owned(),
        ));
    }
    let payload_type = text(critical, "/critical", "type")?;
    Ok(Content { about, payload_type, has_reference: reference.is_some() })
}

/// An object in which Go would find no other fields than others do.
fn object<'a>(
    value: Option<&'a Value>,
    at: &str,
    fields: &[&str],
) -> Result<&'a Map<String, Value>, Problem> {
    let Some(Value::Object(entries)) = value else {
        return Err((at.to_owned(), "lacks a required object".to_owned()));
    };
    for key in entries.keys() {
        if let Some(field) = mistaken_for(key, fields) {
            return Err((at.to_owned(), format!("has a key that cosign reads as {field}")));
        }
    }
    Ok(entries)
}

/// A text; none where it is not there, or null, which is the same to Go.
fn text<'a>(
    entries: &'a Map<String, Value>,
    at: &str,
    field: &str,
) -> Result<Option<&'a str>, Problem> {
    match entries.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err((format!("{at}/{field}"), "has a field that is not text".to_owned())),
    }
}
