//! Digests as image-spec `descriptor.md` defines them, for the algorithms that can be verified.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256, Sha512};

/// A digest algorithm that this implementation can compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// The canonical one.
    #[default]
    Sha256,
    /// Optional by the specification, supported everywhere here.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The algorithm called `name` in a digest.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its name in a digest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Length of the encoded part, in hexadecimal characters.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A verified-by-form digest, `algorithm:hex` in lower case. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Arc<str>);

impl Digest {
    /// Reads a digest of a known algorithm (distribution-spec, "Digests").
    pub fn parse(text: &str) -> Result<Self, InvalidDigest> {
        let invalid = |why| InvalidDigest { text: text.chars().take(160).collect(), why };
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| invalid(Why::NoColon))?;
        let algorithm = Algorithm::parse(algorithm).ok_or_else(|| invalid(Why::Algorithm))?;
        if hex.len() != algorithm.hex_len() {
            return Err(invalid(Why::Length(algorithm)));
        }
        if !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(invalid(Why::Hex));
        }
        Ok(Self(text.into()))
    }

    /// The digest of `content`.
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// The digest whose raw value is `bytes`, which must be as long as the algorithm's output.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(8 + bytes.len() * 2);
        text.push_str(algorithm.as_str());
        text.push(':');
        for byte in bytes {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Self(text.into())
    }

    /// `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left of the colon.
    pub fn algorithm(&self) -> Algorithm {
        if self.0.starts_with("sha256:") { Algorithm::Sha256 } else { Algorithm::Sha512 }
    }

    /// What is right of the colon.
    pub fn hex(&self) -> &str {
        // both algorithms have names of six characters
        &self.0[7..]
    }

    /// Whether `content` has this digest.
    pub fn verifies(&self, content: &[u8]) -> bool {
        Self::of(self.algorithm(), content) == *self
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// Computes a digest piece by piece.
#[derive(Clone)]
pub enum Hasher {
    /// sha256 so far.
    Sha256(Sha256),
    /// sha512 so far.
    Sha512(Sha512),
}

impl Hasher {
    /// Nothing hashed yet.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// What it computes.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of everything so far.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest::from_bytes(Algorithm::Sha256, &hasher.finalize()),
            Self::Sha512(hasher) => Digest::from_bytes(Algorithm::Sha512, &hasher.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({})", self.algorithm().as_str())
    }
}

/// Why a string is no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDigest {
    text: String,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    NoColon,
    Algorithm,
    Length(Algorithm),
    Hex,
}

impl fmt::Display for InvalidDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match self.why {
            Why::NoColon => write!(f, "digest {text:?} has no colon; write algorithm:hex"),
            Why::Algorithm => {
                write!(f, "digest {text:?} has an unsupported algorithm; use sha256 or sha512")
            }
            Why::Length(algorithm) => write!(
                f,
                "digest {text:?} must have {} hexadecimal characters after the colon",
                algorithm.hex_len()
            ),
            Why::Hex => write!(f, "digest {text:?} must be hexadecimal in lower case"),
        }
    }
}

impl std::error::Error for InvalidDigest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_only_known_algorithms_with_their_length_in_lower_case() {
        let good = format!("sha256:{}", "a".repeat(64));
        assert_eq!(Digest::parse(&good).unwrap().to_string(), good);
        assert!(Digest::parse(&format!("sha512:{}", "0".repeat(128))).is_ok());
        for bad in ["", "sha256", "sha256:", "sha256:baddigeststring", "md5:00", "sha256:../.."] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
        assert!(Digest::parse(&good.to_uppercase()).is_err());
        assert!(Digest::parse(&format!("sha256:{}", "A".repeat(64))).is_err());
        assert!(Digest::parse(&format!("sha256:{}", "a".repeat(63))).is_err());
    }

    #[test]
    fn it_is_computed_as_everybody_computes_it() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(Algorithm::Sha256, b"").as_str(), empty);
        let digest = Digest::of(Algorithm::Sha512, b"{}");
        assert_eq!(digest.algorithm(), Algorithm::Sha512);
        assert_eq!(digest.hex().len(), 128);
        assert!(digest.verifies(b"{}") && !digest.verifies(b"{} "));
    }
}
