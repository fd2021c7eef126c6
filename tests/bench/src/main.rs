//! The same load against Roadstead and CNCF distribution, on the same disk, in one run.
//!
//! Rounds alternate between the servers, and what counts is the ratio of the medians: on a shared
//! machine nothing else can be compared. Bodies are random and made before the clock starts.
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::cast_precision_loss, reason = "megabytes a second need no 53 bits")]

mod client;
mod load;
mod server;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use load::{CASES, Case};
use server::{Kind, Server};

/// Compares Roadstead with CNCF distribution.
#[derive(Debug, Parser)]
struct Arguments {
    /// Runs only the cases whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Rounds of each case against each server
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Roadstead's binary
    #[arg(long, default_value = "target/release/roadstead")]
    roadstead: PathBuf,
    /// CNCF distribution's binary
    #[arg(long, default_value = "target/tools/distribution-3.1.2/bin/registry")]
    distribution: PathBuf,
}

/// What one case came to against one server.
#[derive(Default)]
struct Measured {
    rates: Vec<f64>,
    latencies: Vec<Duration>,
    peak_bytes: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    println!(
        "{:<28} {:>12} {:>12} {:>7} {:>5}  {:>17} {:>17} {:>11}",
        "case", "roadstead", "distribution", "ratio", "bar", "p50/p99 ms", "p50/p99 ms", "peak MiB"
    );
    for case in CASES.iter().filter(|case| case.name.contains(&arguments.only)) {
        let [ours, theirs] = run(case, &arguments).await?;
        let ratio = median(&ours.rates) / median(&theirs.rates);
        let verdict = if ratio >= case.bar { "" } else { "  missed" };
        println!(
            "{:<28} {:>12} {:>12} {ratio:>7.2} {:>5.1}  {:>17} {:>17} {:>5}/{:<5}{verdict}",
            case.name,
            format!("{:.0} {}", median(&ours.rates), case.unit()),
            format!("{:.0} {}", median(&theirs.rates), case.unit()),
            case.bar,
            percentiles(&ours.latencies),
            percentiles(&theirs.latencies),
            ours.peak_bytes >> 20,
            theirs.peak_bytes >> 20,
        );
    }
    Ok(())
}

async fn run(case: &Case, arguments: &Arguments) -> anyhow::Result<[Measured; 2]> {
    let mut measured = [Measured::default(), Measured::default()];
    for _ in 0..arguments.rounds.max(1) {
        let kinds = [
            Kind::Roadstead { binary: arguments.roadstead.clone(), fsync: case.fsync },
            Kind::Distribution { binary: arguments.distribution.clone() },
        ];
        for (kind, measured) in kinds.into_iter().zip(&mut measured) {
            let server = Server::start(kind).await?;
            let (amount, duration, latencies) = case.run(server.addr()).await?;
            measured.rates.push(amount / duration.as_secs_f64());
            measured.latencies.extend(latencies);
            measured.peak_bytes = measured.peak_bytes.max(server.peak_bytes()?);
            server.stop().await?;
        }
    }
    Ok(measured)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn percentiles(latencies: &[Duration]) -> String {
    let mut sorted = latencies.to_vec();
    sorted.sort();
    let at = |percent: usize| {
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    };
    format!("{:.2}/{:.2}", at(50), at(99))
}
