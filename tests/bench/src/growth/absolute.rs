//! What has a bar of its own, or none: an index of many children, and the first start.

use std::{path::Path, time::Instant};

use bytes::Bytes;

use super::{build, content};
use crate::{
    client::Client,
    median,
    server::{Kind, Server},
};

/// How often each is measured.
const ROUNDS: usize = 5;
/// Children of the index.
const CHILDREN: usize = 1000;
/// Longest time for the PUT of such an index, with everything on the disk before the answer.
const INDEX_SECONDS_MAX: f64 = 0.5;

/// PUT of an index of many children with fsync on: each child adds an entry.
pub(super) async fn index_of_many(binary: &Path) -> anyhow::Result<()> {
    let kind = |fsync| Kind::Roadstead { binary, fsync, policy: None };
    let server = Server::start(kind(false)).await?;
    build::many(server.addr(), CHILDREN).await?;
    // filling the store is not what is measured, and takes minutes with fsync
    let server = server.restart(kind(true)).await?;
    let children: Vec<Bytes> = (0..CHILDREN).map(content::manifest).collect();
    let mut client = Client::connect(server.addr()).await?;
    let mut seconds = Vec::new();
    for number in 0..ROUNDS {
        let index = content::index(&children, number);
        let started = Instant::now();
        build::push_index(&mut client, &index).await?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    let seconds = median(&seconds);
    let missed = if seconds <= INDEX_SECONDS_MAX { "" } else { "  MISSED" };
    println!(
        "PUT of an index of {CHILDREN} children, fsync on: {seconds:.3} s, bar \
         {INDEX_SECONDS_MAX} s{missed}"
    );
    server.stop().await
}

/// A start on a new folder, where every plugin has to be compiled.
pub(super) async fn first_start(binary: &Path) -> anyhow::Result<()> {
    let (mut seconds, mut mib) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let kind = Kind::Roadstead { binary, fsync: true, policy: None };
        let server = Server::start(kind).await?;
        seconds.push(server.start.as_secs_f64());
        mib.push(server.process().peak_bytes()? as f64 / f64::from(1 << 20));
        server.stop().await?;
    }
    println!(
        "first start on a new folder: {:.2} s to the first 200 of /v2/, at most {:.0} MiB",
        median(&seconds),
        median(&mib)
    );
    Ok(())
}
