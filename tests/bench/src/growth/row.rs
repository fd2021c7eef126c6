//! The rows of the table, and what each of them may cost.

use std::time::Duration;

use crate::median;

/// What is done over and over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    DeleteBlob,
    DeleteManifest,
    TagsPage,
    TagsAll,
    LiveTags,
    Referrers,
    ReferrersOfType,
    Verdicts,
    Chunk,
    Check,
}

/// How the cost may grow with the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// not at all, but for noise
    Flat,
    /// as the store does, and a fifth more
    Linear,
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) operation: Operation,
    pub(crate) bar: Bar,
    /// operations in a round
    pub(crate) count: u32,
}

const fn flat(name: &'static str, operation: Operation, count: u32) -> Row {
    Row { name, operation, bar: Bar::Flat, count }
}

const fn linear(name: &'static str, operation: Operation, count: u32) -> Row {
    Row { name, operation, bar: Bar::Linear, count }
}

pub(crate) const ROWS: [Row; 10] = [
    flat("DELETE a blob", Operation::DeleteBlob, DELETES_IN_ROUND),
    flat("DELETE a manifest", Operation::DeleteManifest, DELETES_IN_ROUND),
    flat("100 tags from the middle", Operation::TagsPage, 20),
    flat("100 tags, n deleted", Operation::LiveTags, 20),
    flat("PATCH, n chunks sent", Operation::Chunk, 10),
    flat("verdict list without a hit", Operation::Verdicts, 2),
    linear("all tags", Operation::TagsAll, 3),
    linear("all referrers", Operation::Referrers, 1),
    linear("referrers of a rare type", Operation::ReferrersOfType, 1),
    linear("check", Operation::Check, 1),
];

/// Each of them takes something away that was stored to be deleted.
pub(crate) const DELETES_IN_ROUND: u32 = 10;

impl Bar {
    /// Below this on both stores a flat row holds its bar: the scheduler's noise is as large.
    const NOISE_MS: f64 = 0.3;

    /// Returns the largest ratio between two stores of which one is so many times as large.
    pub(crate) fn ratio(self, growth: f64) -> f64 {
        match self {
            Self::Flat => 1.5,
            Self::Linear => 1.2 * growth,
        }
    }

    pub(crate) fn holds(self, growth: f64, small_ms: f64, large_ms: f64) -> bool {
        let noise = matches!(self, Self::Flat) && small_ms.max(large_ms) < Self::NOISE_MS;
        noise || large_ms / small_ms <= self.ratio(growth)
    }
}

/// What one operation took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// from the request to the end of the answer, the median of a round
    pub(crate) wall_ms: f64,
    /// the server's computing, the mean of a round
    pub(crate) cpu_ms: f64,
}

impl Sample {
    pub(crate) fn new(walls: &[Duration], cpu: Duration) -> Self {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let walls_ms: Vec<f64> = walls.iter().copied().map(ms).collect();
        Self { wall_ms: median(&walls_ms), cpu_ms: ms(cpu) / walls.len() as f64 }
    }

    pub(crate) fn median(samples: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| median(&samples.iter().map(value).collect::<Vec<_>>());
        Self { wall_ms: of(|sample| sample.wall_ms), cpu_ms: of(|sample| sample.cpu_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::Bar;

    #[test]
    fn a_flat_row_may_grow_by_half_or_stay_below_the_noise() {
        assert!(Bar::Flat.holds(10.0, 1.0, 1.5));
        assert!(!Bar::Flat.holds(10.0, 1.0, 1.6));
        assert!(Bar::Flat.holds(10.0, 0.05, 0.29));
        assert!(!Bar::Flat.holds(10.0, 0.05, 0.31));
    }

    #[test]
    fn a_linear_row_may_grow_as_the_store_does_and_by_a_fifth() {
        assert!(Bar::Linear.holds(10.0, 1.0, 12.0));
        assert!(!Bar::Linear.holds(10.0, 0.01, 0.13));
        assert!(Bar::Linear.holds(100.0, 1.0, 120.0));
    }
}
