//! The keys that a policy trusts.

use pgp::composed::{Deserializable, SignedPublicKey};

/// Public keys of `OpenPGP`.
#[derive(Debug)]
pub(crate) struct Keyring(Vec<SignedPublicKey>);

const START: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const PRIVATE: &str = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
const KEYS_MAX: usize = 1_000;

impl Keyring {
    /// Reads armoured keys, in one block or in several. The error says what is wrong, and what to
    /// do.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains(PRIVATE) {
            let why = "the keyring holds a private key, which must never be in a policy; export \
                       the public key with gpg --export --armor";
            return Err(why.to_owned());
        }
        if !text.contains(START) {
            let why = "the keyring is not an armoured OpenPGP public key (which begins with \
                       -----BEGIN PGP PUBLIC KEY BLOCK-----); export it with gpg --export --armor";
            return Err(why.to_owned());
        }
        let mut keys = Vec::new();
        // text before a block is a comment, as gpg has it
        for (i, block) in text.split(START).skip(1).enumerate() {
            let armoured = [START, block].concat();
            let wrong = |error: pgp::errors::Error| {
                format!("block {} of the keyring can't be read ({error}); export it again", i + 1)
            };
            let (found, _) =
                SignedPublicKey::from_armor_many(armoured.as_bytes()).map_err(wrong)?;
            for key in found {
                keys.push(key.map_err(wrong)?);
            }
        }
        if keys.is_empty() {
            return Err("the keyring has no key; export one with gpg --export --armor".into());
        }
        if keys.len() > KEYS_MAX {
            return Err(format!(
                "the keyring has more than {KEYS_MAX} keys; keep only those that sign charts"
            ));
        }
        Ok(Self(keys))
    }

    /// The keys.
    pub(super) fn keys(&self) -> &[SignedPublicKey] {
        &self.0
    }
}
