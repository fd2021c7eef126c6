//! Real clients, unchanged, against the real server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../harness/mod.rs"]
mod harness;

mod client;
mod containers;
mod cosign;
mod eval;
mod guide;
mod helm;
mod operator;
mod oras;
mod readme;
mod refusals;
