//! Whether bytes have the shape of what they claim to be.

use x509_cert::der::{AnyRef, Decode, Tag, Tagged};

/// Lengths of signatures by RSA keys of 1024 bits, and of 1152 to 16384: what is between them is
/// about as long as one of P-521.
const RSA_SHORT_BYTES: usize = 128;
const RSA_BYTES: std::ops::RangeInclusive<usize> = 144..=2048;
/// Lengths of signatures by ML-DSA-44, -65 and -87.
const ML_DSA_BYTES: [usize; 3] = [2420, 3309, 4627];
/// Ed25519, and the two numbers of P-256 side by side (IEEE P1363), which may be anything.
const SHORT_BYTES: usize = 64;
/// The two numbers of P-384 side by side, and of P-521.
const P384_BYTES: usize = 96;
const P521_BYTES: usize = 132;

/// Whether it could be a signature: ECDSA's two numbers in DER or side by side, Ed25519's 64
/// bytes, or as long as an RSA key or one of ML-DSA.
pub(crate) fn is_signature(bytes: &[u8]) -> bool {
    match bytes.len() {
        SHORT_BYTES | RSA_SHORT_BYTES => true,
        P384_BYTES => p384::ecdsa::Signature::from_slice(bytes).is_ok() || is_der_sequence(bytes),
        P521_BYTES => p521::ecdsa::Signature::from_slice(bytes).is_ok() || is_der_sequence(bytes),
        len => RSA_BYTES.contains(&len) || ML_DSA_BYTES.contains(&len) || is_der_sequence(bytes),
    }
}

/// How long it is, for a message.
pub(crate) fn length(bytes: &[u8]) -> String {
    let count = bytes.len();
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
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

    #[test]
    fn two_numbers_side_by_side_are_neither_zero_nor_too_large() {
        for len in [96, 132] {
            let mut bytes = vec![0; len];
            assert!(!is_signature(&bytes), "{len}: two zeros");
            bytes[len / 2 - 1] = 1;
            assert!(!is_signature(&bytes), "{len}: the second is zero");
            bytes[len - 1] = 1;
            assert!(is_signature(&bytes), "{len}");
            assert!(!is_signature(&bytes[1..]) && !is_signature(&bytes[2..]), "{len}: short");
            bytes[..len / 2].fill(0xff);
            assert!(!is_signature(&bytes), "{len}: the first is too large");
        }
    }
}
