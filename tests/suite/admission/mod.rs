//! What may land, and why.

mod broken_policies;
mod cases;
mod charts;
mod hostile;
mod offline;
mod policies;
mod polyglots;
mod records;
mod sandbox;
