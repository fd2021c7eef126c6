//! Whether a key made a signature.

use std::{cell::OnceCell, rc::Rc};

use ed25519_dalek::Verifier as _;
use p256::ecdsa::{Error, signature::hazmat::PrehashVerifier};
use rsa::{pkcs8::AssociatedOid, traits::PublicKeyParts};
use sha2::{Digest, Sha256, Sha384, Sha512, digest::FixedOutputReset};

use super::PublicKey;

/// The hash functions that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What was signed, with its hashes, which several keys may ask for.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// none where nothing but a hash is known
    bytes: Option<Rc<[u8]>>,
    hashes: [OnceCell<Vec<u8>>; 3],
}

impl Hash {
    /// As digests begin.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

impl Message {
    pub(crate) fn whole(bytes: impl Into<Rc<[u8]>>) -> Self {
        Self { bytes: Some(bytes.into()), hashes: Default::default() }
    }

    pub(crate) fn hashed(hash: Hash, digest: Vec<u8>) -> Self {
        let hashes: [OnceCell<Vec<u8>>; 3] = Default::default();
        hashes[hash as usize].get_or_init(|| digest);
        Self { bytes: None, hashes }
    }

    fn hash(&self, hash: Hash) -> Option<&[u8]> {
        let known = &self.hashes[hash as usize];
        if let Some(bytes) = &self.bytes {
            known.get_or_init(|| hash.of(bytes));
        }
        known.get().map(Vec::as_slice)
    }
}

/// Bytes that are hashed twice in the time of one signature by P-256.
const BYTES_PER_UNIT: usize = 64 << 10;

impl PublicKey {
    /// The algorithm by which this key made `signature` over `message`, if it did. A signature
    /// does not say its padding or hash, so those that cosign and key services use are tried. The
    /// two numbers of ECDSA stand in DER, or side by side as IEEE P1363 has them, which sigstore's
    /// verifier takes where it can't read DER.
    pub(crate) fn verifies(&self, message: &Message, signature: &[u8]) -> Option<&'static str> {
        match self {
            Self::P256(key) => {
                let signature = p256::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p256::ecdsa::Signature::from_slice(signature))
                    .ok()?;
                let hashes = [(Hash::Sha256, "ecdsa-p256-sha256")];
                ecdsa(message, &hashes, |digest| key.verify_prehash(digest, &signature))
            }
            Self::P384(key) => {
                let signature = p384::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p384::ecdsa::Signature::from_slice(signature))
                    .ok()?;
                let hashes =
                    [(Hash::Sha384, "ecdsa-p384-sha384"), (Hash::Sha256, "ecdsa-p384-sha256")];
                ecdsa(message, &hashes, |digest| key.verify_prehash(digest, &signature))
            }
            Self::P521(key) => {
                let signature = p521::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p521::ecdsa::Signature::from_slice(signature))
                    .ok()?;
                let hashes =
                    [(Hash::Sha512, "ecdsa-p521-sha512"), (Hash::Sha256, "ecdsa-p521-sha256")];
                ecdsa(message, &hashes, |digest| key.verify_prehash(digest, &signature))
            }
            Self::Rsa(key) => rsa(key, message, signature),
            Self::Ed25519(key) => ed25519(key, message, signature),
        }
    }

    /// Roughly how long [`verifies`](Self::verifies) takes when it finds nothing, in units of one
    /// signature by P-256.
    pub(crate) fn cost(&self, message: &Message) -> u32 {
        match self {
            Self::P256(_) => 1,
            // which hashes all of the message, twice, for each signature
            Self::Ed25519(_) => {
                let bytes = message.bytes.as_ref().map_or(0, |bytes| bytes.len());
                2 + u32::try_from(bytes / BYTES_PER_UNIT).unwrap_or(u32::MAX - 2)
            }
            Self::P384(_) | Self::P521(_) => 6,
            // with the square of its length
            Self::Rsa(key) => {
                let units = u32::try_from(key.size() / 256).unwrap_or(4).max(1);
                4 * units * units
            }
        }
    }
}

fn ecdsa(
    message: &Message,
    hashes: &[(Hash, &'static str)],
    verify: impl Fn(&[u8]) -> Result<(), Error>,
) -> Option<&'static str> {
    let made = |(hash, _): &&(Hash, &str)| {
        message.hash(*hash).is_some_and(|digest| verify(digest).is_ok())
    };
    hashes.iter().find(made).map(|(_, algorithm)| *algorithm)
}

/// Hash, name, and whether the key made this signature over a digest of that hash.
type RsaScheme = (Hash, &'static str, fn(&rsa::PublicKey, &[u8], &[u8]) -> bool);

const RSA: [RsaScheme; 6] = [
    (Hash::Sha256, "rsa-pkcs1v15-sha256", pkcs1v15::<Sha256>),
    (Hash::Sha256, "rsa-pss-sha256", pss::<Sha256>),
    (Hash::Sha512, "rsa-pkcs1v15-sha512", pkcs1v15::<Sha512>),
    (Hash::Sha512, "rsa-pss-sha512", pss::<Sha512>),
    (Hash::Sha384, "rsa-pkcs1v15-sha384", pkcs1v15::<Sha384>),
    (Hash::Sha384, "rsa-pss-sha384", pss::<Sha384>),
];

fn rsa(key: &rsa::PublicKey, message: &Message, signature: &[u8]) -> Option<&'static str> {
    // spares the arithmetic
    if signature.len() != key.size() {
        return None;
    }
    let made = |(hash, _, made): &&RsaScheme| {
        message.hash(*hash).is_some_and(|digest| made(key, digest, signature))
    };
    RSA.iter().find(made).map(|(_, algorithm, _)| *algorithm)
}

fn pkcs1v15<D: Digest + AssociatedOid>(
    key: &rsa::PublicKey,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let key = rsa::pkcs1v15::VerifyingKey::<D>::new(key.clone());
    rsa::pkcs1v15::Signature::try_from(signature)
        .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}

/// The length of the salt is found in the signature: Go makes it as long as it can.
fn pss<D: Digest + FixedOutputReset>(
    key: &rsa::PublicKey,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let key = rsa::pss::VerifyingKey::<D>::new_with_auto_salt_len(key.clone());
    rsa::pss::Signature::try_from(signature)
        .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}

/// cosign signs by Ed25519ph, and by plain Ed25519 in envelopes with certificates and once.
fn ed25519(
    key: &ed25519_dalek::VerifyingKey,
    message: &Message,
    signature: &[u8],
) -> Option<&'static str> {
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    let bytes = message.bytes.as_ref()?;
    if key.verify(bytes, &signature).is_ok() {
        return Some("ed25519");
    }
    let hashed = Sha512::new().chain_update(bytes);
    key.verify_prehashed(hashed, None, &signature).is_ok().then_some("ed25519ph")
}
