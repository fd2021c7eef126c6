//! A case in several rounds, in which the servers take turns.

use std::time::Duration;

use crate::{
    Arguments,
    cases::Case,
    median,
    server::{Kind, Server},
};

/// A server that a case is put to.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    Roadstead,
    Distribution,
    Floor,
}

/// What one case came to against one server.
#[derive(Default)]
pub(crate) struct Measured {
    rates: Vec<f64>,
    pub(crate) latencies: Vec<Duration>,
    pub(crate) peak_bytes: u64,
    cpu_seconds: Vec<f64>,
}

impl Which {
    fn kind<'a>(self, case: &Case, arguments: &'a Arguments) -> Kind<'a> {
        match self {
            Self::Roadstead => {
                Kind::Roadstead { binary: &arguments.roadstead, fsync: case.fsync, policy: None }
            }
            Self::Distribution => Kind::Distribution { binary: &arguments.distribution },
            Self::Floor => Kind::Floor,
        }
    }
}

impl Measured {
    /// In the unit of the case, the median of the rounds.
    pub(crate) fn rate(&self) -> f64 {
        median(&self.rates)
    }

    /// Seconds of computing for a gigabyte, the median of the rounds.
    pub(crate) fn cpu_seconds(&self, gigabytes: f64) -> f64 {
        median(&self.cpu_seconds) / gigabytes
    }
}

/// Rounds of a case against two servers, who take turns in going first.
pub(crate) async fn measure(
    case: &Case,
    servers: [Which; 2],
    arguments: &Arguments,
) -> anyhow::Result<[Measured; 2]> {
    let mut measured = <[Measured; 2]>::default();
    for round in 0..arguments.rounds.max(1) {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let server = Server::start(servers[which].kind(case, arguments)).await?;
            let run = case.run(&server).await?;
            let measured = &mut measured[which];
            measured.rates.push(run.rate);
            measured.latencies.extend(run.latencies);
            measured.peak_bytes = measured.peak_bytes.max(server.process().peak_bytes()?);
            measured.cpu_seconds.push(run.cpu_seconds);
            server.stop().await?;
        }
    }
    Ok(measured)
}
