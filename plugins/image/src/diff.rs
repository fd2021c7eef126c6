//! Whether layers are those that the config names.

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest,
    content::{self, ReadError},
};

use crate::{
    codes,
    config::Config,
    findings::{Findings, Place},
    media::{self, Packing},
};

/// Decodes each layer and compares its digest with the config's.
pub(crate) fn check(
    manifest: &Manifest,
    config: &Config,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut known = BTreeMap::new();
    for (layer, wanted) in pairs(manifest, config) {
        let place = Place::blob(&layer.digest);
        let index = layer.index;
        let is_encrypted = media::layer_type(layer)
            .is_some_and(|layer_type| layer_type.packing == Packing::Encrypted);
        if is_encrypted || !wanted.starts_with("sha256:") {
            let why = if is_encrypted { "it is encrypted" } else { "that is not sha256" };
            let message = format!(
                "layer {index} can't be compared with the diff_id of the config: {why}; a runtime \
                 will compare it"
            );
            findings.add(&codes::NOT_COMPARED, place, message);
            continue;
        }
        if !known.contains_key(layer.digest.as_str()) {
            known.insert(layer.digest.as_str(), content::decoded_digest(&layer.digest));
        }
        match &known[layer.digest.as_str()] {
            Ok(found) if found == wanted => {}
            Ok(_) => {
                let message = format!(
                    "the content of layer {index} does not match the config's diff_id; push the \
                     config and the layers of one build"
                );
                findings.add(&codes::DIFF_ID, place, message);
            }
            Err(error) if error.is_failure() => return Err(error.clone().into()),
            Err(error) => find_unread(layer, error, findings),
        }
    }
    Ok(())
}

/// Layers with the digests that they should have.
fn pairs<'a>(
    manifest: &'a Manifest,
    config: &'a Config,
) -> impl Iterator<Item = (&'a Descriptor, &'a str)> {
    let ids = config.diff_ids();
    let has_all = ids.len() == manifest.layers().count();
    let layers =
        manifest.layers().filter(move |layer| has_all || media::layer_family(layer).is_some());
    layers.zip(ids)
}

fn find_unread(layer: &Descriptor, error: &ReadError, findings: &mut Findings) {
    let place = Place::blob(&layer.digest);
    let index = layer.index;
    match error {
        // absent ones that should be here have a finding already
        ReadError::Absent(_) => {
            let message = format!(
                "layer {index} can't be compared with the diff_id of the config: it is not stored \
                 here; a runtime will compare it"
            );
            findings.add(&codes::NOT_COMPARED, place, message);
        }
        ReadError::TooLarge(_) => {
            let message = format!(
                "layer {index} can't be compared with the config: {error}; split it, or let the \
                 policy ignore {} here",
                codes::DAMAGED.id
            );
            findings.add(&codes::DAMAGED, place, message);
        }
        error => {
            let message = format!("layer {index} can't be unpacked: {error}; pack it again");
            findings.add(&codes::DAMAGED, place, message);
        }
    }
}
