//! One target a file.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a broken promise ends the run")]

mod answer;
mod manifest;
mod names;
mod policy;
mod range;
mod route;

pub use answer::answer;
pub use manifest::manifest;
pub use names::names;
pub use policy::policy;
pub use range::range;
pub use route::route;
