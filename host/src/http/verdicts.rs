//! What was judged about a manifest: an extension of ours.

use axum::response::Response;

use roadstead_oci::{Digest, Reference, Repository};
use roadstead_storage::Storage;

use super::{base::json_response, manifests};
use crate::{error::Error, records};

/// `GET /v2/<name>/_roadstead/verdicts/<digest>`: every verdict on a stored manifest, the newest
/// first; the last one let it in. Who pushed is for the operator alone.
pub(super) async fn of_manifest(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
) -> Result<Response, Error> {
    let reference = Reference::Digest(digest.clone());
    let Some(mut judged) = records::judged(storage, repository, &reference).await? else {
        return Err(manifests::unknown(storage, repository, &reference).await?);
    };
    for verdict in &mut judged.verdicts {
        if let Some(verdict) = verdict.as_object_mut() {
            verdict.remove("pushed_by");
        }
    }
    Ok(json_response(serde_json::json!(judged).to_string()))
}
