//! Reading blobs, within bounds, and the encodings that stand in them.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use roadstead_plugin_sdk::{
    Descriptor, Failure, Report,
    content::{self, ReadError},
};

use crate::codes;

/// As Go reads it: bits that are left over are not looked at.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
const PADDED: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    CONFIG.with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);
const OPEN: GeneralPurposeConfig = CONFIG.with_decode_padding_mode(DecodePaddingMode::Indifferent);
const EITHER: GeneralPurpose = GeneralPurpose::new(&STANDARD, OPEN);
const EITHER_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, OPEN);

/// Standard base64, padded, as Go's decoder takes it: line ends don't matter.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    PADDED.decode(without_line_ends(text)).ok()
}

/// Base64 as the JSON of Protocol Buffers takes it: either alphabet, with or without padding.
pub(crate) fn base64_of_proto(text: &str) -> Option<Vec<u8>> {
    let text = without_line_ends(text);
    if text.contains(['-', '_']) { EITHER_URL.decode(text) } else { EITHER.decode(text) }.ok()
}

fn without_line_ends(text: &str) -> String {
    text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect()
}

/// Bytes of a blob that is judged: with what is decoded of it, it is held three times.
pub(crate) const BYTES_MAX: u64 = 8 << 20;
/// cosign's own bound of what it reads.
pub(crate) const BYTES_OF_COSIGN_MAX: u64 = 128 << 20;

/// Warns of a blob that cosign reads and this plugin does not.
pub(crate) fn find_unread(part: &Descriptor, bytes_max: u64, what: &str, report: &mut Report) {
    let message = format!(
        "{what} has {} bytes, but this plugin reads at most {bytes_max}, so it was not verified; \
         sign less at once",
        part.size
    );
    report.find(&codes::UNREAD, message).blob(&part.digest);
}

/// All of a blob; none where something was found instead. `what` is what messages call it.
pub(crate) fn blob(
    part: &Descriptor,
    bytes_max: u64,
    what: &str,
    report: &mut Report,
) -> Result<Option<Vec<u8>>, Failure> {
    match content::read(&part.digest, bytes_max) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::TooLarge(_)) => {
            let message = format!(
                "{what} has {} bytes, more than {bytes_max}; sign with cosign, which writes much \
                 less",
                part.size
            );
            report.find(&codes::TOO_LARGE, message).blob(&part.digest);
            Ok(None)
        }
        Err(ReadError::Absent(_)) => {
            let message = format!("{what} is not stored here; push it before the manifest");
            report.find(&codes::ABSENT, message).blob(&part.digest);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_go_reads_it() {
        assert_eq!(base64("aGk="), Some(b"hi".to_vec()));
        assert_eq!(base64("aG\r\nl="), Some(b"hi".to_vec()), "leftover bits and line ends");
        for bad in ["aGk", "aGk==", "a-_=", "a b=", "=", "aGk=x"] {
            assert_eq!(base64(bad), None, "{bad}");
        }
        assert_eq!(base64_of_proto("aGk"), Some(b"hi".to_vec()));
        assert_eq!(base64_of_proto("-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(base64_of_proto("+/8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64_of_proto("-/8"), None, "one alphabet at a time");
    }
}
