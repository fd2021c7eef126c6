//! Public keys.

mod parse;
mod verify;

pub(crate) use verify::{Hash, Message};

/// A key that signatures are verified with.
#[derive(Clone, Debug)]
pub(crate) enum PublicKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(Box<p521::ecdsa::VerifyingKey>),
    Rsa(Box<rsa::PublicKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

/// A key that the operator trusts, by the name that the policy gives it.
#[derive(Clone, Debug)]
pub(crate) struct NamedKey {
    pub(crate) name: String,
    pub(crate) key: PublicKey,
}
