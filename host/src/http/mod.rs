//! Bytes to types and back. Nothing outside of this module knows axum.

pub mod headers;
pub mod listener;
pub mod ops;
pub mod respond;
pub mod route;

mod answers;
mod base;
mod blobs;
mod body;
mod framing;
mod listing;
mod manifests;
mod ready;
mod referrers;
mod request_log;
mod uploads;
mod verdicts;

use std::{net::IpAddr, sync::Arc};

pub use axum::Router;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    auth::Auth,
    error::{Case, Error},
    principal::Principal,
    registry::Registry,
};
use answers::Answers;
use body::Room;
use listener::Peer;
pub use ready::{Ready, unavailable};
use request_log::RequestLog;
use route::{Action, Query, Unroutable};

/// What every request needs.
#[derive(Clone)]
struct Serving {
    registry: Arc<Registry>,
    auth: Arc<Auth>,
    changes: TaskTracker,
    room: Arc<Room>,
    answers: Arc<Answers>,
}

/// The registry's API. Everything goes through the fallback: see [`route`] for why. Changes go on
/// in `changes` when their connection is cut.
pub fn router(registry: Arc<Registry>, auth: Arc<Auth>, changes: TaskTracker) -> Router {
    let (room, answers) = (Arc::new(Room::new()), Arc::new(Answers::new()));
    Router::new().fallback(serve).with_state(Serving { registry, auth, changes, room, answers })
}

async fn serve(State(serving): State<Serving>, request: Request) -> Response {
    let log = RequestLog::begin(&request);
    if let Err(error) = framing::check(&request) {
        let mut response = respond::error(&error, request.method(), log.id());
        // where this request ends is in doubt
        headers::set(&mut response, header::CONNECTION, "close");
        return log.end(response);
    }
    let span = log.span();
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return exchange(serving, request, log).instrument(span).await;
    }
    // A change goes on to its end, whatever becomes of the connection: so no request that was cut
    // leaves a half, what arrived of an upload is kept, and what became of it is logged.
    let (method, id) = (request.method().clone(), log.id().to_owned());
    let changes = serving.changes.clone();
    let change = changes.spawn(exchange(serving, request, log).instrument(span.clone()));
    change.await.unwrap_or_else(|panicked| {
        let failed = Error::new(Case::Internal, "the registry failed").because(panicked);
        span.in_scope(|| respond::error(&failed, &method, &id))
    })
}

/// One request and its answer, with the line that tells of them.
async fn exchange(serving: Serving, request: Request, mut log: RequestLog) -> Response {
    let method = request.method().clone();
    let answer = answer(&serving, request, &mut log).await;
    let response = answer.unwrap_or_else(|error| respond::error(&error, &method, log.id()));
    log.end(response)
}

/// Nothing is told to whoever is not logged in, not even that a path is none.
async fn answer(
    serving: &Serving,
    request: Request,
    log: &mut RequestLog,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let action = Action::parse(&parts.method, parts.uri.path());
    if let Ok(action) = &action {
        log.action(action);
    }
    let principal = serving.auth.login(&headers::authorization(&parts.headers)).await?;
    log.principal(&principal);
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let peer = parts.extensions.get::<Peer>().and_then(|peer| peer.0);
    let call = Call { method: parts.method, headers: parts.headers, query, principal, peer };
    call.answer(serving, action?, body).await
}

/// A request, beside its path and body.
struct Call {
    method: Method,
    headers: HeaderMap,
    query: Query,
    /// who asks
    principal: Principal,
    /// the address that the connection comes from, which may be a proxy's; none on the operator's
    /// socket
    peer: Option<IpAddr>,
}

impl Call {
    async fn answer(
        &self,
        serving: &Serving,
        action: Action,
        body: Body,
    ) -> Result<Response, Error> {
        let Serving { registry, answers, .. } = serving;
        let Self { method, headers, query, .. } = self;
        let storage = &registry.storage;
        let mut space = answers.space();
        loop {
            // answers that are made in memory are made where there is room for them; none: there
            // is too little
            let made = match &action {
                Action::Base => Some(base::base()),
                Action::DiscoverExtensions { repository } => {
                    Some(base::extensions(repository.is_none()))
                }
                Action::ListRepositories => listing::catalog(storage, query, &mut space).await?,
                Action::ListTags { repository } => {
                    listing::tags(storage, repository, query, &mut space).await?
                }
                Action::ListReferrers { repository, subject } => {
                    referrers::list(storage, (repository, subject), query, &mut space).await?
                }
                Action::ListVerdicts { repository, manifest } => {
                    Some(verdicts::of_manifest(registry, repository, manifest).await?)
                }
                Action::GetVerdict { repository, id } => {
                    Some(verdicts::by_id(registry, repository, id).await?)
                }
                Action::GetManifest { repository, reference } => {
                    Some(manifests::get(registry, repository, reference, method).await?)
                }
                Action::PutManifest { repository, reference } => {
                    return manifests::put(serving, repository, reference, self, body).await;
                }
                Action::DeleteManifest { repository, reference } => {
                    return manifests::delete(registry, repository, reference).await;
                }
                Action::GetBlob { repository, digest } => {
                    return blobs::get(storage, repository, digest, method, headers).await;
                }
                Action::DeleteBlob { repository, digest } => {
                    return blobs::delete(storage, repository, digest).await;
                }
                Action::BeginUpload { repository } => {
                    return uploads::begin(storage, repository, query, body).await;
                }
                Action::GetUpload { repository, token } => {
                    return uploads::status(storage, repository, token).await;
                }
                Action::AppendUpload { repository, token } => {
                    return uploads::append(storage, repository, token, headers, body).await;
                }
                Action::FinishUpload { repository, token } => {
                    let asked = (headers, query);
                    return uploads::finish(storage, repository, token, asked, body).await;
                }
                Action::CancelUpload { repository, token } => {
                    return uploads::cancel(storage, repository, token).await;
                }
            };
            let missing = match made {
                None => 0,
                Some(response) => match space.keep(response).await {
                    Ok(response) => return Ok(response),
                    Err(missing) => missing,
                },
            };
            space.wait(missing).await?;
        }
    }
}

impl From<Unroutable> for Error {
    fn from(unroutable: Unroutable) -> Self {
        match unroutable {
            Unroutable::Path => Self::new(Case::NoSuchPath, "no such path"),
            Unroutable::Method(allowed) => {
                let message = format!("this path supports only {allowed}");
                Self::new(Case::Method(allowed), message)
            }
            Unroutable::Repository(invalid) => invalid.into(),
            Unroutable::Reference(invalid) => invalid.into(),
            Unroutable::Digest(invalid) => invalid.into(),
            Unroutable::Verdict => {
                let message = "no verdict has this id; an id has 11 letters and digits";
                Self::new(Case::NoSuchPath, message)
            }
            Unroutable::Verdicts => {
                let message = "verdicts are found by the digest of a manifest, as in \
                    verdicts/sha256:<hex>, or by their own id, as in verdicts/id/<id>; a tag's \
                    digest is in the Docker-Content-Digest header of its manifest";
                Self::new(Case::DigestInvalid, message)
            }
        }
    }
}
