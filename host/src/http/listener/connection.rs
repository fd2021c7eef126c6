//! One connection, from its first byte to its last.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use futures::{TryFutureExt, poll};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tower_service::Service;

use super::{
    HttpConfig, Lengths, Peer,
    seats::Seat,
    slow::{IdleBody, Progressing},
    stopped,
    wire::{End, Wire},
};
use crate::http::{body::accompanied, request_log::BytesIn};

/// A connection that was accepted.
pub(super) type Connection = Box<dyn Stream>;

/// What a connection reads and writes.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that may stay.
pub(super) struct Seated {
    pub(super) connection: Connection,
    pub(super) peer: Peer,
    pub(super) seat: Seat,
}

/// Serves a connection until it ends, is told to close for another one, or has nothing under way
/// after `stop` said so.
pub(super) async fn serve(
    seated: Seated,
    router: Router,
    config: HttpConfig,
    mut stop: watch::Receiver<bool>,
) {
    let Seated { connection, peer, seat } = seated;
    let wire = Wire::new(seat);
    let body_idle = Duration::from_secs(config.body_idle_seconds_max);
    let of_requests = Arc::clone(&wire);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let wire = Arc::clone(&of_requests);
        let (received, has_length) = (BytesIn::default(), wire.begin());
        let known = request.extensions_mut();
        known.insert(received.clone());
        known.insert(peer);
        known.insert(Lengths { content_length: has_length });
        let body = |body| IdleBody::new(body, body_idle, received, Arc::clone(&wire));
        let answer = router.clone().call(request.map(|incoming| Body::new(body(incoming))));
        answer.map_ok(move |answer| answer.map(|body| accompanied(body, End(wire))))
    });
    let write_idle = Duration::from_secs(config.write_idle_seconds_max);
    let io = TokioIo::new(Progressing::new(connection, write_idle, Arc::clone(&wire)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_seconds_max))
        .max_headers(100)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        // first, so that a request that has come is under way before the others are looked at
        biased;
        ended = &mut connection => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = wire.seat.told_to_close() => {
            connection.as_mut().graceful_shutdown();
            match poll!(connection.as_mut()).is_ready() || wire.seat.may_be_cut() {
                true => return,
                false => connection.await,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}
