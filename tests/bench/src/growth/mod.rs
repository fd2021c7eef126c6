//! What gets slower as a store grows: the same operations on a small store and on a larger one.
//!
//! Both servers run side by side and take turns, so that a busy machine slows down both. What must
//! not depend on the size of the store has one bar for the ratio, what is linear another one. Some
//! rows have no ratio: see `absolute.rs`.

mod absolute;
mod build;
mod content;
mod row;
mod site;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{Arguments, server::Kind};
use row::{ROWS, Row, Sample};
use site::Site;

/// How many of everything the smaller store has.
const SMALL: usize = 1000;
/// How often each row is measured on each store, after a first time that does not count. Many short
/// rounds are better than a few long ones: what else the machine does comes and goes in bursts.
const ROUNDS: usize = 11;
/// A row that takes longer than this ends with the round that it is in, but not before one counts.
const ROW_SECONDS_MAX: u64 = 120;

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in("target")?;
    let policy = folder.path().join("policy.yaml");
    write_policy(&policy)?;
    let binary = arguments.roadstead.as_path();
    let kind = || Kind::Roadstead { binary, fsync: false, policy: Some(&policy) };
    println!();
    let mut small = Site::build(SMALL, binary, &kind).await?;
    let mut large = Site::build(usize::try_from(arguments.growth)?, binary, &kind).await?;
    compare(&mut small, &mut large).await?;
    small.stop().await?;
    large.stop().await?;
    absolute::index_of_many(binary).await?;
    absolute::first_start(binary).await
}

/// Measures every row on both stores and prints it.
async fn compare(small: &mut Site, large: &mut Site) -> anyhow::Result<()> {
    let growth = large.size as f64 / small.size as f64;
    println!("\nGrowth: milliseconds of an operation, medians of {ROUNDS} rounds");
    println!("{:<30} {:^29}   {:^29}", "", "from request to answer", "computing of the server");
    let columns = format!("{:>10} {:>10} {:>7}", small.size, large.size, "ratio");
    println!("{:<30} {columns}   {columns} {:>5}", "", "bar");
    for row in &ROWS {
        let started = Instant::now();
        let mut samples = [Vec::new(), Vec::new()];
        for round in 0..=ROUNDS {
            if round > 1 && started.elapsed() > Duration::from_secs(ROW_SECONDS_MAX) {
                break;
            }
            for turn in 0..2 {
                let which = (round + turn) % 2;
                let site = if which == 0 { &mut *small } else { &mut *large };
                let sample = site.measure(row).await?;
                // the first one pays for what a server keeps in memory from then on
                if round > 0 {
                    samples[which].push(sample);
                }
            }
        }
        print(row, growth, samples.map(|samples| Sample::median(&samples)));
    }
    small.memory().print(small.size);
    large.memory().print(large.size);
    Ok(())
}

fn print(row: &Row, growth: f64, [small, large]: [Sample; 2]) {
    let bar = row.bar.ratio(growth);
    let pairs = [(small.wall_ms, large.wall_ms), (small.cpu_ms, large.cpu_ms)];
    let held = pairs.iter().all(|(small, large)| row.bar.holds(growth, *small, *large));
    let [wall, cpu] =
        pairs.map(|(small, large)| format!("{small:>10.3} {large:>10.3} {:>7.2}", large / small));
    let missed = if held { "" } else { "  MISSED" };
    println!("{:<30} {wall}   {cpu} {bar:>5.1}{missed}", row.name);
}

/// The built-in policy, and a rule that rejects everything in one repository.
fn write_policy(path: &Path) -> anyhow::Result<()> {
    let rule = json!({
        "name": "rejects",
        "match": { "repositories": [content::REFUSED] },
        "acceptOnly": ["helm-chart"],
    });
    let policy = json!({ "version": 1, "include": ["builtin:default"], "rules": [rule] });
    // JSON is YAML
    fs::write(path, policy.to_string())?;
    Ok(())
}
