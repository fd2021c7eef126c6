//! Manifests: GET and HEAD (end-3), PUT (end-7), DELETE (end-9).

use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use roadstead_oci::{Digest, InvalidManifest, Manifest, Reference, Repository, Tag};
use roadstead_storage::{Deleted, Named, Need, Storage, Unmet};

use super::{
    Call, Serving,
    blobs::{accepted, still_named},
    body, headers,
    route::Action,
    verdicts,
};
use crate::{
    admission::{Candidate, Decision, ReadManifest, Verdict},
    error::{Case, Entry, Error},
    registry::{Pushed, Registry},
};

/// Most tags of one PUT; the specification asks for ten at least (D-33).
const TAGS_MAX: usize = 100;

pub(super) async fn get(
    registry: &Registry,
    repository: &Repository,
    reference: &Reference,
    method: &Method,
) -> Result<Response, Error> {
    let Some(manifest) = registry.manifest(repository, reference).await? else {
        return Err(unknown(&registry.storage, repository, reference).await?);
    };
    let mut response = Response::new(Body::empty());
    headers::set(&mut response, header::CONTENT_TYPE, &manifest.media_type);
    headers::set(&mut response, header::ETAG, &format!("\"{}\"", manifest.digest));
    headers::set_digest(&mut response, &manifest.digest);
    response.headers_mut().insert(header::CONTENT_LENGTH, manifest.bytes.len().into());
    if method == Method::GET {
        *response.body_mut() = manifest.bytes.clone().into();
    }
    Ok(response)
}

/// The way of a push: read, parse, and the registry does the rest.
pub(super) async fn put(
    serving: &Serving,
    repository: &Repository,
    reference: &Reference,
    call: &Call,
    body: Body,
) -> Result<Response, Error> {
    let Serving { registry, room, .. } = serving;
    // before any of the body is read: a client that waits for 100 then never sends it
    let tags = tags(call)?;
    let content_type = headers::text(&call.headers, header::CONTENT_TYPE).unwrap_or_default();
    Manifest::check_content_type(content_type).map_err(invalid)?;
    let bytes_max = registry.manifests.bytes_max;
    let _room = room.of(body::announced(&body).unwrap_or(bytes_max).min(bytes_max)).await?;
    let bytes = body::read_limited(body, "manifest", bytes_max).await?;
    let candidate = read(repository, reference, tags, call, bytes)?;
    match registry.push(&candidate).await? {
        Pushed::Stored(verdict) => Ok(created(&candidate, &verdict)),
        Pushed::Refused(verdict) => {
            Err(refusal(&verdict, &verdicts::url(&call.headers, repository, &verdict.id)))
        }
        Pushed::Unmet(unmet) => Err(unmet_needs(repository, &unmet)),
        Pushed::ServedAs(served_as) => Err(other_type(&candidate, &served_as)),
    }
}

/// 400: a digest has one media type in a repository, or what is judged would not be what is served.
fn other_type(candidate: &Candidate, served_as: &str) -> Error {
    let Candidate { repository, digest, manifest, .. } = candidate;
    let message = format!(
        "repository {repository} serves {digest} as {served_as}, but this push says {}; push it \
         with the Content-Type {served_as}, or delete the manifest first",
        manifest.media_type
    );
    Error::new(Case::ManifestInvalid, message).with("mediaType", served_as)
}

/// The tags of the query.
fn tags(call: &Call) -> Result<Vec<Tag>, Error> {
    let tags = call.query.tags()?;
    if tags.len() > TAGS_MAX {
        let message = format!("the push has {} tags; at most {TAGS_MAX} are allowed", tags.len());
        return Err(Error::new(Case::TooManyTags, message));
    }
    Ok(tags)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn invalid(invalid: InvalidManifest) -> Error {
    Error::new(Case::ManifestInvalid, invalid.to_string())
}

fn read(
    repository: &Repository,
    reference: &Reference,
    mut tags: Vec<Tag>,
    call: &Call,
    bytes: Bytes,
) -> Result<Candidate, Error> {
    let Call { headers, principal, peer, .. } = call;
    let digest = match reference {
        Reference::Digest(digest) if digest.verifies(&bytes) => digest.clone(),
        Reference::Digest(digest) => {
            let computed = Digest::of(digest.algorithm(), &bytes);
            let message = format!("the manifest has digest {computed}, not {digest}");
            return Err(Error::new(Case::DigestInvalid, message));
        }
        Reference::Tag(tag) => {
            tags.insert(0, tag.clone());
            Digest::of(roadstead_oci::Algorithm::Sha256, &bytes)
        }
    };
    let manifest = Manifest::parse(&bytes, headers::text(headers, header::CONTENT_TYPE));
    let manifest = manifest.map_err(invalid)?;
    let read = ReadManifest { digest, manifest, bytes };
    let candidate = Candidate::new(repository.clone(), read, tags);
    Ok(Candidate { principal: principal.clone(), peer: *peer, ..candidate })
}

fn unmet_needs(repository: &Repository, unmet: &[Unmet]) -> Error {
    const ENTRIES_MAX: usize = 5;
    let entry = |unmet: &Unmet| {
        let Need { digest, size, of, .. } = &unmet.need;
        let what = match of {
            Named::Blob => "blob",
            Named::Manifest => "manifest",
        };
        let message = match (unmet.stored_size, &unmet.stored_type) {
            (None, _) => {
                format!("{what} {digest} is not in repository {repository}; push it first")
            }
            (Some(stored), _) if stored != *size => format!(
                "{what} {digest} has {stored} bytes, but the descriptor says {size}; correct the \
                 descriptor"
            ),
            (Some(_), stored) => format!(
                "{what} {digest} is stored as {}, but the descriptor says {}; correct the \
                 descriptor",
                stored.as_deref().unwrap_or_default(),
                unmet.need.media_type.as_deref().unwrap_or_default(),
            ),
        };
        Entry { message, detail: vec![("digest", digest.to_string())] }
    };
    let entries = unmet.iter().take(ENTRIES_MAX).map(entry).collect();
    let sizes_only = unmet.iter().all(|unmet| unmet.stored_size.is_some());
    let case = if sizes_only { Case::ManifestInvalid } else { Case::ManifestBlobUnknown };
    Error { case, entries, challenge: None, verdict: None, cause: None }
}

/// The findings as the client reads them: one entry each, the worst first, at most five. Each says
/// where more is to be read: by the operator, and by whoever may read the repository.
fn refusal(verdict: &Verdict, url: &str) -> Error {
    let case = match verdict.judgement.decision {
        Decision::Unavailable => Case::Unavailable,
        Decision::Accept | Decision::Reject => Case::Denied,
    };
    let entries = verdict.refusals().into_iter().map(|mut refusal| {
        refusal.detail.retain(|(key, _)| *key != "help");
        let help = format!("roadstead verdict show {}, or GET {url}", verdict.id);
        refusal.detail.push(("help", help));
        Entry { message: refusal.message, detail: refusal.detail }
    });
    let (entries, verdict) = (entries.collect(), Some(verdict.id.clone()));
    Error { case, entries, challenge: None, verdict, cause: None }
}

fn created(candidate: &Candidate, verdict: &Verdict) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let reference = Reference::Digest(candidate.digest.clone());
    let location =
        Action::GetManifest { repository: candidate.repository.clone(), reference }.to_path();
    headers::set(&mut response, header::LOCATION, &location);
    headers::set_digest(&mut response, &candidate.digest);
    headers::set(&mut response, headers::ROADSTEAD_VERDICT, &verdict.id);
    if let Some(subject) = &candidate.manifest.subject {
        headers::set(&mut response, headers::OCI_SUBJECT, subject.digest.as_str());
    }
    if !candidate.tags.is_empty() {
        // in one header, since some clients read no more than a hundred
        let tags: Vec<_> = candidate.tags.iter().map(Tag::as_str).collect();
        headers::set(&mut response, headers::OCI_TAG, &tags.join(", "));
    }
    for warning in verdict.warnings() {
        if let Ok(warning) = HeaderValue::from_str(&warning) {
            response.headers_mut().append(header::WARNING, warning);
        }
    }
    response
}

pub(super) async fn delete(
    registry: &Registry,
    repository: &Repository,
    reference: &Reference,
) -> Result<Response, Error> {
    match registry.remove(repository, reference).await? {
        Deleted::Done => Ok(accepted()),
        Deleted::Named(index) => Err(still_named("manifest", "index", &index)),
        Deleted::Absent => Err(unknown(&registry.storage, repository, reference).await?),
    }
}

/// What is said of a manifest that the repository does not have.
pub(super) async fn unknown(
    storage: &Storage,
    repository: &Repository,
    reference: &Reference,
) -> Result<Error, Error> {
    Ok(match storage.repository_exists(repository).await? {
        true => Error::manifest_unknown(repository, reference),
        false => Error::name_unknown(repository),
    })
}
