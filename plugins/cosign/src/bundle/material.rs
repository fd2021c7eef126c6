//! What a verifier needs besides the signature: a key's hint or certificates, and proof of the
//! time.

use roadstead_plugin_sdk::Code;

use super::{
    log,
    proto::{Fields, Placed, Wrong},
    version::Version,
};
use crate::{
    certificate::{self, Certificate},
    codes, shape,
};

const MATERIAL: [&str; 5] = [
    "publicKey",
    "x509CertificateChain",
    "certificate",
    "tlogEntries",
    "timestampVerificationData",
];
/// What sigstore's libraries take.
const TIMESTAMPS_MAX: usize = 32;
const CHAIN_MAX: usize = 32;

/// A warning: its code, and what goes on after "the bundle".
pub(crate) type Odd = (&'static Code, String);

/// What was found there.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) certificate: Option<Certificate>,
    /// what is not as it should be, though clients take it
    pub(crate) odd: Vec<Odd>,
}

/// Reads it as strictly as the version wants it.
pub(crate) fn read(bundle: &Fields<'_>, version: Version) -> Result<Material, Wrong> {
    let Some(material) = bundle.message("verificationMaterial", &MATERIAL)? else {
        let why = "has no verificationMaterial";
        return Err(Wrong::new(&codes::MATERIAL, "/verificationMaterial", why));
    };
    let key = material.message("publicKey", &["hint"])?;
    if let Some(key) = &key {
        key.text("hint")?;
    }
    let single = material.get("certificate");
    let chain = material.message("x509CertificateChain", &["certificates"])?;
    let mut read = match (key, single, chain) {
        (Some(_), None, None) => Material { certificate: None, odd: Vec::new() },
        (None, Some(placed), None) => {
            Material { certificate: Some(read_certificate(placed)?), odd: Vec::new() }
        }
        (None, None, Some(chain)) => read_chain(&chain, version)?,
        _ => {
            let why = "must have exactly one of publicKey, certificate and x509CertificateChain";
            return Err(Wrong::new(&codes::MATERIAL, &material.at, why));
        }
    };
    log::check(&material.list("tlogEntries")?, version)?;
    read.odd.extend(odd_timestamps(&material)?);
    Ok(read)
}

fn read_certificate(placed: Placed<'_>) -> Result<Certificate, Wrong> {
    let fields = Fields::of(placed, &["rawBytes"])?;
    let certificate = Certificate::from_der(&fields.bytes("rawBytes")?);
    certificate.ok_or_else(|| {
        let why = "has a certificate that is not valid DER";
        Wrong::new(&codes::CERTIFICATE, &fields.at, why)
    })
}

fn read_chain(chain: &Fields<'_>, version: Version) -> Result<Material, Wrong> {
    let listed = chain.list("certificates")?;
    if listed.is_empty() || listed.len() > CHAIN_MAX {
        let why = format!(
            "has a chain of {} certificates instead of 1 to \
                           {CHAIN_MAX}",
            listed.len()
        );
        return Err(Wrong::new(&codes::CERTIFICATE, &chain.at, why));
    }
    let certificates = listed.into_iter().map(read_certificate).collect::<Result<Vec<_>, _>>()?;
    let odd = if version == Version::V03 {
        Some("has a chain of certificates, which clients read only with an extra option")
    } else if certificates.iter().skip(1).any(Certificate::is_self_issued) {
        Some(
            "has a root certificate in its chain, which clients must not trust because it is \
              there",
        )
    } else if !certificate::is_chain(certificates.iter()) {
        Some("has certificates that don't form a chain")
    } else {
        None
    };
    let odd = odd.map(|why| (&codes::ODD_CHAIN, why.to_owned()));
    Ok(Material { certificate: certificates.into_iter().next(), odd: odd.into_iter().collect() })
}

/// cosign looks at timestamps where it is told to.
fn odd_timestamps(material: &Fields<'_>) -> Result<Option<Odd>, Wrong> {
    let data = material.message("timestampVerificationData", &["rfc3161Timestamps"])?;
    let Some(data) = data else { return Ok(None) };
    let timestamps = data.list("rfc3161Timestamps")?;
    let odd = |why: String| Ok(Some((&codes::TIMESTAMP, why)));
    if timestamps.len() > TIMESTAMPS_MAX {
        return odd(format!("has more than {TIMESTAMPS_MAX} timestamps"));
    }
    for placed in timestamps {
        let timestamp = Fields::of(placed, &["signedTimestamp"])?;
        if !shape::is_der_sequence(&timestamp.bytes("signedTimestamp")?) {
            return odd("has a timestamp that is not a valid RFC 3161 response".to_owned());
        }
    }
    Ok(None)
}
