//! The tag form: a manifest `sha256-<hex>.sig` whose layers are payloads, each with its signature
//! in an annotation. The same manifest may have a subject in place of the tag.

mod config;
mod log_entry;
mod payload;

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{Descriptor, Failure, Manifest, Quoted, Report};

use crate::{
    attached::Content,
    codes,
    findings::Findings,
    form::{ENVELOPE, PAYLOAD},
    layers::{self, Bounds},
    place::{self, Place},
    trust::{Claim, Found},
};

use payload::Payload;

/// Bytes of a payload; podman reads no more.
const PAYLOAD_BYTES_MAX: u64 = 4 << 20;
/// Bytes of all payloads, which are held at once.
const PAYLOADS_BYTES_MAX: u64 = 16 << 20;

/// Finds what is wrong with the manifest, and answers the signatures that can be verified.
pub(crate) fn read(manifest: &Manifest, report: &mut Report) -> Result<Found, Failure> {
    let place = place::of(manifest, Content::Signatures, report);
    let mut found = Found::default();
    let Some(layers) = layers::of(manifest, "signature", report) else { return Ok(found) };
    config::check(manifest, report)?;
    let candidates = candidates(&layers, report);
    if candidates.is_empty() {
        let message = "no layer is a signature: none has the type of a payload or the annotation \
                       of a signature; sign with cosign";
        report.find(&codes::LAYERS, message).pointer("/layers");
        return Ok(found);
    }
    let payloads = Payloads::read(&candidates, report, &mut found)?;
    // cosign passes over what it can't verify, as long as there is something that it can
    let is_good: Vec<bool> =
        candidates.iter().map(|layer| payloads.are_good(layer, &place)).collect();
    let has_good = is_good.contains(&true);
    for (layer, is_good) in candidates.into_iter().zip(is_good) {
        let Some(payload) = payloads.get(layer) else { continue };
        let is_beside = has_good && !is_good;
        let mut findings = if is_beside { Findings::beside(report) } else { Findings::new(report) };
        found.claims.extend(claim(layer, payload, &mut findings));
    }
    place::compare(manifest, &place, &found.claims, report);
    Ok(found)
}

/// The payloads by the digests of their layers.
#[derive(Debug)]
struct Payloads(BTreeMap<String, Payload>);

impl Payloads {
    fn read(
        layers: &[&Descriptor],
        report: &mut Report,
        found: &mut Found,
    ) -> Result<Self, Failure> {
        let mut payloads = BTreeMap::new();
        let mut bounds = Bounds { bytes_max: PAYLOAD_BYTES_MAX, left: PAYLOADS_BYTES_MAX };
        for layer in layers {
            if payloads.contains_key(&layer.digest) {
                continue;
            }
            let what = format!("the payload in layer {}", layer.index);
            let Some(bytes) = layers::read(layer, &what, &mut bounds, report, found)? else {
                continue;
            };
            let payload = Payload::read(layer, bytes, report);
            payloads.extend(payload.map(|payload| (layer.digest.clone(), payload)));
        }
        Ok(Self(payloads))
    }

    fn get(&self, layer: &Descriptor) -> Option<&Payload> {
        self.0.get(&layer.digest)
    }

    /// Whether nothing keeps clients from verifying the signature.
    fn are_good(&self, layer: &Descriptor, place: &Place) -> bool {
        let mut report = Report::new();
        let claim = self
            .get(layer)
            .and_then(|payload| claim(layer, payload, &mut Findings::new(&mut report)));
        claim.is_some_and(|claim| place.is_of(&claim)) && !report.rejects()
    }
}

/// The layers that cosign can take for signatures: it goes by the annotation, whatever the type.
fn candidates<'a>(layers: &[&'a Descriptor], report: &mut Report) -> Vec<&'a Descriptor> {
    let mut candidates = Vec::new();
    let mut other = None;
    for layer in layers {
        let essence = layer.media_type_essence();
        if essence == PAYLOAD {
            candidates.push(*layer);
        } else if essence == ENVELOPE && !layers::has_signature(layer) {
            let message = format!(
                "layer {} is an attestation, which cosign looks for under a tag that ends in \
                 .att; push it there",
                layer.index
            );
            let pointer = format!("/layers/{}", layer.index);
            report.find(&codes::ATTESTATION, message).pointer(&pointer);
        } else {
            if layers::has_signature(layer) {
                candidates.push(*layer);
            }
            other = other.or(Some(*layer));
        }
    }
    if let Some(layer) = other.filter(|_| !candidates.is_empty()) {
        let message = format!(
            "layer {} has the type {}, not {PAYLOAD}: cosign still reads it as a signature, podman \
             does not; sign with cosign",
            layer.index,
            Quoted(&layer.media_type)
        );
        let pointer = format!("/layers/{}/mediaType", layer.index);
        report.find(&codes::OTHER_TYPE, message).pointer(&pointer);
    }
    candidates
}

/// The signature of one layer.
fn claim(layer: &Descriptor, payload: &Payload, findings: &mut Findings<'_>) -> Option<Claim> {
    let signature = layers::signature(layer, findings)?;
    let certificate = layers::certificate(layer, findings);
    log_entry::find(layer, payload, &signature, findings);
    layers::find_timestamp(layer, findings);
    Some(Claim {
        place: format!("layer {}", layer.index),
        blob: layer.digest.clone(),
        about: Some(payload.about.clone()),
        message: payload.message(),
        signature,
        certificate,
        predicate_type: None,
    })
}
