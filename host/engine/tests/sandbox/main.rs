//! Whatever a guest does, the host answers in time, says why, and the next review is unharmed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod content;
mod limits;
mod loading;
#[cfg(target_os = "linux")]
mod scarce;
mod scene;
mod turns;
