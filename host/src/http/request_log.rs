//! One line a request, written when the last byte of its answer has gone, and the request's id.
//!
//! No secret gets in: of the path only what was parsed is logged, which leaves out queries and
//! the tokens of uploads; of the headers only the id and, once it is proven, the user.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderName, Method, header},
    response::Response,
};
use tracing::Span;

use super::{
    body::{Companion, accompanied},
    headers,
    route::Action,
};
use crate::principal::Principal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Bytes of a request's body that arrived so far; it stands in the request's extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct BytesIn(Arc<AtomicU64>);

impl BytesIn {
    /// Counts some more.
    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A request on its way. Writes its line when it is dropped: once the answer has gone out, or the
/// client with it.
#[derive(Debug)]
pub(super) struct RequestLog {
    id: String,
    /// what runs for the request is in it, so that each of its lines in the log has the id
    span: Span,
    method: Method,
    route: &'static str,
    principal: Principal,
    repository: Option<String>,
    reference: Option<String>,
    digest: Option<String>,
    /// none: the client was gone before there was an answer
    status: Option<u16>,
    verdict: Option<String>,
    bytes_in: BytesIn,
    bytes_out: u64,
    started: Instant,
}

impl RequestLog {
    /// Takes the request's id from its header, or makes one.
    pub(super) fn begin(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let bytes_in = request.extensions().get::<BytesIn>().cloned();
        let id = given.filter(|id| is_safe(id)).map_or_else(new_id, ToOwned::to_owned);
        Self {
            // of the gravest level: a filter that shows a line shows whose it is
            span: tracing::error_span!("request", id),
            id,
            method: request.method().clone(),
            route: "none",
            principal: Principal::Anonymous,
            repository: None,
            reference: None,
            digest: None,
            status: None,
            verdict: None,
            bytes_in: bytes_in.unwrap_or_default(),
            bytes_out: 0,
            started: Instant::now(),
        }
    }

    /// The request's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What everything that runs for the request has to be in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Says what the request is about.
    pub(super) fn action(&mut self, action: &Action) {
        self.route = action.name();
        self.repository = action.repository().map(ToString::to_string);
        self.reference = action.reference();
    }

    /// Says who asks.
    pub(super) fn principal(&mut self, principal: &Principal) {
        self.principal = principal.clone();
    }

    /// Goes along with the answer to its end.
    pub(super) fn end(mut self, mut response: Response) -> Response {
        headers::set(&mut response, REQUEST_ID, &self.id);
        let text = |name| headers::text(response.headers(), name).map(ToOwned::to_owned);
        self.verdict = text(headers::ROADSTEAD_VERDICT);
        self.digest = text(headers::DOCKER_CONTENT_DIGEST);
        self.status = Some(response.status().as_u16());
        let told = response.headers().contains_key(header::CONTENT_LENGTH);
        response.map(|body| {
            // an exact size must survive, or the answer would be chunked
            let empty = body.size_hint().exact() == Some(0) && !told;
            if empty { Body::empty() } else { accompanied(body, self) }
        })
    }
}

/// An id that a client chose may go into logs and headers only if it can do no harm there.
fn is_safe(id: &str) -> bool {
    const CHARS_MAX: usize = 128;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    (1..=CHARS_MAX).contains(&id.len()) && id.bytes().all(harmless)
}

/// Unique enough to find a request by; nothing is safe because of it.
fn new_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(Instant::now()))
}

impl Companion for RequestLog {
    fn passed(&mut self, bytes: usize) {
        self.bytes_out += bytes as u64;
    }

    fn span(&self) -> Span {
        self.span.clone()
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        tracing::info!(
            id = self.id,
            method = self.method.as_str(),
            route = self.route,
            principal = self.principal.name(),
            repository = self.repository,
            reference = self.reference,
            digest = self.digest,
            status = self.status,
            bytes_in = self.bytes_in.0.load(Ordering::Relaxed),
            bytes_out = self.bytes_out,
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            verdict = self.verdict,
            "request"
        );
    }
}
