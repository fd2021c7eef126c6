//! The layers of what cosign finds by a tag, and what stands in their annotations: the signature,
//! its certificates, its time.

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Quoted, Report,
    oci::{
        json,
        media_type::{DOCKER_MANIFEST, OCI_EMPTY, OCI_MANIFEST},
    },
};

use crate::{
    certificate::{self, Certificate},
    codes,
    findings::Findings,
    read, shape,
    trust::Found,
};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// cosign reads no more.
const COUNT_MAX: usize = 1000;
/// Layers that a runtime unpacks.
const ROOTFS: [&str; 2] =
    ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."];

/// The layers, where the manifest is one in which cosign reads them and a runtime does not.
pub(crate) fn of<'a>(
    manifest: &'a Manifest,
    what: &str,
    report: &mut Report,
) -> Option<Vec<&'a Descriptor>> {
    if ![OCI_MANIFEST, DOCKER_MANIFEST].contains(&manifest.media_type.as_str()) {
        let message = format!(
            "cosign reads {what}s in an image manifest, and {} only lists manifests; push the \
             image manifest itself",
            Quoted(&manifest.media_type)
        );
        report.find(&codes::FORM, message).pointer("/mediaType");
        return None;
    }
    let layers: Vec<_> = manifest.layers().collect();
    let is_run = manifest.config().is_some_and(|config| config.media_type_essence() != OCI_EMPTY);
    let is_rootfs = |layer: &&&Descriptor| {
        let essence = layer.media_type_essence();
        ROOTFS.iter().any(|prefix| essence.starts_with(prefix))
    };
    if let Some(layer) = layers.iter().find(is_rootfs).filter(|_| is_run) {
        let message = format!(
            "layer {} has the type {} of an image layer, but this tag is for nothing but {what}s; \
             push the image under another tag",
            layer.index,
            Quoted(&layer.media_type)
        );
        let pointer = format!("/layers/{}/mediaType", layer.index);
        report.find(&codes::LAYERS, message).pointer(&pointer);
        return None;
    }
    if layers.len() > COUNT_MAX {
        let message = format!(
            "there are {} {what}s, more than the {COUNT_MAX} that cosign reads; sign again without \
             the old ones",
            layers.len()
        );
        report.find(&codes::TOO_LARGE, message).pointer("/layers");
        return None;
    }
    if layers.is_empty() {
        let message = format!("there is no {what} in the manifest; sign with cosign");
        report.find(&codes::EMPTY, message).pointer("/layers");
        return None;
    }
    Some(layers)
}

/// How much may be read.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// bytes of one layer
    pub(crate) bytes_max: u64,
    /// bytes of all that are still to come
    pub(crate) left: u64,
}

/// A layer's bytes; none where something was found instead.
pub(crate) fn read(
    layer: &Descriptor,
    what: &str,
    bounds: &mut Bounds,
    report: &mut Report,
    found: &mut Found,
) -> Result<Option<Vec<u8>>, Failure> {
    let bytes_max = bounds.bytes_max.min(bounds.left);
    if layer.size > bytes_max && layer.size <= read::BYTES_OF_COSIGN_MAX {
        read::find_unread(layer, bytes_max, what, report);
        found.unread += 1;
        return Ok(None);
    }
    bounds.left = bounds.left.saturating_sub(layer.size);
    read::blob(layer, bytes_max, what, report)
}

/// Whether cosign would take the layer for a signature.
pub(crate) fn has_signature(layer: &Descriptor) -> bool {
    annotation(layer, SIGNATURE).is_some()
}

/// Where an annotation of a layer stands.
pub(crate) fn pointer(layer: &Descriptor, key: &str) -> String {
    format!("/layers/{}/annotations/{}", layer.index, key.replace('/', "~1"))
}

/// An annotation; an empty one is none to cosign.
pub(crate) fn annotation<'a>(layer: &'a Descriptor, key: &str) -> Option<&'a str> {
    layer.annotation(key).filter(|text| !text.is_empty())
}

/// The signature, if it has the shape of one.
pub(crate) fn signature(layer: &Descriptor, findings: &mut Findings<'_>) -> Option<Vec<u8>> {
    let why = match layer.annotation(SIGNATURE) {
        None | Some("") => "has none".to_owned(),
        Some(text) => match read::base64(text) {
            None => format!("has {}, which is not base64", Quoted(text)),
            Some(bytes) if !shape::is_signature(&bytes) => {
                format!(
                    "has {}, which fits no algorithm that cosign \
                         supports",
                    shape::length(&bytes)
                )
            }
            Some(bytes) => return Some(bytes),
        },
    };
    let message = format!(
        "layer {} needs a signature in its annotation {SIGNATURE}, but {why}; sign with cosign",
        layer.index
    );
    findings.add(&codes::SIGNATURE, message).pointer(&pointer(layer, SIGNATURE));
    None
}

/// The certificate, if there is one that can be read.
pub(crate) fn certificate(layer: &Descriptor, findings: &mut Findings<'_>) -> Option<Certificate> {
    let chain = annotation(layer, CHAIN).and_then(|text| {
        let chain = certificate::from_pem(text);
        if chain.is_none() {
            find(layer, CHAIN, "no valid list of certificates in PEM", findings);
        }
        chain
    });
    let text = annotation(layer, CERTIFICATE)?;
    // of several cosign takes the first
    let certificates = certificate::from_pem(text).unwrap_or_default();
    let Some(certificate) = certificates.into_iter().next() else {
        find(layer, CERTIFICATE, "no valid certificate in PEM", findings);
        return None;
    };
    if let Some(chain) = chain
        && !certificate::is_chain(std::iter::once(&certificate).chain(&chain))
    {
        let message = format!(
            "the certificates of layer {} don't form a chain; give cosign the chain that belongs \
             to the certificate",
            layer.index
        );
        findings.add(&codes::CHAIN, message).pointer(&pointer(layer, CHAIN));
    }
    Some(certificate)
}

/// A timestamp is JSON around a DER structure.
pub(crate) fn find_timestamp(layer: &Descriptor, findings: &mut Findings<'_>) {
    let Some(text) = annotation(layer, TIMESTAMP) else { return };
    let value = json::parse_bounded(text.as_bytes(), 100).unwrap_or_default();
    let signed = value["SignedRFC3161Timestamp"].as_str().and_then(read::base64);
    if !signed.is_some_and(|bytes| shape::is_der_sequence(&bytes)) {
        let message = format!(
            "the annotation {TIMESTAMP} of layer {} holds no valid RFC 3161 timestamp; sign with \
             cosign",
            layer.index
        );
        findings.add(&codes::TIMESTAMP, message).pointer(&pointer(layer, TIMESTAMP));
    }
}

fn find(layer: &Descriptor, key: &str, why: &str, findings: &mut Findings<'_>) {
    let message =
        format!("the annotation {key} of layer {} holds {why}; sign with cosign", layer.index);
    findings.add(&codes::CERTIFICATE, message).pointer(&pointer(layer, key));
}
