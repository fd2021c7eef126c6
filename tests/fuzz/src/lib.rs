//! What reads bytes that anybody may send, and what must hold whatever they are.
//!
//! A target is an ordinary function of bytes that panics where a promise is broken. `cargo test`
//! replays each target's corpus and some thousand mutations of it, the same ones each time;
//! `make fuzz` goes on for as long as it is told to.

#![expect(clippy::missing_panics_doc, reason = "a target panics where something is wrong")]

pub mod mutate;
mod targets;

pub use targets::{answer, manifest, names, policy, range, route};
