//! What the official suite does not ask, or asks only in passing.

mod errors;
mod listing;
mod referrers;
