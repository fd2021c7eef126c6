//! Real clients, unchanged, against the real server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../harness/mod.rs"]
mod harness;

mod guide;
mod helm;
mod oras;
mod readme;
