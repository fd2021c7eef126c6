//! Uploads of blobs: end-4, end-5, end-6, end-11, end-13, end-14.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

use roadstead_oci::{Algorithm, ContentRange, Digest, Repository};
use roadstead_storage::{Appended, Finished, Storage, Upload};

use super::{
    body, headers,
    route::{Action, Query},
};
use crate::error::{Case, Error};

/// POST: begins an upload, or mounts a blob, or takes a whole one.
pub(super) async fn begin(
    storage: &Storage,
    repository: &Repository,
    query: &Query,
    body: Body,
) -> Result<Response, Error> {
    if let Some(digest) = query.first("mount").filter(|digest| !digest.is_empty()) {
        let digest = Digest::parse(digest)?;
        // a source that is no repository at all can't serve it either
        let from = query.first("from").filter(|from| !from.is_empty()).map(Repository::parse);
        let mounted = match from.transpose() {
            Ok(from) => storage.mount(repository, &digest, from.as_ref()).await?,
            Err(_) => None,
        };
        return Ok(match mounted {
            Some(_) => created(repository, &digest),
            None => begun(storage, repository, digest.algorithm()),
        });
    }
    if let Some(digest) = query.first("digest") {
        let digest = Digest::parse(digest)?;
        let upload = storage.begin_upload(repository, digest.algorithm());
        check_size(storage, &upload, &body)?;
        let finished = storage.finish(&upload, body::frames(body), &digest).await?;
        return answer(repository, &digest, finished);
    }
    let algorithm = match query.first("digest-algorithm") {
        None => Algorithm::default(),
        Some(name) => Algorithm::parse(name).ok_or_else(|| {
            let message =
                format!("digest-algorithm {name:?} is not supported; use sha256 or sha512");
            Error::new(Case::DigestInvalid, message)
        })?,
    };
    Ok(begun(storage, repository, algorithm))
}

fn begun(storage: &Storage, repository: &Repository, algorithm: Algorithm) -> Response {
    let upload = storage.begin_upload(repository, algorithm);
    progress(repository, &upload.token, 0, StatusCode::ACCEPTED)
}

/// GET: how far the upload is.
pub(super) async fn status(
    storage: &Storage,
    repository: &Repository,
    token: &str,
) -> Result<Response, Error> {
    let upload = find(storage, repository, token).await?;
    Ok(progress(repository, token, upload.size, StatusCode::NO_CONTENT))
}

/// PATCH: a chunk at a place, or with no `Content-Range` whatever comes (D-18).
pub(super) async fn append(
    storage: &Storage,
    repository: &Repository,
    token: &str,
    request: &HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    let upload = find(storage, repository, token).await?;
    check_place(&upload, request)?;
    check_size(storage, &upload, &body)?;
    match storage.append(&upload, body::frames(body)).await? {
        Appended::Kept(size) => Ok(progress(repository, token, size, StatusCode::ACCEPTED)),
        Appended::Broken(size) => Err(Error::broken_off().with("received", size)),
        Appended::OutOfOrder(size) => Err(out_of_order(size)),
        Appended::TooLarge(limit) => Err(Error::too_large("blob", limit)),
        Appended::Over => Err(Error::upload_unknown()),
    }
}

/// PUT: the end of an upload, perhaps with the last chunk (D-21).
pub(super) async fn finish(
    storage: &Storage,
    repository: &Repository,
    token: &str,
    request: (&HeaderMap, &Query),
    body: Body,
) -> Result<Response, Error> {
    let (headers, query) = request;
    let Some(digest) = query.first("digest") else {
        let message = "the last PUT of an upload must carry ?digest=<digest> of the whole blob";
        return Err(Error::new(Case::DigestInvalid, message));
    };
    let digest = Digest::parse(digest)?;
    let upload = find(storage, repository, token).await?;
    check_place(&upload, headers)?;
    check_size(storage, &upload, &body)?;
    let finished = storage.finish(&upload, body::frames(body), &digest).await?;
    answer(repository, &digest, finished)
}

/// DELETE: ends an upload for good.
pub(super) async fn cancel(
    storage: &Storage,
    repository: &Repository,
    token: &str,
) -> Result<Response, Error> {
    let upload = find(storage, repository, token).await?;
    storage.cancel_upload(&upload).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

async fn find(storage: &Storage, repository: &Repository, token: &str) -> Result<Upload, Error> {
    storage.upload(repository, token).await?.ok_or_else(Error::upload_unknown)
}

/// Whether the chunk goes where the upload ends, and is as long as it says (D-19).
fn check_place(upload: &Upload, headers: &HeaderMap) -> Result<(), Error> {
    let Some(range) = headers::text(headers, header::CONTENT_RANGE) else { return Ok(()) };
    let range = ContentRange::parse(range)?;
    if range.start != upload.size {
        return Err(out_of_order(upload.size));
    }
    match headers::content_length(headers)? {
        Some(length) if length != range.length => {
            let message =
                format!("Content-Range covers {} bytes, but the body has {length}", range.length);
            Err(Error::new(Case::SizeInvalid, message))
        }
        _ => Ok(()),
    }
}

/// Rejects what would be too large before any of it is read, so that a client which waits for 100
/// never sends it.
fn check_size(storage: &Storage, upload: &Upload, body: &Body) -> Result<(), Error> {
    let announced = body::announced(body).unwrap_or_default() as u64;
    let limit = storage.config().blob_bytes_max;
    match upload.size.saturating_add(announced) > limit {
        true => Err(Error::too_large("blob", limit)),
        false => Ok(()),
    }
}

fn out_of_order(size: u64) -> Error {
    let message = format!("the upload has {size} bytes; the next chunk must begin there");
    Error::new(Case::OutOfOrder, message).with("received", size)
}

fn answer(repository: &Repository, digest: &Digest, finished: Finished) -> Result<Response, Error> {
    match finished {
        Finished::Stored(_) => Ok(created(repository, digest)),
        Finished::Mismatch(computed) => {
            let message = format!("the content has digest {computed}, not {digest}");
            Err(Error::new(Case::DigestInvalid, message))
        }
        Finished::Broken => Err(Error::broken_off()),
        Finished::TooLarge(limit) => Err(Error::too_large("blob", limit)),
        Finished::Over => Err(Error::upload_unknown()),
    }
}

fn created(repository: &Repository, digest: &Digest) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let location =
        Action::GetBlob { repository: repository.clone(), digest: digest.clone() }.to_path();
    headers::set(&mut response, header::LOCATION, &location);
    headers::set_digest(&mut response, digest);
    response
}

/// Where the upload is and how far. `Range` of an empty one is `0-0`, as everybody has it (D-20).
fn progress(repository: &Repository, token: &str, size: u64, status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let location =
        Action::GetUpload { repository: repository.clone(), token: token.to_owned() }.to_path();
    headers::set(&mut response, header::LOCATION, &location);
    headers::set(&mut response, header::RANGE, &format!("0-{}", size.saturating_sub(1)));
    response
}
