//! The table: the same load against Roadstead and CNCF distribution.

use crate::{
    Arguments,
    cases::CASES,
    percentiles,
    rounds::{Which, measure},
};

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cases: Vec<_> = CASES.iter().filter(|case| case.name.contains(&arguments.only)).collect();
    if !cases.is_empty() {
        println!(
            "\n{:<24} {:>10} {:>12} {:>6} {:>4}  {:>27}  {:>15}",
            "", "roadstead", "distribution", "ratio", "bar", "p50/p99 ms of each", "peak MiB"
        );
    }
    for case in cases {
        let servers = [Which::Roadstead, Which::Distribution];
        let [ours, theirs] = measure(case, servers, arguments).await?;
        let ratio = ours.rate() / theirs.rate();
        println!(
            "{:<24} {:>10.0} {:>12.0} {ratio:>6.2} {:>4}  {:>13} {:>13}  {:>7} {:>7}  {}{}",
            case.name,
            ours.rate(),
            theirs.rate(),
            case.bar,
            percentiles(&ours.latencies),
            percentiles(&theirs.latencies),
            ours.peak_bytes >> 20,
            theirs.peak_bytes >> 20,
            case.unit(),
            if ratio >= case.bar { "" } else { "  MISSED" },
        );
        if let Some(gigabytes) = case.gigabytes() {
            let computed = [ours, theirs].map(|measured| measured.cpu_seconds(gigabytes));
            println!("  {:<22} {:>10.2} {:>12.2}", "CPU s/GB", computed[0], computed[1]);
        }
    }
    Ok(())
}
