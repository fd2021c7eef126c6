//! What Roadstead promises, through its public surface: a real server on a loopback port.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../harness/mod.rs"]
mod harness;

mod admission;
mod architecture;
mod client;
mod operations;
mod spec;
mod storage;
