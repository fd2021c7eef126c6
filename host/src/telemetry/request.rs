//! One line a request, written when the last byte of its answer has gone, and the request's id.
//!
//! No secret gets in: of the path only what was parsed is logged, which leaves out queries and
//! the tokens of uploads; of the headers only the id.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    response::Response,
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::http::{headers, route::Endpoint};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Bytes of a request's body that arrived so far; it stands in the request's extensions.
#[derive(Clone, Debug, Default)]
pub struct BytesIn(Arc<AtomicU64>);

impl BytesIn {
    /// Counts some more.
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What the line will say.
#[derive(Debug)]
pub struct RequestLog {
    id: String,
    method: Method,
    route: &'static str,
    repository: Option<String>,
    reference: Option<String>,
    verdict: Option<String>,
    bytes_in: BytesIn,
    started: Instant,
}

impl RequestLog {
    /// Takes the request's id from its header, or makes one.
    pub fn begin(request: Request) -> (Self, Request) {
        let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let id = given.filter(|id| is_safe(id)).map_or_else(new_id, ToOwned::to_owned);
        let bytes_in = request.extensions().get::<BytesIn>().cloned();
        let log = Self {
            id,
            method: request.method().clone(),
            route: "none",
            repository: None,
            reference: None,
            verdict: None,
            bytes_in: bytes_in.unwrap_or_default(),
            started: Instant::now(),
        };
        (log, request)
    }

    /// The request's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Says what the request is about.
    pub fn endpoint(&mut self, endpoint: &Endpoint) {
        self.route = endpoint.name();
        self.repository = endpoint.repository().map(ToString::to_string);
        self.reference = endpoint.reference();
    }

    /// Says how it was judged.
    pub fn verdict(&mut self, id: Option<&str>) {
        self.verdict = id.map(ToOwned::to_owned);
    }

    /// Writes the line once the answer has gone out, or the client with it.
    pub fn end(mut self, mut response: Response) -> Response {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if self.verdict.is_none() {
            let verdict = headers::text(response.headers(), headers::ROADSTEAD_VERDICT);
            self.verdict = verdict.map(ToOwned::to_owned);
        }
        if !tracing::enabled!(tracing::Level::INFO) {
            return response;
        }
        let status = response.status().as_u16();
        let digest = headers::text(response.headers(), headers::DOCKER_CONTENT_DIGEST);
        let digest = digest.map(ToOwned::to_owned);
        let told = response.headers().contains_key(header::CONTENT_LENGTH);
        response.map(|body| {
            let size = body.size_hint();
            let logged = Logged { body, line: Line { log: self, status, digest, bytes_out: 0 } };
            // an exact size must survive, or the answer would be chunked
            if told || size.exact() != Some(0) { Body::new(logged) } else { Body::empty() }
        })
    }
}

/// An id that a client chose may go into logs and headers only if it can do no harm there.
fn is_safe(id: &str) -> bool {
    const CHARS_MAX: usize = 128;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    (1..=CHARS_MAX).contains(&id.len()) && id.bytes().all(harmless)
}

fn new_id() -> String {
    let bytes: [u8; 8] = rand_bytes();
    data_encoding::HEXLOWER.encode(&bytes)
}

fn rand_bytes<const N: usize>() -> [u8; N] {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0; N];
    for (index, chunk) in bytes.chunks_mut(8).enumerate() {
        let word = RandomState::new().hash_one((index, Instant::now())).to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    bytes
}

/// The answer's body; its end is the request's end.
struct Logged {
    body: Body,
    line: Line,
}

struct Line {
    log: RequestLog,
    status: u16,
    digest: Option<String>,
    bytes_out: u64,
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.line.bytes_out += data.len() as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { log, status, digest, bytes_out } = self;
        let duration = log.started.elapsed();
        tracing::info!(
            id = log.id,
            method = log.method.as_str(),
            route = log.route,
            repository = log.repository,
            reference = log.reference,
            digest,
            status,
            bytes_in = log.bytes_in.0.load(Ordering::Relaxed),
            bytes_out,
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            verdict = log.verdict,
            "request"
        );
    }
}
