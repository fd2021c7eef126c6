//! What a review may use, as a policy writes it under `limits`.

use std::time::Duration;

use roadstead_engine::Limits;
use serde::Serialize;

/// A key of `limits`.
#[derive(Serialize)]
pub(super) struct Limit {
    name: &'static str,
    /// where the policy sets none
    default: String,
    /// what a policy may set
    most: String,
}

/// All of them, for a plugin with these defaults.
pub(super) fn all(default: &Limits) -> Vec<Limit> {
    let most = Limits::largest();
    let limit =
        |name, of: fn(&Limits) -> String| Limit { name, default: of(default), most: of(&most) };
    vec![
        limit("time", |limits| seconds(limits.wall)),
        limit("cpu", |limits| seconds(limits.cpu)),
        limit("memory", |limits| bytes(limits.memory_bytes_max as u64)),
        limit("decoded", |limits| bytes(limits.decoded_bytes_max)),
        limit("calls", |limits| limits.host_calls_max.to_string()),
    ]
}

impl Limit {
    /// Its line in a table.
    pub(super) fn told(&self) -> String {
        let Self { name, default, most } = self;
        format!("{name:<8}  {default:<7}  {most}")
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs())
}

fn bytes(bytes: u64) -> String {
    match bytes {
        bytes if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        bytes => format!("{}MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of policies/README.md.
    #[test]
    fn the_guide_says_what_the_engine_does() {
        let guide = include_str!("../../../../policies/README.md");
        for Limit { name, default, most } in all(&Limits::default()) {
            let row = format!("| `{name}` | {default} | {most} | ");
            assert!(guide.lines().any(|line| line.starts_with(&row)), "{row}");
        }
    }
}
