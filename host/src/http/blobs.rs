//! Blobs: GET and HEAD (end-2), DELETE (end-10).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

use roadstead_oci::{Digest, RangeRequest, Repository};
use roadstead_storage::{Blob, Deleted, Storage};

use super::headers;
use crate::error::{Case, Error};

/// A blob never changes, and neither does what a cache holds of it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("max-age=31536000, immutable");

pub(super) async fn get(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response, Error> {
    // who finds it by a HEAD skips the push, which would have mended it
    let blob = match *method == Method::HEAD {
        true => storage.whole_blob(repository, digest).await?,
        false => storage.blob(repository, digest).await?,
    };
    let blob = blob.ok_or_else(|| Error::blob_unknown(repository, digest))?;
    // RFC 9110 knows ranges of a GET only
    let range = match *method == Method::GET {
        true => request_range(request, &blob),
        false => RangeRequest::Whole,
    };
    let mut response = Response::new(Body::empty());
    headers::set_digest(&mut response, digest);
    let (range, status) = match range {
        RangeRequest::Whole => (0..blob.size, StatusCode::OK),
        RangeRequest::Part(range) => (range, StatusCode::PARTIAL_CONTENT),
        RangeRequest::Unsatisfiable => {
            let message = format!("the blob has {} bytes; the range is beyond its end", blob.size);
            return Err(Error::new(Case::RangeUnsatisfiable(blob.size), message));
        }
    };
    *response.status_mut() = status;
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, blob.size);
        headers::set(&mut response, header::CONTENT_RANGE, &part);
    }
    let etag = format!("\"{digest}\"");
    headers::set(&mut response, header::ETAG, &etag);
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    fixed.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fixed.insert(header::CACHE_CONTROL, FOR_EVER);
    if method == Method::GET {
        *response.body_mut() = Body::from_stream(storage.read(&blob, range).await?);
    }
    Ok(response)
}

fn request_range(request: &HeaderMap, blob: &Blob) -> RangeRequest {
    let Some(range) = headers::text(request, header::RANGE) else { return RangeRequest::Whole };
    // a blob is its digest: any other tag, or a date, means that the client has another one
    match headers::text(request, header::IF_RANGE) {
        Some(tag) if tag != format!("\"{}\"", blob.digest) => RangeRequest::Whole,
        _ => RangeRequest::parse(range, blob.size),
    }
}

pub(super) async fn delete(
    storage: &Storage,
    repository: &Repository,
    digest: &Digest,
) -> Result<Response, Error> {
    match storage.delete_blob(repository, digest).await? {
        Deleted::Done => Ok(accepted()),
        Deleted::Absent => Err(Error::blob_unknown(repository, digest)),
        Deleted::Named(manifest) => Err(still_named("blob", "manifest", &manifest)),
    }
}

/// 202 to a delete.
pub(super) fn accepted() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// 405: something visible names it.
pub(super) fn still_named(what: &str, by: &str, name: &Digest) -> Error {
    let message = format!("{by} {name} names this {what}; delete that {by} first");
    Error::new(Case::StillNamed, message)
}
