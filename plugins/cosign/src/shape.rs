//! Whether bytes have the shape of what they claim to be.

use x509_cert::der::{AnyRef, Decode, Tag, Tagged};

/// Lengths of signatures by RSA keys of 1024 to 16384 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 128..=2048;
/// Lengths of signatures by ML-DSA-44, -65 and -87.
const ML_DSA_BYTES: [usize; 3] = [2420, 3309, 4627];

/// Whether it could be a signature: ECDSA's two numbers in DER, Ed25519's 64 bytes, or as long as
/// an RSA key or one of ML-DSA.
pub(crate) fn is_signature(bytes: &[u8]) -> bool {
    is_der_sequence(bytes)
        || bytes.len() == 64
        || RSA_BYTES.contains(&bytes.len())
        || ML_DSA_BYTES.contains(&bytes.len())
}

/// Whether it is one sequence in DER, and nothing behind it.
pub(crate) fn is_der_sequence(bytes: &[u8]) -> bool {
    AnyRef::from_der(bytes).is_ok_and(|any| any.tag() == Tag::Sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_one_of_few_shapes() {
        assert!(is_signature(&[0x30, 6, 2, 1, 5, 2, 1, 7]), "ECDSA");
        assert!(is_signature(&[0; 64]) && is_signature(&[0; 256]) && is_signature(&[0; 3309]));
        for bad in [&b""[..], b"hello", &[0x30, 6, 2, 1, 5, 2, 1, 7, 0], &[0x30, 9, 2], &[0; 65]] {
            assert!(!is_signature(bad), "{bad:?}");
        }
    }
}
