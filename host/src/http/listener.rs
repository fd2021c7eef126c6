//! The accept loop: ours, since axum's has no time-outs, no cap and no drain with a deadline.
//!
//! A client may be slow or hostile at four places: before its header ends, between two frames of
//! its body, in taking the answer, and by holding many connections. Each has its bound here.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;

use super::{
    request_log::BytesIn,
    slow::{IdleBody, Progressing},
};

/// `[http]`: how the registry listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on; port 0 takes a free one. Default: `127.0.0.1:5000`.
    pub listen: SocketAddr,
    /// Whether to listen beyond loopback although anyone could then push and delete. Default:
    /// false.
    pub allow_anonymous_beyond_loopback: bool,
    /// Most connections at once; more wait to be accepted. Default: 4096.
    pub connections_max: usize,
    /// Seconds until the header of a request must be there, also of the next one on an idle
    /// connection. Default: 60.
    pub header_seconds_max: u64,
    /// Seconds that a client may pause within a body. What arrived of an upload is kept.
    /// Default: 60.
    pub body_idle_seconds_max: u64,
    /// Seconds that a client may take nothing of its answer. Default: 60.
    pub write_idle_seconds_max: u64,
    /// Seconds that requests under way have to end after SIGTERM. Default: 30.
    pub drain_seconds_max: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5000)),
            allow_anonymous_beyond_loopback: false,
            connections_max: 4096,
            header_seconds_max: 60,
            body_idle_seconds_max: 60,
            write_idle_seconds_max: 60,
            drain_seconds_max: 30,
        }
    }
}

/// Where connections come from.
pub enum Listener {
    /// clients
    Tcp(TcpListener),
    /// the operator's commands
    Unix(UnixListener),
}

/// Serves until `stop` says so, then lets what is under way end, for as long as the drain lasts.
pub async fn serve(
    listener: Listener,
    router: Router,
    config: HttpConfig,
    mut stop: watch::Receiver<bool>,
) {
    let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
    let free = Arc::new(Semaphore::new(config.connections_max));
    loop {
        let accepted = async {
            let permit = Arc::clone(&free).acquire_owned().await;
            (permit, accept(&listener).await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stopped(&mut stop) => break,
        };
        let connection = match accepted {
            Ok(connection) => connection,
            // that one client was gone again
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // out of descriptors, most often: wait until some are free again
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        let serving = serve_connection(connection, router.clone(), config.clone(), stop.clone());
        let serving = cut.clone().run_until_cancelled_owned(serving);
        connections.spawn(async move {
            // that some were cut is told once, for all of them
            serving.await.unwrap_or_default();
            drop(permit);
        });
    }
    connections.close();
    let drain = Duration::from_secs(config.drain_seconds_max);
    if timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections are cut at the end of the drain");
        // their bodies end with them, and so do the changes that wait for more of these
        cut.cancel();
        connections.wait().await;
    }
}

/// Whoever could say stop being gone says it as well.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// The address that a request's connection comes from, in the request's extensions. None: the
/// operator's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

type Connection = Box<dyn Stream>;

/// What a connection reads and writes.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

async fn accept(listener: &Listener) -> io::Result<(Connection, Peer)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, address) = listener.accept().await?;
            // fails only where the client is gone again, which reading will tell
            stream.set_nodelay(true).ok();
            Ok((Box::new(stream), Peer(Some(address.ip().to_canonical()))))
        }
        Listener::Unix(listener) => Ok((Box::new(listener.accept().await?.0), Peer(None))),
    }
}

async fn serve_connection(
    (connection, peer): (Connection, Peer),
    router: Router,
    config: HttpConfig,
    mut stop: watch::Receiver<bool>,
) {
    let idle = Duration::from_secs(config.body_idle_seconds_max);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let received = BytesIn::default();
        request.extensions_mut().insert(received.clone());
        request.extensions_mut().insert(peer);
        let request = request.map(|body| Body::new(IdleBody::new(body, idle, received)));
        router.clone().call(request)
    });
    let write_idle = Duration::from_secs(config.write_idle_seconds_max);
    let io = TokioIo::new(Progressing::new(connection, write_idle));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_seconds_max))
        .max_headers(100)
        .serve_connection(io, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
