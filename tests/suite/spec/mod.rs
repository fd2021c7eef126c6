//! What the official suite does not ask, or asks only in passing.

mod blobs;
mod errors;
mod listing;
mod manifests;
mod referrers;
