//! X.509 certificates: whether they are any, whether one follows from the other, and their keys.
//! Nobody is trusted because of one: there is no root here.

use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{Decode, Encode},
};

use crate::key::PublicKey;

/// A certificate that could be read.
#[derive(Clone, Debug)]
pub(crate) struct Certificate(CertificateInner<Raw>);

/// Most certificates of a chain.
const CHAIN_MAX: usize = 32;

impl Certificate {
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        CertificateInner::<Raw>::from_der(der).ok().map(Self)
    }

    /// Whether its name is that of what issued it, as a root's is.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.0.tbs_certificate().issuer() == self.0.tbs_certificate().subject()
    }

    /// Its key, if it is of an algorithm that is known here.
    pub(crate) fn key(&self) -> Option<PublicKey> {
        let der = self.0.tbs_certificate().subject_public_key_info().to_der().ok()?;
        PublicKey::from_der(&der).ok()
    }

    fn is_issued_by(&self, issuer: &Self) -> bool {
        self.0.tbs_certificate().issuer() == issuer.0.tbs_certificate().subject()
    }
}

/// Reads PEM that holds certificates and nothing else, at least one.
pub(crate) fn from_pem(text: &str) -> Option<Vec<Certificate>> {
    let blocks = pem::parse_many(text).ok()?;
    if blocks.is_empty() || blocks.len() > CHAIN_MAX {
        return None;
    }
    let read = |block: &pem::Pem| {
        Certificate::from_der(block.contents()).filter(|_| block.tag() == "CERTIFICATE")
    };
    blocks.iter().map(read).collect()
}

/// Whether each certificate was issued by the next, as far as their names tell.
pub(crate) fn is_chain<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> bool {
    let certificates: Vec<_> = certificates.collect();
    certificates.windows(2).all(|pair| pair[0].is_issued_by(pair[1]))
}
