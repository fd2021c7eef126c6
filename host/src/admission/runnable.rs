//! Whether a container runtime would run what its types leave open ([`Runs`]), by its content.
//!
//! A runtime unpacks every layer, and gives up at the first that is no archive: a statement in
//! JSON, say. So a look at how they begin is enough.

use roadstead_engine::{Content, ContentError};
use roadstead_oci::{Content as Named, Descriptor, json};
use serde_json::Value;

use super::Candidate;
use crate::kind::{Runs, runs};

/// A block of a tar archive, in bytes.
const BLOCK_BYTES: u64 = 512;
/// Bytes of a config that are read, and JSON values in it. What is larger could be an image's.
const CONFIG_BYTES_MAX: u64 = 4 << 20;
const CONFIG_VALUES_MAX: usize = 100_000;

/// How archives begin that runtimes unpack: gzip, bzip2, xz, zstd.
const COMPRESSED: [&[u8]; 4] =
    [&[0x1f, 0x8b], b"BZh", &[0xfd, b'7', b'z', b'X', b'Z', 0], &[0x28, 0xb5, 0x2f, 0xfd]];
/// How a frame of zstd begins that is skipped, behind its first byte.
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Whether a runtime would run the candidate, by its content where its types leave it open. What
/// is not here could be anything later.
pub(super) async fn is_run(
    candidate: &Candidate,
    content: &dyn Content,
) -> Result<bool, ContentError> {
    let Named::Image { config, layers } = &candidate.manifest.content else { return Ok(false) };
    let by_config = match runs(&candidate.manifest) {
        Runs::Yes => return Ok(true),
        Runs::No => return Ok(false),
        Runs::IfUnpacked => false,
        Runs::IfListed => true,
    };
    if by_config && !lists_layers(config, content).await? {
        return Ok(false);
    }
    for layer in layers {
        let begins = begins(layer, BLOCK_BYTES, content).await?;
        if begins.is_some_and(|begins| !is_archive(&begins)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first bytes. None: it is not here.
async fn begins(
    part: &Descriptor,
    bytes_max: u64,
    content: &dyn Content,
) -> Result<Option<bytes::Bytes>, ContentError> {
    match content.size(&part.digest).await? {
        Some(size) => Ok(Some(content.read(&part.digest, 0..size.min(bytes_max)).await?)),
        None => Ok(None),
    }
}

/// Whether docker would find the layers of an image in a config.
async fn lists_layers(config: &Descriptor, content: &dyn Content) -> Result<bool, ContentError> {
    if config.size > CONFIG_BYTES_MAX {
        return Ok(true);
    }
    let Some(bytes) = begins(config, CONFIG_BYTES_MAX, content).await? else { return Ok(true) };
    match json::parse_bounded(&bytes, CONFIG_VALUES_MAX) {
        Ok(Value::Object(fields)) => {
            Ok(fields.keys().any(|key| key.eq_ignore_ascii_case("rootfs")))
        }
        Ok(_) => Ok(false),
        // another parser may be content with it
        Err(_) => Ok(bytes.trim_ascii_start().starts_with(b"{")),
    }
}

/// Whether some reader of archives would unpack what begins so.
fn is_archive(begins: &[u8]) -> bool {
    let compressed = COMPRESSED.iter().any(|magic| begins.starts_with(magic));
    let skipped = matches!(begins, [0x50..=0x5f, rest @ ..] if rest.starts_with(&SKIPPED));
    let Ok(block) = <&[u8; 512]>::try_from(begins) else {
        return compressed || skipped || begins.is_empty();
    };
    compressed || skipped || block.iter().all(|byte| *byte == 0) || has_checksum(block)
}

/// Whether the header of a tar entry adds up, however leniently its number is read.
fn has_checksum(block: &[u8; 512]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let others = || block[..FIELD.start].iter().chain(&block[FIELD.end..]);
    let spaces = i64::from(b' ') * 8;
    let unsigned = spaces + others().map(|byte| i64::from(*byte)).sum::<i64>();
    let signed = spaces + others().map(|byte| i64::from(byte.cast_signed())).sum::<i64>();
    let is_digit = |byte: &&u8| matches!(byte, b'0'..=b'7');
    let octal = |digits: &mut dyn Iterator<Item = &u8>| {
        digits.fold(0_i64, |number, digit| number * 8 + i64::from(digit - b'0'))
    };
    let field = &block[FIELD];
    let all = octal(&mut field.iter().filter(is_digit));
    let first = octal(&mut field.iter().skip_while(|byte| !is_digit(byte)).take_while(is_digit));
    let last = field.rsplit(|byte| !is_digit(&byte)).find(|digits| !digits.is_empty());
    let last = octal(&mut last.unwrap_or_default().iter());
    [all, first, last].iter().any(|number| [unsigned, signed].contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_how_they_begin() {
        let mut header = tar::Header::new_old();
        header.set_path("{\"_type\":\"x\"}").unwrap();
        header.set_size(0);
        header.set_cksum();
        let tar = header.as_bytes().to_vec();
        assert!(is_archive(&tar) && is_archive(&[0; 512]) && is_archive(&[]));
        let mut loose = tar.clone();
        loose[148..156].rotate_right(1);
        assert!(is_archive(&loose), "a reader may skip what stands before the number");
        for magic in
            [&b"\x1f\x8b\x08"[..], b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x55\x2a\x4d\x18"]
        {
            assert!(is_archive(magic), "{magic:?}");
        }
        let statement = format!("{{\"_type\":\"https://in-toto.io/Statement/v1\"}}{:600}", " ");
        let mut other = tar;
        other[0] = b'x';
        for no in [&statement.as_bytes()[..512], b"SPDXVersion: SPDX-2.3", b"{}", &other] {
            assert!(!is_archive(no), "{no:?}");
        }
    }
}
