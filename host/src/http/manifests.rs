//! Manifests: GET and HEAD (end-3), PUT (end-7), DELETE (end-9).

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use roadstead_oci::{Descriptor, Digest, Manifest, Reference, Repository, Role, Tag};
use roadstead_storage::{
    Committed, Deleted, ManifestRecord, Named, Names, Need, Push, Storage, Unmet,
};

use super::{
    blobs::{accepted, still_named},
    body, headers,
    route::{Endpoint, Query},
};
use crate::{
    admission::{Candidate, Decision, Verdict},
    error::{Case, Entry, Error},
    registry::Registry,
};

/// Most tags of one PUT; the specification asks for ten at least (D-33).
const TAGS_MAX: usize = 100;

pub(super) async fn get(
    storage: &Storage,
    repository: &Repository,
    reference: &Reference,
    method: &Method,
) -> Result<Response, Error> {
    let found = match reference {
        Reference::Tag(tag) => storage.tagged(repository, tag).await?,
        Reference::Digest(digest) => storage.manifest(repository, digest).await?,
    };
    let Some(manifest) = found else {
        return Err(match storage.repository_exists(repository).await? {
            true => Error::manifest_unknown(repository, reference),
            false => Error::name_unknown(repository),
        });
    };
    let mut response = Response::new(Body::empty());
    headers::set(&mut response, header::CONTENT_TYPE, &manifest.record.media_type);
    headers::set(&mut response, header::ETAG, &format!("\"{}\"", manifest.digest));
    headers::set_digest(&mut response, &manifest.digest);
    response.headers_mut().insert(header::CONTENT_LENGTH, manifest.bytes.len().into());
    if method == Method::GET {
        *response.body_mut() = manifest.bytes.clone().into();
    }
    Ok(response)
}

/// What a PUT brought: parsed, and named by its digest.
struct Pushed {
    repository: Repository,
    digest: Digest,
    tags: Vec<Tag>,
    manifest: Manifest,
    bytes: Bytes,
}

/// The way of a push: parse, claim, look, judge, commit. What is refused leaves nothing behind.
pub(super) async fn put(
    registry: &Registry,
    repository: &Repository,
    reference: &Reference,
    request: (&HeaderMap, &Query),
    body: Body,
) -> Result<Response, Error> {
    let pushed = Arc::new(read(registry, repository, reference, request, body).await?);
    let (needs, names) = needs(&pushed.manifest, registry.manifests.allow_sparse_indexes);
    let claim = registry.storage.claim(repository, &pushed.digest, names).await?;
    let unmet = registry.storage.look(repository, &needs).await?;
    if !unmet.is_empty() {
        registry.storage.withdraw(claim).await;
        return Err(unmet_needs(repository, &unmet));
    }
    let candidate = candidate(&pushed);
    let mut verdict = registry
        .admission
        .judge(&candidate, registry.content(repository), registry.occasion())
        .await;
    if verdict.decision != Decision::Accept {
        registry.storage.withdraw(claim).await;
        registry.keep_refusal(&mut verdict).await;
        return Err(refusal(&verdict));
    }
    if !verdict.findings.is_empty() {
        registry.keep_verdict(&verdict).await;
    }
    let push = push(registry, &pushed, &candidate, &verdict, needs);
    match registry.storage.commit(claim, push).await? {
        Committed::Done => Ok(created(&pushed, &verdict)),
        Committed::Unmet(unmet) => Err(unmet_needs(repository, &unmet)),
    }
}

async fn read(
    registry: &Registry,
    repository: &Repository,
    reference: &Reference,
    (headers, query): (&HeaderMap, &Query),
    body: Body,
) -> Result<Pushed, Error> {
    let bytes = body::read_limited(body, "manifest", registry.manifests.bytes_max).await?;
    let mut tags = query.tags()?;
    if tags.len() > TAGS_MAX {
        let message = format!("{} tags at once; at most {TAGS_MAX} are possible", tags.len());
        return Err(Error::new(Case::TooManyTags, message));
    }
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
    let manifest =
        manifest.map_err(|invalid| Error::new(Case::ManifestInvalid, invalid.to_string()))?;
    Ok(Pushed { repository: repository.clone(), digest, tags, manifest, bytes })
}

/// What must be in the repository already, and everything that the manifest names.
///
/// Foreign layers may be elsewhere, a subject may come later (D-28), and where the operator allows
/// it an index may lack children and an image layers.
fn needs(manifest: &Manifest, sparse: bool) -> (Vec<Need>, Names) {
    let mut names = Names::default();
    let mut needs = Vec::new();
    for (role, _, descriptor) in manifest.descriptors() {
        let of = match role {
            Role::Config => Named::Blob,
            Role::Layer if !sparse && !descriptor.is_foreign_layer() => Named::Blob,
            Role::Manifest if !sparse => Named::Manifest,
            Role::Layer | Role::Manifest => {
                names.optional.push(descriptor.digest.clone());
                continue;
            }
            Role::Subject => continue,
        };
        let Descriptor { digest, size, .. } = descriptor;
        names.required.push(digest.clone());
        needs.push(Need { digest: digest.clone(), size: *size, of });
    }
    (needs, names)
}

fn unmet_needs(repository: &Repository, unmet: &[Unmet]) -> Error {
    const ENTRIES_MAX: usize = 5;
    let entry = |unmet: &Unmet| {
        let Need { digest, size, of } = &unmet.need;
        let what = match of {
            Named::Blob => "blob",
            Named::Manifest => "manifest",
        };
        let message = match unmet.stored_size {
            None => format!("{what} {digest} is not in repository {repository}; push it first"),
            Some(stored) => format!(
                "{what} {digest} has {stored} bytes and the descriptor says {size}; correct it"
            ),
        };
        Entry { message, detail: vec![("digest", digest.to_string())] }
    };
    let entries = unmet.iter().take(ENTRIES_MAX).map(entry).collect();
    let sizes_only = unmet.iter().all(|unmet| unmet.stored_size.is_some());
    let case = if sizes_only { Case::ManifestInvalid } else { Case::ManifestBlobUnknown };
    Error { case, entries, verdict: None, cause: None }
}

fn candidate(pushed: &Arc<Pushed>) -> Candidate {
    Candidate {
        repository: pushed.repository.clone(),
        digest: pushed.digest.clone(),
        tags: pushed.tags.clone(),
        manifest: pushed.manifest.clone(),
        bytes: pushed.bytes.clone(),
        principal: None,
    }
}

/// The findings as the client reads them: one entry each, the worst first, at most five.
fn refusal(verdict: &Verdict) -> Error {
    let case = match verdict.decision {
        Decision::Unavailable => Case::Unavailable,
        Decision::Accept | Decision::Reject => Case::Denied,
    };
    let entries = verdict.refusals().into_iter();
    let entries = entries.map(|refusal| Entry { message: refusal.message, detail: refusal.detail });
    Error { case, entries: entries.collect(), verdict: Some(verdict.id.clone()), cause: None }
}

fn push(
    registry: &Registry,
    pushed: &Pushed,
    candidate: &Candidate,
    verdict: &Verdict,
    needs: Vec<Need>,
) -> Push {
    let Pushed { digest, manifest, bytes, .. } = pushed;
    let children = manifest.descriptors().filter(|(role, ..)| *role == Role::Manifest);
    let descriptor = manifest.referrer_descriptor(digest, bytes.len() as u64);
    let subject = manifest.subject.as_ref().map(|subject| subject.digest.clone());
    Push {
        bytes: bytes.clone(),
        needs,
        referrer: subject.is_some().then(|| descriptor.to_string().into()),
        tags: pushed.tags.clone(),
        verdict_id: verdict.id.clone(),
        record: ManifestRecord {
            media_type: manifest.media_type.clone(),
            kind: candidate.kind().name().to_owned(),
            subject,
            children: children.map(|(_, _, child)| child.digest.clone()).collect(),
            pushed_at: registry.storage.clock().now().to_string(),
            pushed_by: None,
            verdict: verdict.to_record(),
        },
    }
}

fn created(pushed: &Pushed, verdict: &Verdict) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let reference = Reference::Digest(pushed.digest.clone());
    let location = Endpoint::Manifest(pushed.repository.clone(), reference).to_path();
    headers::set(&mut response, header::LOCATION, &location);
    headers::set_digest(&mut response, &pushed.digest);
    headers::set(&mut response, headers::ROADSTEAD_VERDICT, &verdict.id);
    if let Some(subject) = &pushed.manifest.subject {
        headers::set(&mut response, headers::OCI_SUBJECT, subject.digest.as_str());
    }
    for tag in &pushed.tags {
        if let Ok(tag) = HeaderValue::from_str(tag.as_str()) {
            response.headers_mut().append(headers::OCI_TAG, tag);
        }
    }
    for warning in verdict.warnings() {
        if let Ok(warning) = HeaderValue::from_str(&warning) {
            response.headers_mut().append(header::WARNING, warning);
        }
    }
    response
}

pub(super) async fn delete(
    storage: &Storage,
    repository: &Repository,
    reference: &Reference,
) -> Result<Response, Error> {
    let deleted = match reference {
        Reference::Tag(tag) => match storage.delete_tag(repository, tag).await? {
            true => Deleted::Done,
            false => Deleted::Absent,
        },
        Reference::Digest(digest) => storage.delete_manifest(repository, digest).await?,
    };
    match deleted {
        Deleted::Done => Ok(accepted()),
        Deleted::Named(index) => Err(still_named("manifest", "index", &index)),
        Deleted::Absent => Err(match storage.repository_exists(repository).await? {
            true => Error::manifest_unknown(repository, reference),
            false => Error::name_unknown(repository),
        }),
    }
}
