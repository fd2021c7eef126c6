//! What may land, and why.

mod charts;
mod hostile;
mod policies;
mod polyglots;
