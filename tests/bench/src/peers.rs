//! The table: the same load against Roadstead, CNCF distribution and, for pushes, the floor.

use std::time::Duration;

use crate::{
    Arguments,
    cases::{CASES, Case},
    median, percentiles,
    server::{Kind, Server},
};

/// What one case came to against one server.
#[derive(Default)]
struct Measured {
    rates: Vec<f64>,
    latencies: Vec<Duration>,
    peak_bytes: u64,
    cpu_seconds: Vec<f64>,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cases: Vec<_> = CASES.iter().filter(|case| case.name.contains(&arguments.only)).collect();
    if !cases.is_empty() {
        println!(
            "{:<24} {:>10} {:>12} {:>6} {:>4}  {:>27}  {:>15}",
            "", "roadstead", "distribution", "ratio", "bar", "p50/p99 ms of each", "peak MiB"
        );
    }
    for case in cases {
        let [ours, theirs, floor] = measure(case, arguments).await?;
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
        let Some(gigabytes) = case.gigabytes() else { continue };
        let computed = |measured: &Measured| median(&measured.cpu_seconds) / gigabytes;
        println!("  {:<22} {:>10.2} {:>12.2}", "CPU s/GB", computed(&ours), computed(&theirs));
        if case.is_push() {
            let share = median(&ours.rates) / median(&floor.rates);
            let (bar, missed) = match case.floor_bar {
                Some(bar) => (bar.to_string(), if share >= bar { "" } else { "  MISSED" }),
                None => ("-".to_owned(), ""),
            };
            println!(
                "  {:<22} {share:>30.2} {bar:>4}  the floor: {:.0} MB/s, {:.2} CPU s/GB{missed}",
                "of the floor",
                median(&floor.rates),
                computed(&floor),
            );
        }
    }
    Ok(())
}

/// Rounds against all servers, who take turns in going first.
async fn measure(case: &Case, arguments: &Arguments) -> anyhow::Result<[Measured; 3]> {
    let mut measured = <[Measured; 3]>::default();
    let servers = if case.is_push() { 3 } else { 2 };
    for round in 0..arguments.rounds.max(1) {
        for turn in 0..servers {
            let which = (round + turn) % servers;
            let kind = match which {
                0 => Kind::Roadstead {
                    binary: &arguments.roadstead,
                    fsync: case.fsync,
                    policy: None,
                },
                1 => Kind::Distribution { binary: &arguments.distribution },
                _ => Kind::Floor,
            };
            let server = Server::start(kind).await?;
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
