//! The accept loop: ours, since axum's has no time-outs, no limits and no drain with a deadline.
//!
//! A client may be slow or hostile at four places: before its header ends, between two frames of
//! its body, in taking the answer, and by holding many connections. Each has its bound here.

mod config;
mod connection;
mod head;
mod open_files;
mod seats;
mod slow;
mod wire;

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::HttpConfig;
use connection::{Connection, Seated};
use seats::{GRACE, Seat, Seats};

/// Where connections come from.
pub enum Listener {
    /// clients
    Tcp(TcpListener),
    /// the operator's commands
    Unix(UnixListener),
}

/// The address that a request's connection comes from, in the request's extensions. None: the
/// operator's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

/// Which lengths the header of a request gave that can't be seen among its headers, in the
/// request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    /// whether there was a `Content-Length`
    pub(super) content_length: bool,
}

/// Serves until `stop` says so, then lets what is under way end, for as long as the drain lasts.
pub async fn serve(
    listener: Listener,
    router: Router,
    config: HttpConfig,
    mut stop: watch::Receiver<bool>,
) {
    let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
    let seats = Seats::new(config.connections_max, config.address_percent_max, GRACE);
    let mut crowd = Crowd::new(&config);
    loop {
        let accepted = async {
            let (connection, peer) = accept(&listener).await?;
            Ok((connection, peer, seats.take(peer.0).await))
        };
        let accepted: io::Result<_> = tokio::select! {
            accepted = accepted => accepted,
            () = stopped(&mut stop) => break,
        };
        let (seated, router, config) = match accepted {
            Ok((connection, peer, Some(seat))) => {
                (Seated { connection, peer, seat }, router.clone(), config.clone())
            }
            Ok((connection, peer, None)) => match crowd.seat(peer) {
                Some(seat) => {
                    let refusing = super::unavailable(CROWDED);
                    (Seated { connection, peer, seat }, refusing, crowd.config.clone())
                }
                None => continue,
            },
            // that one client was gone again
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // out of descriptors, most often: wait until some are free again
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        let serving = connection::serve(seated, router, config, stop.clone());
        let serving = cut.clone().run_until_cancelled_owned(serving);
        // that some were cut is told once, for all of them
        connections.spawn(async move { serving.await.unwrap_or_default() });
    }
    connections.close();
    let drain = Duration::from_secs(config.drain_seconds_max);
    if timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "drain timed out; the open connections are closed"
        );
        // their bodies end with them, and so do the changes that wait for more of these
        cut.cancel();
        connections.wait().await;
    }
}

/// Whoever could say stop being gone says it as well.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

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

const CROWDED: &str = "too many requests from this address are under way; try again";

/// Connections beyond the share of their address: their first request gets 503.
struct Crowd {
    seats: Arc<Seats>,
    config: HttpConfig,
    logged: Option<Instant>,
}

impl Crowd {
    /// More at once are closed without an answer.
    const CONNECTIONS_MAX: usize = 64;
    const HEADER_SECONDS_MAX: u64 = 5;
    /// Between two lines in the log.
    const SILENCE: Duration = Duration::from_mins(1);

    fn new(config: &HttpConfig) -> Self {
        let header_seconds_max = config.header_seconds_max.min(Self::HEADER_SECONDS_MAX);
        let config = HttpConfig { header_seconds_max, ..config.clone() };
        Self { seats: Seats::new(Self::CONNECTIONS_MAX, 100, GRACE), config, logged: None }
    }

    /// A seat for as long as it takes to refuse, if there is one.
    fn seat(&mut self, peer: Peer) -> Option<Seat> {
        if self.logged.is_none_or(|logged| logged.elapsed() > Self::SILENCE) {
            self.logged = Some(Instant::now());
            let address = peer.0.map(|address| address.to_string());
            tracing::warn!(
                address,
                "an address has as many requests under way as http.address_percent_max allows; its \
                 other requests get 503. If it is a proxy, raise the key to 100"
            );
        }
        self.seats.take_now(None)
    }
}
