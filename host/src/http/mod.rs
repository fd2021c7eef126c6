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

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};

use crate::{
    auth::Auth,
    error::{Case, Error},
    registry::Registry,
};
use answers::Answers;
use body::Room;
use listener::Peer;
pub use ready::{Ready, unavailable};
use request_log::RequestLog;
use route::{Endpoint, Query, Unroutable};

/// What every request needs.
#[derive(Clone)]
struct Serving {
    registry: Arc<Registry>,
    auth: Arc<Auth>,
    room: Arc<Room>,
    answers: Arc<Answers>,
}

/// The registry's API. Everything goes through the fallback: see [`route`] for why.
pub fn router(registry: Arc<Registry>, auth: Arc<Auth>) -> Router {
    let (room, answers) = (Arc::new(Room::new()), Arc::new(Answers::new()));
    Router::new().fallback(serve).with_state(Serving { registry, auth, room, answers })
}

async fn serve(State(serving): State<Serving>, request: Request) -> Response {
    let log = RequestLog::begin(&request);
    if let Err(error) = framing::check(&request) {
        let mut response = respond::error(&error, request.method(), log.id());
        // where this request ends is in doubt
        headers::set(&mut response, header::CONNECTION, "close");
        return log.end(response);
    }
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return exchange(serving, request, log).await;
    }
    // A change goes on to its end, whatever becomes of the connection: so no request that was cut
    // leaves a half, what arrived of an upload is kept, and what became of it is logged.
    let (method, id) = (request.method().clone(), log.id().to_owned());
    let changes = serving.registry.changes.clone();
    let change = changes.spawn(exchange(serving, request, log));
    change.await.unwrap_or_else(|panicked| {
        let failed = Error::new(Case::Internal, "the registry failed").because(panicked);
        respond::error(&failed, &method, &id)
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
    let endpoint = Endpoint::parse(&parts.method, parts.uri.path());
    if let Ok(endpoint) = &endpoint {
        log.endpoint(endpoint);
    }
    let principal = serving.auth.login(&headers::authorization(&parts.headers)).await?;
    log.principal(principal.as_deref());
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let peer = parts.extensions.get::<Peer>().and_then(|peer| peer.0);
    let call = Call { method: parts.method, headers: parts.headers, query, principal, peer };
    call.answer(serving, endpoint?, body).await
}

/// A request, beside its path and body.
struct Call {
    method: Method,
    headers: HeaderMap,
    query: Query,
    /// the user who asks; none where no login is asked for
    principal: Option<String>,
    /// the address that the connection comes from, which may be a proxy's; none on the operator's
    /// socket
    peer: Option<IpAddr>,
}

impl Call {
    async fn answer(
        &self,
        serving: &Serving,
        endpoint: Endpoint,
        body: Body,
    ) -> Result<Response, Error> {
        let Serving { registry, room, .. } = serving;
        let Self { method, headers, query, .. } = self;
        let storage = &registry.storage;
        match (&endpoint, method.as_str()) {
            (Endpoint::Blob(name, digest), "DELETE") => blobs::delete(storage, name, digest).await,
            (Endpoint::Blob(name, digest), _) => {
                blobs::get(storage, name, digest, method, headers).await
            }
            (Endpoint::Uploads(name), _) => uploads::begin(storage, name, query, body).await,
            (Endpoint::Upload(name, token), "PATCH") => {
                uploads::append(storage, name, token, headers, body).await
            }
            (Endpoint::Upload(name, token), "PUT") => {
                uploads::finish(storage, name, token, (headers, query), body).await
            }
            (Endpoint::Upload(name, token), "DELETE") => {
                uploads::cancel(storage, name, token).await
            }
            (Endpoint::Upload(name, token), _) => uploads::status(storage, name, token).await,
            (Endpoint::Manifest(name, reference), "PUT") => {
                manifests::put((registry, room), (name, reference), self, body).await
            }
            (Endpoint::Manifest(name, reference), "DELETE") => {
                manifests::delete(storage, name, reference).await
            }
            (in_memory, _) => self.answer_from_memory(serving, in_memory).await,
        }
    }

    /// Makes an answer in memory, where there is room for it.
    async fn answer_from_memory(
        &self,
        Serving { registry, answers, .. }: &Serving,
        endpoint: &Endpoint,
    ) -> Result<Response, Error> {
        let (query, storage) = (&self.query, &registry.storage);
        let mut space = answers.space();
        loop {
            let space_of = &mut space;
            let made = match endpoint {
                Endpoint::Catalog => listing::catalog(storage, query, space_of).await?,
                Endpoint::Tags(name) => listing::tags(storage, name, query, space_of).await?,
                Endpoint::Referrers(name, subject) => {
                    referrers::list(storage, (name, subject), query, space_of).await?
                }
                Endpoint::Verdicts(name, digest) => {
                    Some(verdicts::of_manifest(registry, name, digest).await?)
                }
                Endpoint::Verdict(name, id) => Some(verdicts::by_id(registry, name, id).await?),
                Endpoint::Manifest(name, reference) => {
                    Some(manifests::get(storage, name, reference, &self.method).await?)
                }
                Endpoint::Base => Some(base::base()),
                Endpoint::Extensions(of) => Some(base::extensions(of.is_none())),
                // these are streams, or have no body
                Endpoint::Blob(..) | Endpoint::Uploads(_) | Endpoint::Upload(..) => {
                    return Err(Error::new(Case::Internal, "the registry failed"));
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
            Unroutable::Path => Self::new(Case::NoSuchPath, "nothing is at this path"),
            Unroutable::Method(allowed) => {
                let message = format!("this path takes {allowed} only");
                Self::new(Case::Method(allowed), message)
            }
            Unroutable::Repository(invalid) => invalid.into(),
            Unroutable::Reference(invalid) => invalid.into(),
            Unroutable::Digest(invalid) => invalid.into(),
            Unroutable::Verdicts => {
                let message = "verdicts are found by the digest of a manifest, as in \
                    verdicts/sha256:<hex>, or by their own id, as in verdicts/id/<id>; a tag's \
                    digest is in the Docker-Content-Digest header of its manifest";
                Self::new(Case::DigestInvalid, message)
            }
        }
    }
}
