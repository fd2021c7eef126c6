//! The same load against Roadstead and CNCF distribution, on the same disk, in one run; then what
//! admission costs.
//!
//! Rounds alternate between the servers, and what counts is the ratio of the medians: on a shared
//! machine nothing else can be compared. Bodies are random and made before the clock starts.
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::cast_precision_loss, reason = "megabytes a second need no 53 bits")]

mod admission;
mod cases;
mod chart;
mod client;
mod floor;
mod growth;
mod load;
mod peers;
mod plugins;
mod process;
mod rounds;
mod server;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, value_parser};

use server::{Kind, Server};

/// Compares Roadstead with CNCF distribution.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Runs only the cases whose name contains this; beside those of the table chart, plugins,
    /// flood, admission and growth
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
    /// How many manifests, tags, referrers, refusals and chunks the larger store of `growth` has
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(2000..))]
    growth: u32,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves what the floor of pushes is: see floor.rs
    #[command(hide = true)]
    Floor { addr: SocketAddr, folder: PathBuf },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Floor { addr, folder }) => floor::serve(*addr, folder),
        None => {
            // of a run that was cut off
            server::remove_folders()?;
            compare(&arguments)?;
            server::remove_folders()
        }
    }
}

#[tokio::main]
async fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    floor::compare(arguments).await?;
    peers::run(arguments).await?;
    if "chart".contains(&arguments.only) {
        charts(arguments).await?;
    }
    if "plugins".contains(&arguments.only) {
        plugins::side_by_side(arguments).await?;
    }
    if "flood".contains(&arguments.only) {
        plugins::flood(arguments).await?;
    }
    if "admission".contains(&arguments.only) {
        admission::run().await?;
    }
    if "growth".contains(&arguments.only) {
        growth::run(arguments).await?;
    }
    Ok(())
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
