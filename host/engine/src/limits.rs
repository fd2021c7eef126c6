//! What a review may use. One struct, units in the names, and the limiter for memory.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The bounds of one review. They belong to the inputs that a remembered review depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time that the plugin computes, and that the host decodes for it; without waiting. Looked at
    /// every 10 ms.
    pub cpu: Duration,
    /// time in all, with waiting for content
    pub wall: Duration,
    /// linear memory, all of it; 512 MiB at most
    pub memory_bytes_max: usize,
    /// calls to the host, logging among them
    pub host_calls_max: u32,
    /// Bytes read from the content, as they are stored, for decoding too. None: three times what
    /// the target names (to look at it, to decode it, to hash what was decoded), and 1 MiB at
    /// least.
    pub read_bytes_max: Option<u64>,
    /// bytes that the host decodes of one blob
    pub decoded_bytes_max: u64,
    /// decoded bytes for each encoded one, once a MiB was decoded
    pub decoded_ratio_max: u64,
    /// lines logged; more are dropped
    pub log_lines_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(2),
            wall: Duration::from_secs(30),
            memory_bytes_max: 64 << 20,
            host_calls_max: 100_000,
            read_bytes_max: None,
            decoded_bytes_max: 1 << 30,
            decoded_ratio_max: 1000,
            log_lines_max: 200,
        }
    }
}

/// Findings of a report.
pub(crate) const FINDINGS_MAX: usize = 100;
/// Bytes of a finding's message, which is cut there.
pub(crate) const MESSAGE_BYTES_MAX: usize = 300;
/// Annotations of a report.
pub(crate) const ANNOTATIONS_MAX: usize = 64;
/// Bytes of an annotation's key.
pub(crate) const KEY_BYTES_MAX: usize = 256;
/// Bytes of an annotation's value.
pub(crate) const VALUE_BYTES_MAX: usize = 4 << 10;
/// Bytes of a log line, which is cut there.
pub(crate) const LOG_BYTES_MAX: usize = 1 << 10;
/// What a guest may hand over in one call; wasmtime's own default is 128 MiB.
pub(crate) const HOSTCALL_FUEL: usize = 4 << 20;
/// Largest memory that a limit can grant, which the pool reserves address space for.
pub(crate) const MEMORY_BYTES_CEILING: usize = 512 << 20;

/// Content opened at once, and how much of it for decoding: a zstd window is 8 MiB of the host's
/// memory.
pub(crate) const OPEN_MAX: u32 = 1000;
pub(crate) const OPEN_DECODED_MAX: u32 = 4;
/// What one component may be made of; Python's has 38 instances.
pub(crate) const INSTANCES_MAX: usize = 64;
pub(crate) const MEMORIES_MAX: usize = 2;
pub(crate) const TABLES_MAX: usize = 20;
pub(crate) const TABLE_ELEMENTS_MAX: usize = 60_000;

/// Why the host stopped a guest; travels through wasmtime's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("memory limit")]
    Memory,
    #[error("cpu limit")]
    Cpu,
    #[error("host call limit")]
    Calls,
    #[error("it asked for context where there is none")]
    Context,
}

/// Counts memory, and says so when it ends: wasmtime's own limiter makes it look like a panic.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) bytes_max: usize,
    bytes: usize,
}

impl Memory {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max: bytes_max.min(MEMORY_BYTES_CEILING), bytes: 0 }
    }

    /// Linear memory never shrinks, so this is what there was at the most.
    pub(crate) fn peak_bytes(&self) -> usize {
        self.bytes
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // the sum over all memories of the component
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        if bytes > self.bytes_max {
            return Err(Stopped::Memory.into());
        }
        self.bytes = bytes;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}
