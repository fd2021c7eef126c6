//! Files that helm reads besides Chart.yaml.
//!
//! What is refused here helm refuses as well, for certain: a chart is not to fail because its
//! values are larger or stranger than this reader likes.

mod lock;
mod schema;
mod values;

pub(crate) use lock::Lock;
pub(crate) use schema::{Problem as SchemaProblem, check as check_schema};
pub(crate) use values::check as check_values;
