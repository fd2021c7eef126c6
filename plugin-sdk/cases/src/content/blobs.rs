//! What a case stores, and the forms that it has in YAML.

use std::collections::BTreeMap;

use roadstead_oci::{Algorithm, Digest};

use crate::{fields::Fields, source::CaseError};

/// What a case stores.
pub(crate) type Blobs = BTreeMap<Digest, Vec<u8>>;

/// The forms of content, of which there may be one.
pub(crate) const FORMS: [&str; 8] =
    ["json", "text", "base64", "file", "tar", "tgz", "gzip", "manifest"];

/// Reads content in any of its [`FORMS`]. Archives and manifests hold content and are content, so
/// they get this from the module above them, which knows all forms.
pub(super) type ReadContent = fn(&Fields<'_>, &mut Blobs) -> Result<Option<Vec<u8>>, CaseError>;

pub(super) fn store(bytes: &[u8], blobs: &mut Blobs) -> Digest {
    let digest = Digest::of(Algorithm::Sha256, bytes);
    blobs.insert(digest.clone(), bytes.to_vec());
    digest
}
