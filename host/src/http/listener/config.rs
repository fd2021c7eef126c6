//! `[http]`

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::open_files;

/// `[http]`: how the registry listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to listen on; port 0 takes a free one. Default: `127.0.0.1:5000`.
    pub listen: SocketAddr,
    /// Whether to listen beyond loopback although anyone could then push and delete. Default:
    /// false.
    pub allow_anonymous_beyond_loopback: bool,
    /// Most connections at once. Beyond that the connection that has been idle for longest is
    /// closed; while none is idle, new ones wait to be accepted. Default: 4096, or fewer where the
    /// limit of open files is low.
    pub connections_max: usize,
    /// Most of these connections that one address may have, in percent; for IPv6 one /64 network.
    /// At 100 there is no such limit, for a proxy through which all clients come. Default: 50.
    pub address_percent_max: u8,
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

impl HttpConfig {
    /// Raises the soft limit of open files to the hard one, and lowers `connections_max` where that
    /// is too low for it. Says so in the log.
    pub fn fit_open_files(&mut self) {
        self.connections_max = open_files::fit(self.connections_max);
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5000)),
            allow_anonymous_beyond_loopback: false,
            connections_max: 4096,
            address_percent_max: 50,
            header_seconds_max: 60,
            body_idle_seconds_max: 60,
            write_idle_seconds_max: 60,
            drain_seconds_max: 30,
        }
    }
}
