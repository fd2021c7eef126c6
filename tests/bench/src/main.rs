//! The same load against Roadstead and CNCF distribution, on the same disk, in one run; then what
//! admission costs.
//!
//! Rounds alternate between the servers, and what counts is the ratio of the medians: on a shared
//! machine nothing else can be compared. Bodies are random and made before the clock starts.
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::cast_precision_loss, reason = "megabytes a second need no 53 bits")]

mod admission;
mod chart;
mod client;
mod load;
mod plugins;
mod server;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use load::{CASES, Case};
use server::{Kind, Server};

/// Compares Roadstead with CNCF distribution.
#[derive(Debug, Parser)]
struct Arguments {
    /// Runs only the cases whose name contains this; beside those of the table chart, plugins,
    /// flood and admission
    #[arg(long, default_value = "")]
    only: String,
    /// Rounds of each case against each server
    #[arg(long, default_value_t = 5)]
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
        "{:<24} {:>10} {:>12} {:>6} {:>4}  {:>27}  {:>15}",
        "", "roadstead", "distribution", "ratio", "bar", "p50/p99 ms of each", "peak MiB"
    );
    for case in CASES.iter().filter(|case| case.name.contains(&arguments.only)) {
        let [ours, theirs] = run(case, &arguments).await?;
        let ratio = median(&ours.rates) / median(&theirs.rates);
        println!(
            "{:<24} {:>10.0} {:>12.0} {ratio:>6.2} {:>4}  {:>13} {:>13}  {:>7} {:>7}  {}{}",
            case.name,
            median(&ours.rates),
            median(&theirs.rates),
            case.bar,
            percentiles(&ours.latencies),
            percentiles(&theirs.latencies),
            ours.peak_bytes >> 20,
            theirs.peak_bytes >> 20,
            case.unit(),
            if ratio >= case.bar { "" } else { "  MISSED" },
        );
    }
    if "chart".contains(&arguments.only) {
        charts(&arguments).await?;
    }
    if "plugins".contains(&arguments.only) {
        plugins::side_by_side(&arguments).await?;
    }
    if "flood".contains(&arguments.only) {
        plugins::flood(&arguments).await?;
    }
    if "admission".contains(&arguments.only) {
        admission::run().await?;
    }
    Ok(())
}

/// Rounds against both servers, who take turns in going first.
async fn run(case: &Case, arguments: &Arguments) -> anyhow::Result<[Measured; 2]> {
    let mut measured = [Measured::default(), Measured::default()];
    for round in 0..arguments.rounds.max(1) {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let kind = match which {
                0 => Kind::Roadstead {
                    binary: &arguments.roadstead,
                    fsync: case.fsync,
                    policy: None,
                },
                _ => Kind::Distribution { binary: &arguments.distribution },
            };
            let server = Server::start(kind).await?;
            let run = case.run(server.addr()).await?;
            let measured = &mut measured[which];
            measured.rates.push(run.rate);
            measured.latencies.extend(run.latencies);
            measured.peak_bytes = measured.peak_bytes.max(server.peak_bytes()?);
            server.stop().await?;
        }
    }
    Ok(measured)
}

/// What the review of a chart adds to its push.
async fn charts(arguments: &Arguments) -> anyhow::Result<()> {
    let kind = Kind::Roadstead { binary: &arguments.roadstead, fsync: false, policy: None };
    let server = Server::start(kind).await?;
    let timed = chart::run(server.addr()).await?;
    println!(
        "\nPUT of a chart's manifest, p50/p99 ms: judged {}, its review remembered {}",
        percentiles(&timed.judged),
        percentiles(&timed.remembered)
    );
    server.stop().await
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn percentiles(latencies: &[Duration]) -> String {
    format!("{:.1}/{:.1}", percentile(latencies, 50), percentile(latencies, 99))
}

/// In milliseconds.
fn percentile(latencies: &[Duration], percent: usize) -> f64 {
    let mut sorted = latencies.to_vec();
    sorted.sort();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
}
