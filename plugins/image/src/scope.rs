//! What this plugin judges.

use roadstead_plugin_sdk::{Failure, Manifest, Role, oci::media_type};

use crate::{layer, media};

/// An index of this kind of parts is a build cache, as buildkit pushes it.
const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";

/// What the host calls everything that docker or podman would run.
const KIND: &str = "image";

/// What a manifest is to this plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Image,
    Index,
    Other,
}

impl Scope {
    /// An image is what a runtime would run, whatever else it carries. Signatures, attestations and
    /// bills of materials borrow an image's config, and a build cache borrows an index.
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, Failure> {
        let essence = media_type::essence(&manifest.media_type);
        if matches!(essence, media_type::OCI_INDEX | media_type::DOCKER_LIST) {
            return Ok(if is_cache(manifest) { Self::Other } else { Self::Index });
        }
        // the host looked at what the layers are where types leave open whether a runtime runs it
        if manifest.kind == KIND {
            return Ok(Self::Image);
        }
        if !media::has_config(manifest) {
            return Ok(Self::Other);
        }
        Ok(if is_companion(manifest)? { Self::Other } else { Self::Image })
    }
}

/// What a runtime would follow makes an index of it.
fn is_cache(manifest: &Manifest) -> bool {
    let mut children = manifest.descriptors.iter().filter(|part| part.role == Role::Manifest);
    let is_cache = children.clone().any(|child| child.media_type_essence() == CACHE_CONFIG);
    is_cache && !children.any(|child| media_type::is_manifest(&child.media_type))
}

/// docker unpacks layers whatever their types are, and stops at the first that is no archive: so
/// the type of a signature hides no image, and one look at the first layer is enough.
fn is_companion(manifest: &Manifest) -> Result<bool, Failure> {
    if !manifest.layers().all(media::is_companion) {
        return Ok(false);
    }
    let Some(first) = manifest.layers().next() else { return Ok(false) };
    Ok(!layer::head(first)?.is_some_and(|head| layer::is_archive(&head)))
}
