//! The bundle form: a manifest with a subject, whose one layer is a sigstore bundle. A bundle
//! holds the signature, what it is over, and what a verifier needs besides.

mod content;
mod log;
mod manifest;
mod material;
mod proto;
mod statement;
mod version;

use roadstead_plugin_sdk::{Descriptor, Failure, Manifest, Report, oci::json};
use serde_json::Value;

use crate::{codes, read, trust::Claim};

use content::Signed;
use manifest::Parts;
use proto::{Fields, Wrong};
use version::Version;

/// Bytes of a bundle that is judged: with what is decoded of it, it is held three times.
const BYTES_MAX: u64 = 8 << 20;
/// cosign's own bound of what it reads.
const BYTES_OF_COSIGN_MAX: u64 = 128 << 20;
/// JSON values of a bundle; all that is signed is one of them.
const VALUES_MAX: usize = 20_000;

/// The fields of a bundle.
const BUNDLE: [&str; 4] = ["mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"];

/// Finds what is wrong with the manifest and its bundle, and answers the signature.
pub(crate) fn read(manifest: &Manifest, report: &mut Report) -> Result<Vec<Claim>, Failure> {
    let Some(parts) = manifest::parts(manifest, report) else { return Ok(Vec::new()) };
    let layer = parts.layer;
    if layer.size > BYTES_MAX && layer.size <= BYTES_OF_COSIGN_MAX {
        let message = format!(
            "the bundle has {} bytes, more than the {BYTES_MAX} that are judged, so that nobody \
             has read it; sign less at once",
            layer.size
        );
        report.find(&codes::UNREAD, message).blob(&layer.digest);
        return Ok(Vec::new());
    }
    let Some(bytes) = read::blob(layer, BYTES_MAX, "the bundle", report)? else {
        return Ok(Vec::new());
    };
    let value = match json::parse_bounded(&bytes, VALUES_MAX) {
        Ok(value) => value,
        Err(error) => {
            let why = format!("is not clear JSON ({error})");
            find(parts.layer, &Wrong::new(&codes::BUNDLE, "", why), report);
            return Ok(Vec::new());
        }
    };
    drop(bytes);
    // asked for only where it is needed: a review that misses something is not remembered
    let is_message = value.get("messageSignature").or(value.get("message_signature")).is_some();
    let signed = if is_message { Signed::read(parts.subject)? } else { Signed::default() };
    match claim(manifest, &parts, &value, signed, report) {
        Ok(claim) => Ok(vec![claim]),
        Err(wrong) => {
            find(parts.layer, &wrong, report);
            Ok(Vec::new())
        }
    }
}

fn find(layer: &Descriptor, wrong: &Wrong, report: &mut Report) {
    let message = format!("the bundle {}; sign with cosign", wrong.why);
    report.find(wrong.code, message).blob(&layer.digest).pointer(&wrong.pointer);
}

fn claim(
    manifest: &Manifest,
    parts: &Parts<'_>,
    value: &Value,
    signed: Signed,
    report: &mut Report,
) -> Result<Claim, Wrong> {
    let bundle = Fields::of((String::new(), value), &BUNDLE)?;
    let version = Version::of(&bundle)?;
    let material = material::read(&bundle, version)?;
    if let Some(why) = material.odd {
        let message = format!("the bundle {why}; sign with cosign");
        report.find(&codes::ODD_CHAIN, message).blob(&parts.layer.digest);
    }
    let content = content::read(&bundle, manifest, parts.subject, signed)?;
    Ok(Claim {
        place: "the bundle".to_owned(),
        blob: parts.layer.digest.clone(),
        about: parts.subject.digest.clone(),
        message: content.message,
        signature: content.signature,
        certificate: material.certificate,
        predicate_type: content.predicate_type,
    })
}
