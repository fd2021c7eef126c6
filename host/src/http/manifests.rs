//! Manifests: GET and HEAD (end-3), PUT (end-7), DELETE (end-9).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use roadstead_oci::{Descriptor, Digest, Manifest, Reference, Repository, Role, Tag, media_type};
use roadstead_storage::{Committed, Deleted, ManifestRecord, Named, Need, Push, Storage, Unmet};

use super::{
    Call,
    blobs::{accepted, still_named},
    body::{self, Room},
    headers,
    route::Endpoint,
    verdicts,
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
        return Err(unknown(storage, repository, reference).await?);
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

/// The way of a push: parse, claim, look, judge, commit. What is refused leaves nothing behind.
pub(super) async fn put(
    (registry, room): (&Registry, &Room),
    (repository, reference): (&Repository, &Reference),
    call: &Call,
    body: Body,
) -> Result<Response, Error> {
    // before any of the body is read: a client that waits for 100 then never sends it
    let tags = tags(call)?;
    check_type(&call.headers)?;
    let bytes_max = registry.manifests.bytes_max;
    let _room = room.of(body::announced(&body).unwrap_or(bytes_max).min(bytes_max)).await?;
    let bytes = body::read_limited(body, "manifest", bytes_max).await?;
    let candidate = read(repository, (reference, tags), call, bytes)?;
    let needs = needs(&candidate.manifest, registry.manifests.allow_sparse_indexes);
    let claim = registry.storage.claim(repository, &candidate.digest, needs).await?;
    let pushed_as = candidate.manifest.media_type.as_str();
    if let Some(served_as) = claim.served_as().filter(|served_as| *served_as != pushed_as) {
        let other = other_type(&candidate, served_as);
        registry.storage.withdraw(claim).await;
        return Err(other);
    }
    let unmet = registry.storage.look(&claim).await?;
    if !unmet.is_empty() {
        registry.storage.withdraw(claim).await;
        return Err(unmet_needs(repository, &unmet));
    }
    let mut arrival = registry.arrivals.together(repository).await;
    let mut verdict = judge(registry, &candidate).await;
    if verdict.awaits && verdict.decision == Decision::Accept {
        // what it awaits may be on its way, and must not miss it
        drop(arrival);
        arrival = registry.arrivals.alone(repository).await;
        verdict = judge(registry, &candidate).await;
    }
    if verdict.decision != Decision::Accept {
        registry.storage.withdraw(claim).await;
        registry.keep_refusal(&mut verdict).await;
        return Err(refusal(&verdict, &verdicts::url(&call.headers, repository, &verdict.id)));
    }
    registry.keep_acceptance(repository, &candidate.digest, &mut verdict).await;
    let push = push(registry, &candidate, &verdict);
    let committed = registry.storage.commit(claim, push).await?;
    drop(arrival);
    match committed {
        Committed::Done => Ok(created(&candidate, &verdict)),
        Committed::Unmet(unmet) => Err(unmet_needs(repository, &unmet)),
        Committed::ServedAs(served_as) => Err(other_type(&candidate, &served_as)),
    }
}

/// 400: a digest has one media type in a repository, or what is judged would not be what is served.
fn other_type(candidate: &Candidate, served_as: &str) -> Error {
    let Candidate { repository, digest, manifest, .. } = candidate;
    let message = format!(
        "repository {repository} serves {digest} as {served_as}, and this push says {}; push it \
         with that Content-Type, or delete the manifest first",
        manifest.media_type
    );
    Error::new(Case::ManifestInvalid, message).with("mediaType", served_as)
}

/// The verdict of the policy that is in force when it is given: a push that straddles a reload is
/// judged again.
async fn judge(registry: &Registry, candidate: &Candidate) -> Verdict {
    /// Policies that are saved faster than this many reviews take are their operator's affair.
    const AGAIN_MAX: usize = 10;
    let admission = &registry.admission;
    let content = || registry.content(&candidate.repository);
    let mut verdict = admission.judge(candidate, content(), registry.occasion()).await;
    for _ in 0..AGAIN_MAX {
        if admission.is_current(&verdict) {
            break;
        }
        verdict = admission.judge(candidate, content(), registry.occasion()).await;
    }
    verdict
}

/// The tags of the query.
fn tags(call: &Call) -> Result<Vec<Tag>, Error> {
    let tags = call.query.tags()?;
    if tags.len() > TAGS_MAX {
        let message = format!("{} tags at once; at most {TAGS_MAX} are possible", tags.len());
        return Err(Error::new(Case::TooManyTags, message));
    }
    Ok(tags)
}

/// Rejects a `Content-Type` that no manifest has, whatever the body says.
fn check_type(headers: &HeaderMap) -> Result<(), Error> {
    let given = headers::text(headers, header::CONTENT_TYPE).map(media_type::essence);
    let Some(given) = given.filter(|given| !given.is_empty() && !media_type::is_manifest(given))
    else {
        return Ok(());
    };
    let message = match Manifest::parse(b"{}", Some(given)) {
        // an old docker's, about which more can be said
        Err(invalid) if invalid.pointer().is_empty() => invalid.to_string(),
        _ => format!(
            "Content-Type is {:?}, which is no manifest; use an OCI image manifest or index, or \
             docker schema 2",
            given.chars().take(120).collect::<String>()
        ),
    };
    Err(Error::new(Case::ManifestInvalid, message))
}

fn read(
    repository: &Repository,
    (reference, mut tags): (&Reference, Vec<Tag>),
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
    let manifest =
        manifest.map_err(|invalid| Error::new(Case::ManifestInvalid, invalid.to_string()))?;
    let candidate = Candidate::new(repository.clone(), (digest, tags), (manifest, bytes));
    Ok(Candidate { principal: principal.clone(), peer: *peer, ..candidate })
}

/// What the manifest names, to be found in the repository with the size that it says.
///
/// Foreign layers may be elsewhere, a subject may come later (D-28), and where the operator allows
/// it an index may lack children and an image layers. A child of an index that is no manifest, as
/// in a build cache, is a blob.
fn needs(manifest: &Manifest, sparse: bool) -> Vec<Need> {
    let named = manifest.descriptors().filter_map(|(role, _, descriptor)| {
        let is_manifest = media_type::is_manifest(&descriptor.media_type);
        let (of, optional) = match role {
            Role::Config => (Named::Blob, false),
            Role::Layer => (Named::Blob, sparse || descriptor.is_foreign_layer()),
            Role::Manifest if is_manifest => (Named::Manifest, sparse),
            Role::Manifest => (Named::Blob, sparse),
            Role::Subject => return None,
        };
        let Descriptor { digest, size, media_type, .. } = descriptor;
        // clients read a child by the type that its descriptor says
        let is_manifest = of == Named::Manifest;
        let media_type = is_manifest.then(|| media_type::essence(media_type).to_owned());
        Some(Need { digest: digest.clone(), size: *size, of, media_type, optional })
    });
    named.collect()
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
                "{what} {digest} has {stored} bytes and the descriptor says {size}; correct it"
            ),
            (Some(_), stored) => format!(
                "{what} {digest} is stored as {} and the descriptor says {}; correct it",
                stored.as_deref().unwrap_or_default(),
                unmet.need.media_type.as_deref().unwrap_or_default(),
            ),
        };
        Entry { message, detail: vec![("digest", digest.to_string())] }
    };
    let entries = unmet.iter().take(ENTRIES_MAX).map(entry).collect();
    let sizes_only = unmet.iter().all(|unmet| unmet.stored_size.is_some());
    let case = if sizes_only { Case::ManifestInvalid } else { Case::ManifestBlobUnknown };
    Error { case, entries, verdict: None, cause: None }
}

/// The findings as the client reads them: one entry each, the worst first, at most five. Each says
/// where more is to be read: by the operator, and by whoever may read the repository.
fn refusal(verdict: &Verdict, url: &str) -> Error {
    let case = match verdict.decision {
        Decision::Unavailable => Case::Unavailable,
        Decision::Accept | Decision::Reject => Case::Denied,
    };
    let entries = verdict.refusals().into_iter().map(|mut refusal| {
        refusal.detail.retain(|(key, _)| *key != "help");
        let help = format!("roadstead verdict show {}, or GET {url}", verdict.id);
        refusal.detail.push(("help", help));
        Entry { message: refusal.message, detail: refusal.detail }
    });
    Error { case, entries: entries.collect(), verdict: Some(verdict.id.clone()), cause: None }
}

fn push(registry: &Registry, candidate: &Candidate, verdict: &Verdict) -> Push {
    let Candidate { digest, manifest, bytes, .. } = candidate;
    let children = manifest.descriptors().filter(|(role, _, child)| {
        *role == Role::Manifest && media_type::is_manifest(&child.media_type)
    });
    let descriptor = manifest.referrer_descriptor(digest, bytes.len() as u64);
    let subject = manifest.subject.as_ref().map(|subject| subject.digest.clone());
    Push {
        bytes: bytes.clone(),
        referrer: subject.is_some().then(|| descriptor.to_string().into()),
        tags: candidate.tags.clone(),
        verdict_id: verdict.id.clone(),
        record: ManifestRecord {
            media_type: manifest.media_type.clone(),
            kind: verdict.kind.clone(),
            subject,
            children: children.map(|(_, _, child)| child.digest.clone()).collect(),
            pushed_at: registry.storage.clock().now().to_string(),
            pushed_by: candidate.principal.clone(),
            verdict: verdict.to_record(),
        },
    }
}

fn created(candidate: &Candidate, verdict: &Verdict) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let reference = Reference::Digest(candidate.digest.clone());
    let location = Endpoint::Manifest(candidate.repository.clone(), reference).to_path();
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
        Deleted::Absent => Err(unknown(storage, repository, reference).await?),
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
