//! The id of an upload session, as it stands in its URL.
//!
//! It is authenticated by a key that the store made for itself, so that a session needs no object
//! before its first bytes: the id is the session. The MAC covers repository and expiry.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use roadstead_oci::{Algorithm, Repository};

use crate::{
    Error, Result,
    backend::Backend,
    layout::{Id, Key, random_bytes},
};

/// Bytes of the MAC in a token. 128 bits are enough against guessing.
const MAC_BYTES: usize = 16;

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
        let mac = self.mac(repository, &claims).finalize().into_bytes();
        format!("{claims}.{}", URL_SAFE_NO_PAD.encode(&mac[..MAC_BYTES]))
    }

    /// Returns the token if this store made it for this repository. Only one spelling is valid: the
    /// base64 engine rejects padding and unused bits, and the claims must equal our own encoding.
    pub(crate) fn verify(&self, repository: &Repository, text: &str) -> Option<Token> {
        let (signed, mac) = text.rsplit_once('.')?;
        let mut parts = signed.splitn(3, '.');
        let (id, algorithm, expires) = (parts.next()?, parts.next()?, parts.next()?);
        let token = Token {
            id: Id::parse(id)?,
            algorithm: Algorithm::parse(algorithm)?,
            expires: expires.parse().ok()?,
        };
        let mac: [u8; MAC_BYTES] = URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?;
        self.mac(repository, signed).verify_truncated_left(&mac).ok()?;
        (claims(&token) == signed).then_some(token)
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
        let (signed, mac) = text.rsplit_once('.').unwrap();
        assert_eq!(mac.len(), 22, "16 bytes");
        let bytes = URL_SAFE_NO_PAD.decode(mac).unwrap();
        let whole = tokens.mac(&repository("a"), signed).finalize().into_bytes();
        for other in [
            String::new(),
            URL_SAFE_NO_PAD.encode(&bytes[..15]),
            URL_SAFE_NO_PAD.encode(&whole[..17]),
            URL_SAFE_NO_PAD.encode(whole),
            format!("{mac}=="),
            format!("{mac} "),
            format!(".{mac}"),
        ] {
            assert_eq!(tokens.verify(&repository("a"), &format!("{signed}.{other}")), None);
        }
        // any other character in any place, including the unused bits of the last one
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.";
        for at in 0..mac.len() {
            for other in alphabet.chars().filter(|other| !mac[at..].starts_with(*other)) {
                let changed = format!("{}{other}{}", &mac[..at], &mac[at + 1..]);
                let verified = tokens.verify(&repository("a"), &format!("{signed}.{changed}"));
                assert_eq!(verified, None, "{changed}");
            }
        }
        // validly signed, but not the way we write numbers
        for odd in [".+99", ".099"].map(|number| signed.replace(".99", number)) {
            let mac = tokens.mac(&repository("a"), &odd).finalize().into_bytes();
            let odd = format!("{odd}.{}", URL_SAFE_NO_PAD.encode(&mac[..MAC_BYTES]));
            assert_eq!(tokens.verify(&repository("a"), &odd), None);
        }
        let others = Tokens { key: [8; 32] };
        assert_eq!(others.verify(&repository("a"), &text), None);
        assert_eq!(tokens.verify(&repository("a"), ""), None);
    }
}
