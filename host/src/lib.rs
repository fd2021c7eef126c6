//! Roadstead: an OCI registry that inspects what it stores.
//!
//! Edges between the units, one way (a test reads this table):
//!
//! ```text
//! main → cli → app → http → registry → admission → policy → engine ─┐
//!                     └→ auth    └→ storage ─────────────────────────┴→ oci → nothing
//! ```

pub mod admission;
pub mod app;
pub mod artifact;
pub mod auth;
pub mod cli;
pub mod codes;
pub mod config;
pub mod error;
mod file;
pub mod http;
pub mod kind;
mod nearest;
pub mod policy;
pub mod principal;
pub mod registry;
pub mod telemetry;
