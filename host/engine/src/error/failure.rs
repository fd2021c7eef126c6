//! How a plugin can fail to judge, by codes whose meaning never changes.

/// Something that the host itself finds, rather than a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCode {
    /// what findings and policies call it
    pub id: &'static str,
    /// one line
    pub summary: &'static str,
    /// why, and what to do; Markdown
    pub explanation: &'static str,
}

pub(super) const PANIC: HostCode = code(
    "RSE001",
    "a plugin panicked while reviewing the artifact",
    "The plugin has a bug, or the content was made to exploit one. The server's log has the \
     message.",
);
pub(super) const MEMORY: HostCode = code(
    "RSE002",
    "a plugin exceeded its memory limit",
    "The content is larger than the plugin can handle, or was made to exhaust it. An operator can \
     grant more memory with `limits: { memory: … }`.",
);
pub(super) const CPU: HostCode = code(
    "RSE003",
    "a plugin exceeded its CPU limit",
    "The content is large, or makes the plugin loop. An operator can grant more CPU time with \
     `limits: { cpu: … }`.",
);
pub(super) const BUDGET: HostCode = code(
    "RSE004",
    "a plugin exceeded a limit on host calls or reads",
    "The plugin made more host calls, read more bytes, or held more blobs open than a review may. \
     An operator can grant more calls with `limits: { calls: … }`.",
);
pub(super) const OUTPUT: HostCode = code(
    "RSE005",
    "a plugin's report is too large",
    "The report has more findings or facts, or longer ones, than the contract allows. The plugin \
     has a bug, or the content was made to exploit one.",
);
pub(super) const MALFORMED: HostCode = code(
    "RSE006",
    "a plugin's report is invalid",
    "The report has a code that the plugin never declared, or breaks the contract in another way. \
     The plugin's author has to fix it.",
);
pub(super) const INTERNAL: HostCode = code(
    "RSE007",
    "a plugin reported a failure",
    "The message is the plugin's own: ask its author.",
);
pub(super) const CONTENT: HostCode = code(
    "RSE008",
    "content could not be read",
    "The store failed during a review. Push again. The server's log says why.",
);
pub(super) const GUEST: HostCode =
    code("RSE009", "a plugin could not judge now", "The message is the plugin's own. Push again.");
pub(super) const WALL: HostCode = code(
    "RSE010",
    "a review timed out",
    "The time includes waiting for content. The store or the machine is slow, or the artifact is \
     large. Push again. An operator can grant more time with `limits: { time: … }`.",
);
pub(super) const BUSY: HostCode = code(
    "RSE011",
    "too many reviews are waiting",
    "Push again a little later. `engine.reviews_per_core_max` limits how many reviews run at once, \
     and `engine.queue_seconds_max` how long a review waits.",
);
pub(super) const TRAP: HostCode = code(
    "RSE012",
    "a plugin was stopped",
    "The plugin recursed too deeply, or did something else that WebAssembly does not allow.",
);
pub(super) const HOST: HostCode = code(
    "RSE013",
    "the engine could not run a plugin",
    "Most likely the host lacks memory. The server's log says why.",
);

/// All of them.
pub const FAILURES: [HostCode; 13] = [
    PANIC, MEMORY, CPU, BUDGET, OUTPUT, MALFORMED, INTERNAL, CONTENT, GUEST, WALL, BUSY, TRAP, HOST,
];

const fn code(id: &'static str, summary: &'static str, explanation: &'static str) -> HostCode {
    HostCode { id, summary, explanation }
}
