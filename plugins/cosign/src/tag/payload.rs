//! The payload: what was signed, in the simple-signing format
//! (containers/image, `containers-signature.5`).

use std::rc::Rc;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Quoted, Report,
    oci::{
        Algorithm, Digest,
        json::{self, mistaken_for},
    },
};
use serde_json::{Map, Value};

use crate::{codes, key::Message, read};

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

impl Payload {
    /// Reads it, if all readers would read it alike.
    pub(crate) fn read(
        layer: &Descriptor,
        bytes_max: u64,
        report: &mut Report,
    ) -> Result<Option<Self>, Failure> {
        let what = format!("the payload in layer {}", layer.index);
        let Some(bytes) = read::blob(layer, bytes_max, &what, report)? else { return Ok(None) };
        match about(&bytes) {
            Ok((about, payload_type)) => {
                find_type(layer, &payload_type, report);
                Ok(Some(Self { about, bytes: bytes.into() }))
            }
            Err((pointer, why)) => {
                let message = format!("{what} {why}; sign with cosign");
                let found = report.find(&codes::PAYLOAD, message);
                found.blob(&layer.digest).pointer(&pointer);
                Ok(None)
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

fn find_type(layer: &Descriptor, payload_type: &str, report: &mut Report) {
    let (code, why) = match payload_type {
        TYPE => return,
        OLD_TYPE => (&codes::OLD_TYPE, "which is that of GPG signatures"),
        _ => (&codes::TYPE, "which cosign never writes"),
    };
    let message = format!(
        "the payload in layer {} has the type {}, {why}; sign with cosign",
        layer.index,
        Quoted(payload_type)
    );
    report.find(code, message).blob(&layer.digest).pointer("/critical/type");
}

/// A pointer, and what is wrong there.
type Problem = (String, String);

/// The signed digest and the type of the payload.
fn about(bytes: &[u8]) -> Result<(String, String), Problem> {
    let payload = json::parse_bounded(bytes, VALUES_MAX)
        .map_err(|error| (String::new(), format!("is not clear JSON ({error})")))?;
    let all = object(Some(&payload), "", &["critical", "optional"])?;
    let critical = object(all.get("critical"), "/critical", &["identity", "image", "type"])?;
    let identity = object(critical.get("identity"), "/critical/identity", &["docker-reference"])?;
    text(identity, "/critical/identity", "docker-reference")?;
    let image = object(critical.get("image"), "/critical/image", &["docker-manifest-digest"])?;
    let about = text(image, "/critical/image", "docker-manifest-digest")?;
    let about = Digest::parse(about).map_err(|_| {
        ("/critical/image".to_owned(), format!("names {}, which is no digest", Quoted(about)))
    })?;
    if all.get("optional").is_some_and(|optional| !optional.is_object() && !optional.is_null()) {
        return Err(("/optional".to_owned(), "has something else than an object there".to_owned()));
    }
    Ok((about.to_string(), text(critical, "/critical", "type")?.to_owned()))
}

/// An object in which Go would find no other fields than others do.
fn object<'a>(
    value: Option<&'a Value>,
    at: &str,
    fields: &[&str],
) -> Result<&'a Map<String, Value>, Problem> {
    let Some(Value::Object(entries)) = value else {
        return Err((at.to_owned(), "lacks an object".to_owned()));
    };
    for key in entries.keys() {
        if let Some(field) = mistaken_for(key, fields) {
            return Err((at.to_owned(), format!("has a key that cosign takes for {field}")));
        }
    }
    Ok(entries)
}

fn text<'a>(entries: &'a Map<String, Value>, at: &str, field: &str) -> Result<&'a str, Problem> {
    let found = entries.get(field).and_then(Value::as_str);
    found.ok_or_else(|| (format!("{at}/{field}"), "lacks a text".to_owned()))
}
