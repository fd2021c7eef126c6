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
    "a plugin panicked over the artifact",
    "A defect of the plugin, or content made to find one. The server's log has the message.",
);
pub(super) const MEMORY: HostCode = code(
    "RSE002",
    "a plugin asked for more memory than it may have",
    "The content is larger than the plugin can take, or was made to exhaust it. An operator \
         can grant more with `limits: { memory: … }`.",
);
pub(super) const CPU: HostCode = code(
    "RSE003",
    "a plugin computed for too long",
    "The content makes the plugin loop, or simply is large. An operator can grant more with \
         `limits: { cpu: … }`.",
);
pub(super) const BUDGET: HostCode = code(
    "RSE004",
    "a plugin used up a budget",
    "It made more host calls, read more bytes, or held more open than a review may. An \
         operator can grant more calls with `limits: { calls: … }`.",
);
pub(super) const OUTPUT: HostCode = code(
    "RSE005",
    "a plugin answered too much",
    "It has more findings or facts, or longer ones, than the contract allows: a defect of the \
         plugin, or content made to find one.",
);
pub(super) const MALFORMED: HostCode = code(
    "RSE006",
    "a plugin answered something that makes no sense",
    "Its answer has a code that it never declared, or breaks the contract in another way. The \
         plugin's author has to mend it.",
);
pub(super) const INTERNAL: HostCode =
    code("RSE007", "a plugin says that it failed", "The message is the plugin's own.");
pub(super) const CONTENT: HostCode = code(
    "RSE008",
    "content could not be read",
    "The store failed during a review. Push again; the server's log says why.",
);
pub(super) const GUEST: HostCode = code(
    "RSE009",
    "a plugin could not judge for now",
    "Push again. The message is the plugin's own.",
);
pub(super) const WALL: HostCode = code(
    "RSE010",
    "a review took too long, waiting for content included",
    "The store or the machine is slow, or the artifact is large. Push again; an operator can \
         grant more with `limits: { time: … }`.",
);
pub(super) const BUSY: HostCode = code(
    "RSE011",
    "too many reviews wait for their turn",
    "Push again a little later. `engine.reviews_per_core_max` and `engine.queue_seconds_max` \
         bound what runs and what waits.",
);
pub(super) const TRAP: HostCode = code(
    "RSE012",
    "a plugin was stopped",
    "It recursed too deeply, or did something else that WebAssembly does not allow.",
);
pub(super) const HOST: HostCode = code(
    "RSE013",
    "the engine could not run a plugin",
    "The host lacks memory, most likely. The server's log says why.",
);

/// All of them.
pub const FAILURES: [HostCode; 13] = [
    PANIC, MEMORY, CPU, BUDGET, OUTPUT, MALFORMED, INTERNAL, CONTENT, GUEST, WALL, BUSY, TRAP, HOST,
];

const fn code(id: &'static str, summary: &'static str, explanation: &'static str) -> HostCode {
    HostCode { id, summary, explanation }
}
