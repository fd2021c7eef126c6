//! The loads of the table, each bounded in count, and their bars.

use crate::load::MIB;

/// One line of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// what the ratio should be at least
    pub(crate) bar: f64,
    /// which share of the floor's rate Roadstead's should be at least
    pub(crate) floor_bar: Option<f64>,
    /// whether Roadstead makes its writes durable; distribution never does
    pub(crate) fsync: bool,
    pub(crate) streams: usize,
    pub(crate) count: usize,
    pub(crate) load: Load,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Load {
    /// bytes of a blob, and whether by PATCH
    Push(usize, bool),
    /// bytes of a blob
    Pull(usize),
    ManifestByTag,
    ManifestByDigest,
    /// HEAD, POST, PUT for config and layer, then the manifest by tag
    Artifacts,
}

/// How much faster than distribution's pushes Roadstead's should be.
const PUSH_BAR: f64 = 1.8;
/// Which share of the floor's rate a push should reach where streams keep all cores at work.
const FLOOR_BAR: f64 = 0.85;

const fn case(name: &'static str, bar: f64, streams: usize, count: usize, load: Load) -> Case {
    Case { name, bar, floor_bar: None, fsync: false, streams, count, load }
}

/// Pushes of so many blobs of so many bytes by so many streams, which have a floor of their own.
const fn floored(name: &'static str, streams: usize, count: usize, load: Load) -> Case {
    Case { floor_bar: Some(FLOOR_BAR), ..case(name, PUSH_BAR, streams, count, load) }
}

pub(crate) const CASES: [Case; 11] = [
    case("push 16 MiB x 1 PUT", PUSH_BAR, 1, 24, Load::Push(16 * MIB, false)),
    case("push 16 MiB x 1 PATCH", PUSH_BAR, 1, 24, Load::Push(16 * MIB, true)),
    floored("push 8 MiB x 4 PUT", 4, 64, Load::Push(8 * MIB, false)),
    floored("push 8 MiB x 4 PATCH", 4, 64, Load::Push(8 * MIB, true)),
    floored("push 1 MiB x 16 PUT", 16, 400, Load::Push(MIB, false)),
    floored("push 1 MiB x 16 PATCH", 16, 400, Load::Push(MIB, true)),
    case("pull 64 MiB x 4", 1.5, 4, 48, Load::Pull(64 * MIB)),
    case("manifest by tag x 16", 3.0, 16, 20_000, Load::ManifestByTag),
    case("manifest by digest x 16", 3.0, 16, 20_000, Load::ManifestByDigest),
    ARTIFACTS,
    Case { name: "artifacts x 4 fsync", bar: 1.0, fsync: true, ..ARTIFACTS },
];

/// Small artifacts, one after the other by a few clients.
pub(crate) const ARTIFACTS: Case = case("artifacts x 4", 3.0, 4, 600, Load::Artifacts);

/// A thousand clients at once, with a small artifact each.
pub(crate) const CROWD: Case = case("artifacts x 1000", 0.0, 1000, 1000, Load::Artifacts);

impl Case {
    pub(crate) fn unit(&self) -> &'static str {
        match self.load {
            Load::Push(..) | Load::Pull(_) => "MB/s",
            _ => "/s",
        }
    }

    /// Gigabytes of blobs that a run moves; none where it is not about bytes.
    pub(crate) fn gigabytes(&self) -> Option<f64> {
        match self.load {
            Load::Push(size, _) | Load::Pull(size) => Some((size * self.count) as f64 / 1e9),
            _ => None,
        }
    }

    /// Whether the load makes sense for what is no registry.
    pub(crate) fn is_push(&self) -> bool {
        matches!(self.load, Load::Push(..))
    }
}
