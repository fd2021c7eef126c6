//! The id of an upload session, as it stands in its URL.
//!
//! It is authenticated by a key that the store made for itself, so that a session needs no object
//! before its first bytes: the id is the session. The MAC covers repository and expiry.

use std::fmt;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use roadstead_oci::{Algorithm, Repository};

use crate::{
    Error, Result,
    backend::Backend,
    layout::{Id, Key, encode, random_bytes},
};

/// Signs and checks the ids of upload sessions.
#[derive(Clone)]
pub(crate) struct Tokens {
    key: [u8; 32],
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: Id,
    /// what the digest is expected to be of
    pub(crate) algorithm: Algorithm,
    /// seconds since the epoch
    pub(crate) expires: i64,
}

impl Tokens {
    /// With the key of the store, which is made by whoever needs it first.
    pub(crate) async fn open(backend: &Backend) -> Result<Self> {
        let key = Key::Secret("uploads").path();
        let fresh = Bytes::copy_from_slice(&random_bytes::<32>());
        let stored = backend.made_once(&key, fresh).await?;
        let wrong = |_| Error::corrupt(&key, "it is not 32 bytes long");
        Ok(Self { key: stored.as_ref().try_into().map_err(wrong)? })
    }

    pub(crate) fn sign(&self, repository: &Repository, token: &Token) -> String {
        let claims = claims(token);
        let mac = encode(&self.mac(repository, &claims).finalize().into_bytes()[..26]);
        format!("{claims}.{mac}")
    }

    /// The token, if it was made here for this repository.
    pub(crate) fn verify(&self, repository: &Repository, text: &str) -> Option<Token> {
        let (signed, _) = text.rsplit_once('.')?;
        let mut parts = signed.splitn(3, '.');
        let (id, algorithm, expires) = (parts.next()?, parts.next()?, parts.next()?);
        let token = Token {
            id: Id::parse(id)?,
            algorithm: Algorithm::parse(algorithm)?,
            expires: expires.parse().ok()?,
        };
        let expected = self.sign(repository, &token);
        let differing = expected.bytes().zip(text.bytes()).fold(0, |acc, (a, b)| acc | (a ^ b));
        (expected.len() == text.len() && differing == 0).then_some(token)
    }

    fn mac(&self, repository: &Repository, claims: &str) -> Hmac<Sha256> {
        // HMAC takes keys of every length
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        mac.update(repository.as_str().as_bytes());
        mac.update(b"\n");
        mac.update(claims.as_bytes());
        mac
    }
}

/// The key stays out of logs.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

fn claims(token: &Token) -> String {
    format!("{}.{}.{}", token.id, token.algorithm.as_str(), token.expires)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_repository_and_as_it_was_signed() {
        let tokens = Tokens { key: [7; 32] };
        let repository = |name| Repository::parse(name).unwrap();
        let token = Token { id: Id::random(), algorithm: Algorithm::Sha512, expires: 99 };
        let text = tokens.sign(&repository("a"), &token);
        assert_eq!(tokens.verify(&repository("a"), &text), Some(token));
        assert_eq!(tokens.verify(&repository("b"), &text), None);
        assert_eq!(tokens.verify(&repository("a"), &text.replace(".99.", ".999.")), None);
        assert_eq!(tokens.verify(&repository("a"), &text[..text.len() - 1]), None);
        let others = Tokens { key: [8; 32] };
        assert_eq!(others.verify(&repository("a"), &text), None);
        assert_eq!(tokens.verify(&repository("a"), ""), None);
    }
}
