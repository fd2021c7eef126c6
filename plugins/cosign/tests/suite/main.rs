//! Signatures as clients push them, and as they must not be.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod attested;
mod bundles;
mod cases;
mod envelopes;
mod hostile;
mod logs;
mod payloads;
mod push;
mod readme;
mod real;
mod settings;
mod tags;
mod trust;
