//! What may land, and why.

mod below;
mod broken_policies;
mod cases;
mod charts;
mod hostile;
mod language;
mod lints;
mod offline;
pub(crate) mod policies;
mod polyglots;
mod records;
mod runnable;
mod sandbox;
mod signature_tags;
mod trials;
mod turns;
