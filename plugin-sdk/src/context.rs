//! What may differ from one push to the next. A review that asks for any of it is not remembered;
//! in the review of a blob asking is a failure.

use crate::{Annotation, Descriptor, source};

/// Seconds since the epoch, by the host's clock when the review began.
pub fn now() -> u64 {
    source::now()
}

/// A manifest of this repository, if it is there.
pub fn manifest(digest: &str) -> Option<Descriptor> {
    source::manifest(digest)
}

/// The manifests of this repository whose subject is `subject`, of the given type only if any.
pub fn referrers(subject: &str, artifact_type: Option<&str>) -> Vec<Descriptor> {
    source::referrers(subject, artifact_type)
}

/// What a plugin, by the policy's name for it, recorded about a manifest of this repository.
pub fn annotations(manifest: &str, plugin: &str) -> Vec<Annotation> {
    source::annotations(manifest, plugin).into_iter().map(Annotation::from).collect()
}
