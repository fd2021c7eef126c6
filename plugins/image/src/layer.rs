//! Layers: whether their first bytes are what their media types say.

use std::collections::BTreeSet;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest,
    content::{self, ReadError},
};

use crate::{
    codes,
    findings::{Findings, Place},
    media::{self, Family, LayerType, Packing},
};

/// Bytes of a tar header, which is all that is looked at.
const HEAD_BYTES: u32 = 512;

/// What the start of a layer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Tar,
    /// as before POSIX
    OldTar,
    /// an archive without entries
    EmptyTar,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Nothing,
    Unknown,
}

/// The first bytes of a layer; none: it is not stored here.
pub(crate) fn head(layer: &Descriptor) -> Result<Option<Vec<u8>>, Failure> {
    match content::open(&layer.digest).and_then(|blob| blob.read_at(0, HEAD_BYTES)) {
        Ok(head) => Ok(Some(head)),
        Err(ReadError::Absent(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a runtime that goes by content would unpack it.
pub(crate) fn is_archive(head: &[u8]) -> bool {
    !matches!(Content::of(head), Content::Nothing | Content::Unknown)
}

/// Looks at each layer once.
pub(crate) fn check(manifest: &Manifest, findings: &mut Findings) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for layer in manifest.layers() {
        let Some(layer_type) = media::layer_type(layer) else { continue };
        if !seen.insert((layer.digest.as_str(), layer.media_type.as_str())) {
            continue;
        }
        match head(layer)? {
            Some(head) => check_head(layer, layer_type, &head, findings),
            None if layer_type.is_foreign => {}
            None => find_absent(layer, findings),
        }
    }
    Ok(())
}

fn find_absent(layer: &Descriptor, findings: &mut Findings) {
    let index = layer.index;
    let message = format!("layer {index} is not stored here; push it before the manifest");
    findings.add(&codes::ABSENT, Place::blob(&layer.digest), message);
}

fn check_head(layer: &Descriptor, expected: LayerType, head: &[u8], findings: &mut Findings) {
    let found = Content::of(head);
    let is_tar = matches!(found, Content::Tar | Content::OldTar | Content::EmptyTar);
    // what all runtimes unpack that find the compression by the bytes
    let is_known = is_tar || matches!(found, Content::Gzip | Content::Zstd);
    let packing = expected.packing;
    let is_right = match packing {
        Packing::Encrypted => true,
        Packing::Gzip => found == Content::Gzip,
        Packing::Zstd => found == Content::Zstd,
        Packing::Tar => is_tar,
    };
    let (place, index) = (Place::blob(&layer.digest), layer.index);
    if !is_right {
        let (found, wanted) = (found.name(), packing.name());
        let message = format!(
            "layer {index} is {found}, but its media type says {wanted}; push the image with a \
             tool that sets the right media type"
        );
        // containerd takes OCI's type of uncompressed layers at its word
        let is_unpacked = packing != Packing::Tar || expected.family == Family::Docker;
        let code = if is_known && is_unpacked { &codes::COMPRESSION } else { &codes::CONTENT };
        findings.add(code, place, message);
    } else if packing == Packing::Tar && found == Content::OldTar {
        let message = format!(
            "layer {index} is a tar archive in a format from before 1988; pack it as ustar or pax"
        );
        findings.add(&codes::OLD_TAR, place, message);
    }
}

impl Content {
    fn of(head: &[u8]) -> Self {
        match head {
            [] => Self::Nothing,
            [0x1f, 0x8b, ..] => Self::Gzip,
            // a skippable frame may come first, as zstd:chunked and others have them
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ if head.len() < HEAD_BYTES as usize => Self::Unknown,
            _ if head[257..].starts_with(b"ustar") => Self::Tar,
            _ if head.iter().all(|byte| *byte == 0) => Self::EmptyTar,
            _ if has_tar_sum(head) => Self::OldTar,
            _ => Self::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tar | Self::OldTar | Self::EmptyTar => "an uncompressed tar archive",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Nothing => "empty",
            Self::Unknown => "not an archive",
        }
    }
}

/// Whether the block's sum is that which it says, which is all that tells an old header: the bytes
/// of the sum itself count as spaces.
fn has_tar_sum(head: &[u8]) -> bool {
    let (before, rest) = head.split_at(148);
    let (field, after) = rest.split_at(8);
    let counted = before.iter().chain(after).map(|byte| u32::from(*byte));
    let sum = counted.sum::<u32>() + 8 * u32::from(b' ');
    let text = String::from_utf8_lossy(field);
    u32::from_str_radix(text.trim_matches([' ', '\0']), 8) == Ok(sum)
}
