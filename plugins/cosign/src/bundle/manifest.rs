//! The manifest around a bundle.

use roadstead_plugin_sdk::{Descriptor, Manifest, Quoted, Report, oci::media_type};

use crate::{codes, form::is_bundle};

/// What a bundle is judged by.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// the bundle
    pub(crate) layer: &'a Descriptor,
    /// the manifest that is signed
    pub(crate) subject: &'a Descriptor,
}

/// The parts, where they are as cosign wants them.
pub(crate) fn parts<'a>(manifest: &'a Manifest, report: &mut Report) -> Option<Parts<'a>> {
    find_types(manifest, report);
    let layers: Vec<_> = manifest.layers().collect();
    let layer = match layers[..] {
        [layer] if is_bundle(&layer.media_type_essence()) => Some(layer),
        [layer] => {
            let message = format!(
                "the layer of a sigstore bundle has the type {}, which is no bundle's; sign with \
                 cosign",
                Quoted(&layer.media_type)
            );
            report.find(&codes::BUNDLE_LAYERS, message).pointer("/layers/0/mediaType");
            None
        }
        _ => {
            let message = format!(
                "a sigstore bundle is one layer, and there are {}; sign with cosign",
                layers.len()
            );
            report.find(&codes::BUNDLE_LAYERS, message).pointer("/layers");
            None
        }
    };
    let subject = manifest.subject();
    if subject.is_none() {
        let message = "a sigstore bundle has what it signs as its subject, and there is none; sign \
                       with cosign";
        report.find(&codes::SUBJECT, message).pointer("/subject");
    }
    Some(Parts { layer: layer?, subject: subject? })
}

/// Readers that list referrers by type would not find it.
fn find_types(manifest: &Manifest, report: &mut Report) {
    let own = manifest.artifact_type.as_deref().unwrap_or_default();
    if !is_bundle(&own.to_ascii_lowercase()) {
        let message = format!(
            "the artifactType of a sigstore bundle is {}, by which nobody finds it; sign with \
             cosign",
            Quoted(own)
        );
        report.find(&codes::BUNDLE_TYPES, message).pointer("/artifactType");
    }
    let config = manifest.config().map(Descriptor::media_type_essence).unwrap_or_default();
    if config != media_type::OCI_EMPTY && !is_bundle(&config) {
        let message = format!(
            "the config of a sigstore bundle has the type {}, not {}; sign with cosign",
            Quoted(&config),
            media_type::OCI_EMPTY
        );
        report.find(&codes::BUNDLE_TYPES, message).pointer("/config/mediaType");
    }
}
