//! What may land, and why.

mod cases;
mod charts;
mod hostile;
mod policies;
mod polyglots;
mod records;
mod sandbox;
