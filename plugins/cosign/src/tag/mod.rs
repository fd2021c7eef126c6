//! The tag form: a manifest `sha256-<hex>.sig` whose layers are payloads, each with its signature
//! in an annotation. The same manifest may have a subject in place of the tag.

mod log_entry;
mod material;
mod payload;
mod place;

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Quoted, Report, context,
    oci::{Digest, json, media_type},
};
use serde_json::Value;

use crate::{
    codes,
    form::{PAYLOAD, SIGNATURE_CONFIG},
    read,
    trust::Claim,
};

use payload::Payload;

/// cosign reads no more.
const LAYERS_MAX: usize = 1000;
/// Bytes of a payload; cosign's own have a few hundred.
const PAYLOAD_BYTES_MAX: u64 = 1 << 20;
/// Bytes of all payloads, which are held at once.
const PAYLOADS_BYTES_MAX: u64 = 16 << 20;
/// Bytes of the config.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// JSON values of the config.
const CONFIG_VALUES_MAX: usize = 32_768;
/// A layer of what cosign attaches as an attestation.
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// Finds what is wrong with the manifest, and answers the signatures that can be verified.
pub(crate) fn read(manifest: &Manifest, report: &mut Report) -> Result<Vec<Claim>, Failure> {
    let layers = layers(manifest, report);
    if layers.is_empty() {
        return Ok(Vec::new());
    }
    find_config(manifest, report)?;
    let mut payloads = BTreeMap::new();
    let mut claims = Vec::new();
    for layer in layers {
        if !payloads.contains_key(&layer.digest) {
            let read = Payload::read(layer, PAYLOAD_BYTES_MAX, report)?;
            payloads.insert(layer.digest.clone(), read);
        }
        let payload = payloads.get(&layer.digest).and_then(Option::as_ref);
        let claim = payload.and_then(|payload| claim(layer, payload, report));
        claims.extend(claim);
    }
    let signed = place::compare(manifest, &claims, report);
    if let Some(signed) = signed.filter(|_| !manifest.tags.is_empty() && !report.rejects()) {
        find_absent(&signed, report);
    }
    Ok(claims)
}

/// The layers that are payloads.
fn layers<'a>(manifest: &'a Manifest, report: &mut Report) -> Vec<&'a Descriptor> {
    let (payloads, others): (Vec<_>, Vec<_>) =
        manifest.layers().partition(|layer| layer.media_type_essence() == PAYLOAD);
    let (envelopes, strange): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|layer| layer.media_type_essence() == ENVELOPE);
    if let Some(layer) = strange.first() {
        let message = format!(
            "layer {} has the type {}, which is no signature's; push signatures by themselves",
            layer.index,
            Quoted(&layer.media_type)
        );
        let pointer = format!("/layers/{}/mediaType", layer.index);
        report.find(&codes::LAYERS, message).pointer(&pointer);
    }
    if let Some(layer) = envelopes.first() {
        let message = format!(
            "layer {} is an attestation, which cosign looks for under a tag that ends in .att; \
             push it there",
            layer.index
        );
        report.find(&codes::ATTESTATION, message).pointer(&format!("/layers/{}", layer.index));
    }
    if payloads.is_empty() {
        let message =
            format!("there is no signature, a layer of the type {PAYLOAD}; sign with cosign");
        report.find(&codes::LAYERS, message).pointer("/layers");
    }
    match excess(&payloads) {
        None => payloads,
        Some(why) => {
            report.find(&codes::TOO_LARGE, format!("{why}; sign anew without the old signatures"));
            Vec::new()
        }
    }
}

/// What there is too much of.
fn excess(payloads: &[&Descriptor]) -> Option<String> {
    let count = payloads.len();
    let bytes = payloads.iter().fold(0_u64, |bytes, layer| bytes.saturating_add(layer.size));
    if count > LAYERS_MAX {
        Some(format!("there are {count} signatures, more than the {LAYERS_MAX} that cosign reads"))
    } else if bytes > PAYLOADS_BYTES_MAX {
        Some(format!("the payloads have {bytes} bytes, more than {PAYLOADS_BYTES_MAX}"))
    } else {
        None
    }
}

/// The config is an image's, and lists the layers as an image's does.
fn find_config(manifest: &Manifest, report: &mut Report) -> Result<(), Failure> {
    let Some(config) = manifest.config() else { return Ok(()) };
    match config.media_type_essence().as_str() {
        SIGNATURE_CONFIG => {
            if manifest.subject().is_none() {
                let message = "a config of cosign's own type goes with a subject, and there is \
                               none; sign with cosign";
                report.find(&codes::CONFIG, message).pointer("/config/mediaType");
            }
        }
        media_type::OCI_CONFIG | media_type::DOCKER_CONFIG => {
            let bytes = read::blob(config, CONFIG_BYTES_MAX, "the config", report)?;
            let layers: Vec<&str> = manifest.layers().map(|layer| layer.digest.as_str()).collect();
            if bytes.is_some_and(|bytes| !lists(&bytes, &layers)) {
                let message = "the config's rootfs.diff_ids are not the digests of the layers; \
                               sign with cosign, which writes them";
                report.find(&codes::DIFF_IDS, message).blob(&config.digest);
            }
        }
        _ => {
            let message = format!(
                "the config of a signature has the type {}, not {}; sign with cosign",
                media_type::OCI_CONFIG,
                Quoted(&config.media_type)
            );
            report.find(&codes::CONFIG, message).pointer("/config/mediaType");
        }
    }
    Ok(())
}

fn lists(config: &[u8], layers: &[&str]) -> bool {
    let Ok(config) = json::parse_bounded(config, CONFIG_VALUES_MAX) else { return false };
    let listed = config["rootfs"]["diff_ids"].as_array();
    let wanted = layers.iter().copied().map(Some);
    listed.is_some_and(|listed| listed.iter().map(Value::as_str).eq(wanted))
}

/// The signature of one layer.
fn claim(layer: &Descriptor, payload: &Payload, report: &mut Report) -> Option<Claim> {
    let signature = material::signature(layer, report)?;
    let certificate = material::certificate(layer, report);
    log_entry::find(layer, payload, &signature, report);
    material::find_timestamp(layer, report);
    Some(Claim {
        place: format!("layer {}", layer.index),
        blob: layer.digest.clone(),
        about: payload.about.clone(),
        message: payload.message(),
        signature,
        certificate,
        predicate_type: None,
    })
}

/// cosign and podman sign what was pushed before.
fn find_absent(signed: &Digest, report: &mut Report) {
    if context::manifest(signed.as_str()).is_none() {
        let message = format!(
            "what was signed, {}, is not in this repository; push it, too",
            Quoted(signed.as_str())
        );
        report.find(&codes::SIGNED_ABSENT, message);
    }
}
