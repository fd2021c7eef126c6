//! From PEM and DER to a key.

use ed25519_dalek::PUBLIC_KEY_LENGTH;
use pem::Pem;
use rsa::traits::PublicKeyParts;
use x509_cert::{
    der::{Decode, asn1::ObjectIdentifier},
    spki::SubjectPublicKeyInfoRef,
};

use super::PublicKey;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A modulus that can still be factored is no proof of anything.
const RSA_BITS_MIN: u32 = 2048;

impl PublicKey {
    /// Reads the text of a file as `cosign generate-key-pair` or `openssl pkey -pubout` write it.
    /// The error says what is wrong and what to do, and never repeats the text, which may be a
    /// secret.
    pub(crate) fn from_pem(text: &str) -> Result<Self, String> {
        if text.contains("PRIVATE KEY-----") {
            return Err("is a private key, which must never be in a policy: use the public key, \
                        such as cosign.pub, and replace this key pair if others could read the \
                        policy"
                .to_owned());
        }
        let Ok(blocks) = pem::parse_many(text) else { return Err(no_pem()) };
        let [block] = &blocks[..] else {
            return Err(match blocks.len() {
                0 => no_pem(),
                many => format!("holds {many} PEM blocks; write one key in each entry"),
            });
        };
        Self::from_block(block)
    }

    fn from_block(block: &Pem) -> Result<Self, String> {
        match block.tag() {
            "PUBLIC KEY" => Self::from_der(block.contents()),
            "CERTIFICATE" => Err("is a certificate; extract its key with `openssl x509 -pubkey \
                                  -noout -in FILE`"
                .to_owned()),
            "RSA PUBLIC KEY" => Err("is an RSA key in PKCS#1 form; convert it with `openssl rsa \
                                     -RSAPublicKey_in -pubout -in FILE`"
                .to_owned()),
            _ => {
                Err("is the wrong kind of PEM; a public key begins with -----BEGIN PUBLIC KEY-----"
                    .to_owned())
            }
        }
    }

    /// Reads a PKIX `SubjectPublicKeyInfo`.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, String> {
        let Ok(info) = SubjectPublicKeyInfoRef::from_der(der) else {
            return Err("is damaged: its content is not a public key in PKIX form".to_owned());
        };
        let Some(bytes) = info.subject_public_key.as_bytes() else {
            return Err("is damaged: its bits don't fill bytes".to_owned());
        };
        match info.algorithm.oid {
            EC => {
                let curve = info.algorithm.parameters_oid().map_err(|_| unknown_curve())?;
                Self::on_curve(curve, bytes)
            }
            RSA => {
                let key = rsa::PublicKey::try_from(info).map_err(|_| {
                    "is not a usable RSA key: it must have 2048 to 8192 bits and an ordinary \
                     exponent"
                        .to_owned()
                })?;
                let bits = key.n().bit_width_vartime();
                if bits < RSA_BITS_MIN {
                    return Err(format!("is an RSA key of {bits} bits; use one of 2048 or more"));
                }
                Ok(Self::Rsa(Box::new(key)))
            }
            ED25519 => {
                let key = <&[u8; PUBLIC_KEY_LENGTH]>::try_from(bytes)
                    .ok()
                    .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok())
                    .filter(|key| !key.is_weak());
                let key = key.ok_or("is not a point of the Ed25519 curve")?;
                Ok(Self::Ed25519(Box::new(key)))
            }
            _ => {
                Err("has an unsupported algorithm; use ECDSA (P-256, P-384, P-521), RSA or Ed25519"
                    .to_owned())
            }
        }
    }

    fn on_curve(curve: ObjectIdentifier, bytes: &[u8]) -> Result<Self, String> {
        let off = |_| "is damaged: it is not a point of its curve".to_owned();
        match curve {
            P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self::P256).map_err(off),
            P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self::P384).map_err(off),
            P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                .map(|key| Self::P521(Box::new(key)))
                .map_err(off),
            _ => Err(unknown_curve()),
        }
    }
}

fn no_pem() -> String {
    "is not PEM: write keyFile: with the path of a file such as cosign.pub, or the text of that \
     file, with its line -----BEGIN PUBLIC KEY-----"
        .to_owned()
}

fn unknown_curve() -> String {
    "has an unsupported curve; use P-256, P-384 or P-521".to_owned()
}
