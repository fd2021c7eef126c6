//! The manifest of an image: the types of its parts.

use roadstead_plugin_sdk::{Manifest, Quoted, oci::media_type};
use serde::Deserialize;

use crate::{
    codes,
    findings::{Findings, Place},
    media::{self, Family},
};

/// Checks what the manifest alone tells.
pub(crate) fn check(manifest: &Manifest, findings: &mut Findings) {
    check_own_type(manifest, findings);
    check_layer_types(manifest, findings);
    check_families(manifest, findings);
}

/// docker reads no manifest of its own that does not say what it is: the header alone won't do.
pub(crate) fn check_own_type(manifest: &Manifest, findings: &mut Findings) {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "mediaType")]
        media_type: Option<String>,
    }
    if media::manifest_family(&manifest.media_type) != Some(Family::Docker) {
        return;
    }
    let head = serde_json::from_slice::<Head>(&manifest.bytes).ok();
    if head.and_then(|head| head.media_type).is_none() {
        let message = format!(
            "a docker manifest must name its own media type; add \"mediaType\": \"{}\"",
            media_type::essence(&manifest.media_type)
        );
        findings.add(&codes::NO_MEDIA_TYPE, Place::manifest("/mediaType"), message);
    }
}

fn check_layer_types(manifest: &Manifest, findings: &mut Findings) {
    for layer in manifest.layers().filter(|layer| media::layer_type(layer).is_none()) {
        let message = format!(
            "layer {} has the type {}, which runtimes do not unpack; use one such as {}",
            layer.index,
            Quoted(&layer.media_type),
            "application/vnd.oci.image.layer.v1.tar+gzip"
        );
        let pointer = format!("/layers/{}/mediaType", layer.index);
        findings.add(&codes::LAYER_TYPE, Place::manifest(&pointer), message);
    }
}

/// Legal, and read by all that are current; older clients go by the family of the manifest.
fn check_families(manifest: &Manifest, findings: &mut Findings) {
    let Some(own) = media::manifest_family(&manifest.media_type) else { return };
    let is_other = |family: Option<Family>| family.is_some_and(|family| family != own);
    let config = manifest.config().filter(|config| is_other(media::config_family(config)));
    let layer = manifest.layers().find(|layer| is_other(media::layer_family(layer)));
    let (what, pointer) = match (config, layer) {
        (Some(_), _) => ("the config".to_owned(), "/config/mediaType".to_owned()),
        (None, Some(layer)) => {
            (format!("layer {}", layer.index), format!("/layers/{}/mediaType", layer.index))
        }
        (None, None) => return,
    };
    let (own, other) = match own {
        Family::Oci => ("an OCI", "docker"),
        Family::Docker => ("a docker", "OCI"),
    };
    let message = format!(
        "{what} has a type of {other} in {own} manifest, which old clients can't read; push the \
         image with types of one kind"
    );
    findings.add(&codes::MIXED, Place::manifest(&pointer), message);
}
