//! The helm plugin over blobs in memory: charts that somebody changed, and what real helms read.

mod charts;
mod golden;
mod push;
