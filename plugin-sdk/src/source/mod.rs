//! The host's side: the contract's imports in a component, a test's scene natively.

#[cfg(target_family = "wasm")]
mod host;
#[cfg(not(any(target_family = "wasm", feature = "testing")))]
mod nothing;

#[cfg(all(not(target_family = "wasm"), feature = "testing"))]
pub(crate) use crate::testing::host::*;
#[cfg(target_family = "wasm")]
pub(crate) use host::*;
#[cfg(not(any(target_family = "wasm", feature = "testing")))]
pub(crate) use nothing::*;

pub(crate) use crate::bindings::roadstead::admission::log::Level;
