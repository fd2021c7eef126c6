//! The manifest around a bundle.

use roadstead_plugin_sdk::{
    Descriptor, Manifest, Quoted, Report,
    oci::media_type::{self, DOCKER_MANIFEST, OCI_MANIFEST},
};

use crate::{codes, form::is_bundle};

/// Bundles of one manifest that are looked at.
const BUNDLES_MAX: usize = 100;

/// What a manifest is to cosign.
#[derive(Debug)]
pub(crate) enum Parts<'a> {
    /// A bundle that cosign finds and verifies.
    Attached {
        /// the bundle
        layer: &'a Descriptor,
        /// the manifest that it is attached to
        subject: &'a Descriptor,
    },
    /// Bundles that are stored, and that cosign passes over.
    Stored(Vec<&'a Descriptor>),
}

/// The parts, with a warning where cosign does not read them.
pub(crate) fn parts<'a>(manifest: &'a Manifest, report: &mut Report) -> Parts<'a> {
    if ![OCI_MANIFEST, DOCKER_MANIFEST].contains(&manifest.media_type.as_str()) {
        let message = format!(
            "cosign reads a sigstore bundle in an image manifest, and {} only lists manifests; \
             push the image manifest itself",
            Quoted(&manifest.media_type)
        );
        report.find(&codes::FORM, message).pointer("/mediaType");
        return Parts::Stored(Vec::new());
    }
    find_types(manifest, report);
    let layers: Vec<_> = manifest.layers().collect();
    let is_one = matches!(layers[..], [layer] if is_bundle(&layer.media_type_essence()));
    if !is_one {
        let message = match layers[..] {
            [layer] => format!(
                "the layer has the type {}, which is not that of a sigstore bundle, so cosign \
                 ignores it; sign with cosign",
                Quoted(&layer.media_type)
            ),
            [] => {
                "the manifest of a sigstore bundle has no layer, so cosign ignores it; sign with \
                   cosign"
                    .to_owned()
            }
            _ => format!(
                "cosign reads a sigstore bundle only if it is the only layer, and ignores these \
                 {}; push each bundle in a manifest of its own",
                layers.len()
            ),
        };
        report.find(&codes::BUNDLE_LAYERS, message).pointer("/layers");
    }
    let subject = manifest.subject();
    if subject.is_none() {
        let message = "the sigstore bundle has no subject, so cosign never finds it; attach it to \
                       the manifest that it signs";
        report.find(&codes::SUBJECT, message).pointer("/subject");
    }
    match (subject, &layers[..]) {
        (Some(subject), [layer]) if is_one => Parts::Attached { layer, subject },
        _ => {
            let bundles = layers.into_iter();
            let bundles = bundles.filter(|layer| is_bundle(&layer.media_type_essence()));
            Parts::Stored(bundles.take(BUNDLES_MAX).collect())
        }
    }
}

/// Readers that list referrers by type would not find it.
fn find_types(manifest: &Manifest, report: &mut Report) {
    let own = manifest.artifact_type.as_deref().unwrap_or_default();
    if !is_bundle(&own.to_ascii_lowercase()) {
        let own = match own {
            "" => "no artifactType".to_owned(),
            own => format!("the artifactType {}", Quoted(own)),
        };
        let message = format!(
            "the manifest of a sigstore bundle has {own}, so clients that list referrers by type \
             do not find it; sign with cosign"
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
