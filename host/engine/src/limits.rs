//! What a review may use. One struct, units in the names, and the limiter for memory.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// The bounds of one review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// time that the plugin computes; measured in ticks of 10 ms
    pub cpu: Duration,
    /// time in all, with reading
    pub wall: Duration,
    /// linear memory
    pub memory_bytes_max: usize,
    /// calls to the host, logging among them
    pub host_calls_max: u32,
    /// Bytes read through `blob.read`. None: twice what the target names, and 1 MiB at least.
    pub read_bytes_max: Option<u64>,
    /// bytes that the host decodes
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

/// Why the host stopped a guest; travels through wasmtime's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("memory limit")]
    Memory,
    #[error("cpu limit")]
    Cpu,
    #[error("host call limit")]
    Calls,
    #[error("context is not there for the review of a blob")]
    Context,
}

/// Counts memory, and says so when it ends: wasmtime's own limiter makes it look like a panic.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) bytes_max: usize,
    pub(crate) peak_bytes: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.bytes_max {
            return Err(Stopped::Memory.into());
        }
        self.peak_bytes = self.peak_bytes.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        const ELEMENTS_MAX: usize = 60_000;
        Ok(desired <= ELEMENTS_MAX)
    }
}
