//! What plugins cost those who push: for each manifest, and while one of them loops.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf};

use anyhow::ensure;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    Arguments,
    cases::{ARTIFACTS, CROWD},
    client::{Client, Content},
    load::{REPOSITORY, manifest},
    median, percentile, percentiles,
    server::{Kind, Server},
};

/// How many plugins look at a manifest, in the rounds that are compared.
const PLUGINS: [usize; 3] = [0, 1, 5];
/// Clients that push what makes a plugin loop, each without a pause: more than have a turn at once.
const LOOPERS: usize = 16;
/// How much longer the slowest of a hundred may take while a plugin loops.
const FLOOD_BAR: f64 = 1.5;

/// Small artifacts, looked at by some plugins each, which read the config.
pub(crate) async fn side_by_side(arguments: &Arguments) -> anyhow::Result<()> {
    let policies =
        PLUGINS.iter().map(|count| Policy::of_readers(*count)).collect::<Result<Vec<_>, _>>()?;
    let mut rates = [const { Vec::new() }; PLUGINS.len()];
    let mut latencies = [const { Vec::new() }; PLUGINS.len()];
    for round in 0..arguments.rounds {
        for turn in 0..PLUGINS.len() {
            let which = (round + turn) % PLUGINS.len();
            let server = policies[which].serve(arguments).await?;
            let run = ARTIFACTS.run(&server).await?;
            rates[which].push(run.rate);
            latencies[which].extend(run.latencies);
            server.stop().await?;
        }
    }
    println!("\n{}, by plugins that look at each manifest:", ARTIFACTS.name);
    for (which, count) in PLUGINS.iter().enumerate() {
        let rate = median(&rates[which]);
        let of = rate / median(&rates[0]);
        let latency = percentiles(&latencies[which]);
        println!("  {count}: {rate:.0} /s, {of:.2} of that without; p50/p99 ms {latency}");
    }
    Ok(())
}

/// A crowd that pushes at once, without and with others whose pushes make a plugin loop.
pub(crate) async fn flood(arguments: &Arguments) -> anyhow::Result<()> {
    let policy = Policy::of_looper()?;
    let mut slowest = [Vec::new(), Vec::new()];
    for round in 0..arguments.rounds {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let server = policy.serve(arguments).await?;
            let loopers = if which == 1 { loopers(server.addr()).await? } else { Vec::new() };
            let run = CROWD.run(&server).await?;
            ensure!(!loopers.iter().any(JoinHandle::is_finished), "what should loop has ended");
            loopers.iter().for_each(JoinHandle::abort);
            slowest[which].push(percentile(&run.latencies, 99));
            server.stop().await?;
        }
    }
    let [quiet, flooded] = slowest.map(|rounds| median(&rounds));
    let ratio = flooded / quiet;
    println!(
        "\n{}, p99 ms: {quiet:.0}, and {flooded:.0} while one plugin loops; ratio {ratio:.2}, bar \
         {FLOOD_BAR}{}",
        CROWD.name,
        if ratio <= FLOOD_BAR { "" } else { "  MISSED" },
    );
    Ok(())
}

/// Pushes that are refused after a minute of computing, until they are aborted.
async fn loopers(addr: SocketAddr) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let mut loopers = Vec::new();
    for number in 0..LOOPERS {
        let repository = format!("loops/{number}");
        let mut client = Client::connect(addr).await?;
        let blob = Content::of(number.to_string().into());
        client.push_blob(&repository, &blob, false).await?;
        let body = manifest(&blob, &blob);
        loopers.push(tokio::spawn(async move {
            let mut tag = 0;
            let path = |tag| format!("/v2/{repository}/manifests/{tag}");
            while client.refused_manifest(&path(tag), &body).await.is_ok() {
                tag += 1;
            }
        }));
    }
    Ok(loopers)
}

/// A policy file in a folder of its own.
struct Policy {
    path: PathBuf,
    _folder: TempDir,
}

impl Policy {
    /// So many plugins that read the config of what is loaded.
    fn of_readers(count: usize) -> anyhow::Result<Self> {
        let guest = guest("misbehave")?;
        // what differs in its settings is reviewed apart
        let reader =
            |number| json!({ "file": guest, "settings": { "mode": "read", "as": number } });
        let named = |number| (format!("reads{number}"), reader(number));
        let plugins: BTreeMap<_, _> = (0..count).map(named).collect();
        let names: Vec<_> = plugins.keys().collect();
        let about = json!({ "repositories": [REPOSITORY] });
        let rule = json!({ "name": "reads", "match": about, "check": names });
        let rules = if count == 0 { Vec::new() } else { vec![rule] };
        Self::new(&json!({ "version": 1, "plugins": plugins, "rules": rules }))
    }

    /// An ordinary plugin for what is loaded, and one that loops elsewhere.
    fn of_looper() -> anyhow::Result<Self> {
        let about = |repository| json!({ "repositories": [repository] });
        let rule = |name, repository| {
            let about = about(repository);
            json!({ "name": name, "match": about, "check": [name] })
        };
        Self::new(&json!({
            "version": 1,
            "plugins": {
                "looks": { "file": guest("clumsy")? },
                "loops": {
                    "file": guest("misbehave")?,
                    "settings": { "mode": "spin-in-reviews" },
                    "limits": { "cpu": "60s", "time": "600s" },
                },
            },
            "rules": [rule("looks", REPOSITORY), rule("loops", "loops/*")],
        }))
    }

    /// JSON is YAML.
    fn new(policy: &Value) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in("target")?;
        let path = folder.path().join("policy.yaml");
        fs::write(&path, policy.to_string())?;
        Ok(Self { path, _folder: folder })
    }

    async fn serve(&self, arguments: &Arguments) -> anyhow::Result<Server> {
        let (binary, policy) = (&arguments.roadstead, Some(self.path.as_path()));
        Server::start(Kind::Roadstead { binary, fsync: false, policy }).await
    }
}

fn guest(name: &str) -> anyhow::Result<PathBuf> {
    Ok(fs::canonicalize(format!("target/plugins/{name}.wasm"))?)
}
