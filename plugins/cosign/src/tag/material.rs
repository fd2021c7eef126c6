//! What stands in a layer's annotations besides: the signature, its certificates, its time.

use roadstead_plugin_sdk::{Descriptor, Quoted, Report, oci::json};

use crate::{
    certificate::{self, Certificate},
    codes, read, shape,
};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Where an annotation of a layer stands.
pub(crate) fn pointer(layer: &Descriptor, key: &str) -> String {
    format!("/layers/{}/annotations/{}", layer.index, key.replace('/', "~1"))
}

/// An annotation; an empty one is none to cosign.
pub(crate) fn annotation<'a>(layer: &'a Descriptor, key: &str) -> Option<&'a str> {
    layer.annotation(key).filter(|text| !text.is_empty())
}

/// The signature, if it has the shape of one.
pub(crate) fn signature(layer: &Descriptor, report: &mut Report) -> Option<Vec<u8>> {
    let why = match layer.annotation(SIGNATURE) {
        None | Some("") => "has none".to_owned(),
        Some(text) => match read::base64(text) {
            None => format!("has {}, which is no base64", Quoted(text)),
            Some(bytes) if !shape::is_signature(&bytes) => {
                format!("has {} bytes, which no algorithm of cosign makes", bytes.len())
            }
            Some(bytes) => return Some(bytes),
        },
    };
    let message = format!(
        "layer {} needs a signature in its annotation {SIGNATURE}, and {why}; sign with cosign",
        layer.index
    );
    report.find(&codes::SIGNATURE, message).pointer(&pointer(layer, SIGNATURE));
    None
}

/// The certificate, if there is one that can be read.
pub(crate) fn certificate(layer: &Descriptor, report: &mut Report) -> Option<Certificate> {
    let chain = annotation(layer, CHAIN).and_then(|text| {
        let chain = certificate::from_pem(text);
        if chain.is_none() {
            find(layer, CHAIN, "no list of certificates in PEM", report);
        }
        chain
    });
    let text = annotation(layer, CERTIFICATE)?;
    // of several cosign takes the first
    let certificates = certificate::from_pem(text).unwrap_or_default();
    let Some(certificate) = certificates.into_iter().next() else {
        find(layer, CERTIFICATE, "no certificate in PEM", report);
        return None;
    };
    if let Some(chain) = chain
        && !certificate::is_chain(std::iter::once(&certificate).chain(&chain))
    {
        let message = format!(
            "the certificates of layer {} don't follow from one another; give cosign the chain \
             that belongs to the certificate",
            layer.index
        );
        report.find(&codes::CHAIN, message).pointer(&pointer(layer, CHAIN));
    }
    Some(certificate)
}

/// A timestamp is JSON around a DER structure.
pub(crate) fn find_timestamp(layer: &Descriptor, report: &mut Report) {
    let Some(text) = annotation(layer, TIMESTAMP) else { return };
    let value = json::parse_bounded(text.as_bytes(), 100).unwrap_or_default();
    let signed = value["SignedRFC3161Timestamp"].as_str().and_then(read::base64);
    if !signed.is_some_and(|bytes| shape::is_der_sequence(&bytes)) {
        let message = format!(
            "the annotation {TIMESTAMP} of layer {} holds no RFC 3161 timestamp; sign with cosign",
            layer.index
        );
        report.find(&codes::TIMESTAMP, message).pointer(&pointer(layer, TIMESTAMP));
    }
}

fn find(layer: &Descriptor, key: &str, why: &str, report: &mut Report) {
    let message =
        format!("the annotation {key} of layer {} holds {why}; sign with cosign", layer.index);
    report.find(&codes::CERTIFICATE, message).pointer(&pointer(layer, key));
}
