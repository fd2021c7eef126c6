//! Looks at what is stored before anybody relies on it.
//!
//! A disk loses and changes bytes. Nothing that is damaged is served as sound, and a push of the
//! right bytes mends it. No key is written twice, so a push writes new ones beside the damaged
//! ones, and readers take those that are sound.

mod blobs;
mod manifests;

pub(crate) use blobs::{Proof, Sifted, agree};
pub(crate) use manifests::{Claims, State, Stored};
