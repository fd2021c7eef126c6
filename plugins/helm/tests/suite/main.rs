//! The helm plugin over blobs in memory: charts that somebody changed, and what real helms read.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod archives;
mod cases;
mod charts;
mod golden;
mod manifests;
mod metadata;
mod pulled;
mod push;
mod settings;
mod tables;
mod tar;
mod vendored;
mod walked;
