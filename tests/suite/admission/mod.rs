//! What may land, and why.

mod charts;
mod hostile;
