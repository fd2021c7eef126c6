//! The bundle form: a manifest with a subject, whose one layer is a sigstore bundle. A bundle
//! holds the signature, what it is over, and what a verifier needs besides.
//!
//! Bundles are also stored as what they are: files with the signature of another file. cosign
//! passes these over when it verifies a manifest, so they claim nothing about one.

mod content;
mod log;
mod manifest;
mod material;
mod proto;
mod version;

use roadstead_plugin_sdk::{Descriptor, Failure, Manifest, Quoted, Report, oci::json};
use serde_json::Value;

use crate::{
    codes,
    findings::Findings,
    read,
    trust::{Claim, Found, SIGNED},
};

use content::{Content, Subject};
use manifest::Parts;
use material::Material;
use proto::{Fields, Wrong};
use version::Version;

/// JSON values of a bundle; all that is signed is one of them.
const VALUES_MAX: usize = 20_000;
/// Annotations of the manifest that repeat what is in the bundle, as those write them who attach
/// one to what it signs.
const CONTENT: &str = "dev.sigstore.bundle.content";
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// The fields of a bundle.
const BUNDLE: [&str; 4] = ["mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"];

/// Finds what is wrong with the manifest and its bundle, and answers the signature.
pub(crate) fn read(manifest: &Manifest, report: &mut Report) -> Result<Found, Failure> {
    match manifest::parts(manifest, report) {
        Parts::Attached { layer, subject } => read_attached(manifest, layer, subject, report),
        Parts::Stored(layers) => read_stored(&layers),
    }
}

fn read_attached(
    manifest: &Manifest,
    layer: &Descriptor,
    subject: &Descriptor,
    report: &mut Report,
) -> Result<Found, Failure> {
    if layer.size > read::BYTES_MAX && layer.size <= read::BYTES_OF_COSIGN_MAX {
        read::find_unread(layer, read::BYTES_MAX, "the bundle", report);
        return Ok(Found { claims: Vec::new(), unread: 1 });
    }
    let Some(bytes) = read::blob(layer, read::BYTES_MAX, "the bundle", report)? else {
        return Ok(Found::default());
    };
    let value = match json::parse_bounded(&bytes, VALUES_MAX) {
        Ok(value) => value,
        Err(error) => {
            let why = format!("can't be read as JSON ({error})");
            find(manifest, layer, &Wrong::new(&codes::BUNDLE, "", why), report);
            return Ok(Found::default());
        }
    };
    drop(bytes);
    let is_message = value.get("messageSignature").or(value.get("message_signature")).is_some();
    let about = Subject::read(subject, is_message)?;
    let (material, content) = match parse(&value, Some(about)) {
        Ok(parsed) => parsed,
        Err(wrong) => {
            find(manifest, layer, &wrong, report);
            return Ok(Found::default());
        }
    };
    for (code, why) in &material.odd {
        let message = format!("the bundle {why}; sign with cosign");
        report.find(code, message).blob(&layer.digest);
    }
    if find_other(manifest, layer, &content, report) {
        return Ok(Found::default());
    }
    find_annotations(manifest, layer, &content, report);
    let about = content.other.is_none().then(|| subject.digest.clone());
    Ok(Found { claims: vec![claim(layer, material, content, about)], unread: 0 })
}

/// What nobody verifies as the signature of a manifest may be anything; whose it is counts all the
/// same where a policy asks for that.
fn read_stored(layers: &[&Descriptor]) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut left = read::BYTES_MAX;
    for layer in layers {
        let Some(after) = left.checked_sub(layer.size) else { break };
        left = after;
        // what is wrong with it is nobody's concern
        let mut unheard = Report::new();
        let bytes = read::blob(layer, read::BYTES_MAX, "the bundle", &mut unheard)?;
        let value = bytes.and_then(|bytes| json::parse_bounded(&bytes, VALUES_MAX).ok());
        let parsed = value.and_then(|value| parse(&value, None).ok());
        found
            .claims
            .extend(parsed.map(|(material, content)| claim(layer, material, content, None)));
    }
    Ok(found)
}

/// What is no bundle that clients read signs nothing, unless the manifest says that it does: they
/// pass it over.
fn find(manifest: &Manifest, layer: &Descriptor, wrong: &Wrong, report: &mut Report) {
    let is_none = [codes::BUNDLE.id, codes::VERSION.id].contains(&wrong.code.id);
    let mut findings = if is_none && !is_announced(manifest) {
        Findings::beside(report)
    } else {
        Findings::new(report)
    };
    let message = format!("the bundle {}; sign with cosign", wrong.why);
    findings.add(wrong.code, message).blob(&layer.digest).pointer(&wrong.pointer);
}

/// Whether the manifest says, as cosign does, what its bundle signs.
fn is_announced(manifest: &Manifest) -> bool {
    [CONTENT, PREDICATE_TYPE].iter().any(|key| manifest.annotation(key).is_some())
}

/// A signature that was moved to another manifest is refused, and counts as none: that is true.
/// What never claimed to be one of this manifest, such as that of a file, is only stored.
fn find_other(
    manifest: &Manifest,
    layer: &Descriptor,
    content: &Content,
    report: &mut Report,
) -> bool {
    let Some(other) = &content.other else { return false };
    let signs = content.predicate_type.as_deref() == Some(SIGNED);
    let is_moved = signs || is_announced(manifest);
    let (code, advice) = match (signs, is_moved) {
        (true, _) => (&codes::OTHER_DIGEST, "; sign again with cosign"),
        (false, true) => (
            &codes::OTHER_DIGEST,
            ", although the annotations dev.sigstore.bundle.* say that it signs its subject; sign \
             again with cosign",
        ),
        (false, false) => (&codes::OTHER_THING, "; cosign ignores it"),
    };
    report.find(code, format!("the bundle {other}{advice}")).blob(&layer.digest);
    is_moved
}

fn find_annotations(
    manifest: &Manifest,
    layer: &Descriptor,
    content: &Content,
    report: &mut Report,
) {
    let named = content.predicate_type.as_deref().unwrap_or_default();
    for (annotation, what, is) in
        [(CONTENT, "content", content.form), (PREDICATE_TYPE, "predicateType", named)]
    {
        if let Some(says) = manifest.annotation(annotation).filter(|says| *says != is) {
            let is = match is {
                "" => format!("has no {what}"),
                is => format!("has the {what} {}", Quoted(is)),
            };
            let message = format!(
                "the bundle {is}, but the manifest's annotation {annotation} says {}; sign with \
                 cosign",
                Quoted(says)
            );
            report.find(&codes::ANNOTATIONS, message).blob(&layer.digest);
        }
    }
}

fn parse(value: &Value, subject: Option<Subject<'_>>) -> Result<(Material, Content), Wrong> {
    let bundle = Fields::of((String::new(), value), &BUNDLE)?;
    let version = Version::of(&bundle)?;
    let material = material::read(&bundle, version)?;
    let content = content::read(&bundle, subject)?;
    Ok((material, content))
}

fn claim(layer: &Descriptor, material: Material, content: Content, about: Option<String>) -> Claim {
    Claim {
        place: "the bundle".to_owned(),
        blob: layer.digest.clone(),
        about,
        message: content.message,
        signature: content.signature,
        certificate: material.certificate,
        predicate_type: content.predicate_type,
    }
}
