//! Referrers (end-12), as an image index.

use std::pin::pin;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};

use roadstead_oci::{Digest, Repository};
use roadstead_storage::Storage;

use super::{
    answers::{PAGE_BYTES_MAX, SMALL_BYTES_MAX, Space},
    headers,
    route::{Action, Query, percent_encoded},
};
use crate::error::Error;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// `GET /v2/<name>/referrers/<digest>` (D-39 to D-43). A subject, or a repository, that does not
/// exist has none. `None`: there is no room for the page now.
pub(super) async fn list(
    storage: &Storage,
    (repository, subject): (&Repository, &Digest),
    query: &Query,
    space: &mut Space<'_>,
) -> Result<Option<Response>, Error> {
    let last = query.first("last").map(Digest::parse).transpose()?;
    let wanted: Vec<&str> = query.all("artifactType").filter(|t| !t.is_empty()).collect();
    // any of the types will do: containerd repeats the parameter and means so (D-43)
    let found = storage.referrers(repository, subject, last.as_ref(), &wanted).await?;
    let Some((body, next)) = page(found, space).await? else { return Ok(None) };
    let mut response = Response::new(Body::empty());
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static(INDEX));
    fixed.insert(header::CONTENT_LENGTH, body.len().into());
    if !wanted.is_empty() {
        headers::set(&mut response, headers::OCI_FILTERS_APPLIED, "artifactType");
    }
    if let Some(last) = next {
        let filters = wanted.iter().map(|t| format!("artifactType={}&", percent_encoded(t)));
        let path =
            Action::ListReferrers { repository: repository.clone(), subject: subject.clone() }
                .to_path();
        let link = format!("<{path}?{}last={last}>; rel=\"next\"", filters.collect::<String>());
        headers::set(&mut response, header::LINK, &link);
    }
    *response.body_mut() = body.into();
    Ok(Some(response))
}

/// As many descriptors as a page holds, and the last one's digest where more follow. Several
/// clients read one page and no `Link`, so a page holds as much as the smallest limit among them
/// allows.
async fn page(
    found: impl Stream<Item = roadstead_storage::Result<(Digest, Bytes)>>,
    space: &mut Space<'_>,
) -> Result<Option<(Vec<u8>, Option<Digest>)>, Error> {
    const END: &[u8] = b"]}";
    let mut body =
        format!("{{\"schemaVersion\":2,\"mediaType\":\"{INDEX}\",\"manifests\":[").into_bytes();
    let mut last = None;
    let mut found = pin!(found);
    while let Some((digest, descriptor)) = found.try_next().await? {
        let bytes = body.len() + 1 + descriptor.len() + END.len();
        if bytes > PAGE_BYTES_MAX && last.is_some() {
            body.extend_from_slice(END);
            return Ok(Some((body, last)));
        }
        if bytes > SMALL_BYTES_MAX && !space.grow() {
            return Ok(None);
        }
        if last.is_some() {
            body.push(b',');
        }
        body.extend_from_slice(&descriptor);
        last = Some(digest);
    }
    body.extend_from_slice(END);
    Ok(Some((body, None)))
}
