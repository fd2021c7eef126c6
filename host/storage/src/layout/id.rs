//! Unique ids, which make every key one that is written once.

use std::{fmt, sync::Arc};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 random bits as 26 characters of Crockford's base32 in lower case. Random from its first
/// character on: keys that share a prefix of time would make one hot partition of a bucket.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Arc<str>);

impl Id {
    /// Length in characters.
    pub const LEN: usize = 26;

    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random_text::<{ Self::LEN }>().into())
    }

    /// Reads one back from a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == Self::LEN && text.bytes().all(|byte| ALPHABET.contains(&byte));
        valid.then(|| Self(text.into()))
    }

    /// Returns the last 128 of the id's 130 bits. A set of numbers takes less memory than a set of
    /// ids.
    pub(crate) fn bits(&self) -> u128 {
        self.0.bytes().fold(0, |bits, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte).unwrap_or_default();
            (bits << 5) | digit as u128
        })
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `N` random characters of the alphabet, five bits each.
pub(crate) fn random_text<const N: usize>() -> String {
    encode(&random_bytes::<N>())
}

pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// One character a byte, of its lowest five bits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// The number that text of the alphabet writes, in any case of letters.
pub(crate) fn decode(text: &str) -> Option<u64> {
    let digit = |byte: u8| ALPHABET.iter().position(|known| *known == byte.to_ascii_lowercase());
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = u64::try_from(digit(byte)?).ok()?;
        number.checked_mul(32)?.checked_add(digit)
    })
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
