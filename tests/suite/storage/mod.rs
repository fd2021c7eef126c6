//! What the store promises, seen from outside.

mod damage;
mod kill;
mod memory;
mod restart;
