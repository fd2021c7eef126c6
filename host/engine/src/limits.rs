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
    /// Bytes that one read answers, decoded or not; 1 MiB at most. Smaller ones show whether what a
    /// plugin says depends on how it is served.
    pub chunk_bytes_max: u32,
    /// Bytes that the host decompresses in all, of whatever is read decoded. Content that is not
    /// compressed does not count: reading it has its own limit.
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
            chunk_bytes_max: 1 << 20,
            decoded_bytes_max: 1 << 30,
            decoded_ratio_max: 1000,
            log_lines_max: 200,
        }
    }
}

impl Limits {
    /// The most that a policy may grant.
    pub fn largest() -> Self {
        Self {
            cpu: Duration::from_mins(10),
            wall: Duration::from_mins(10),
            memory_bytes_max: MEMORY_BYTES_CEILING,
            host_calls_max: 10_000_000,
            decoded_bytes_max: 64 << 30,
            ..Self::default()
        }
    }
}

/// Findings of a report.
pub(crate) const FINDINGS_MAX: usize = 100;
/// Bytes of a finding's message, which is cut there.
pub(crate) const MESSAGE_BYTES_MAX: usize = 300;
/// Annotations of a report.
pub(crate) const ANNOTATIONS_MAX: usize = 64;
/// Properties of a finding.
pub(crate) const PROPERTIES_MAX: usize = 16;
/// Bytes of a key, an annotation's or a property's.
pub(crate) const KEY_BYTES_MAX: usize = 256;
/// Bytes of a value, an annotation's or a property's.
pub(crate) const VALUE_BYTES_MAX: usize = 4 << 10;
/// Bytes of a log line, which is cut there.
pub(crate) const LOG_BYTES_MAX: usize = 1 << 10;
/// What a guest may hand over in one call; wasmtime's own default is 128 MiB.
pub(crate) const HOSTCALL_FUEL: usize = 4 << 20;
/// Largest memory that a limit can grant, which the pool reserves address space for.
pub(crate) const MEMORY_BYTES_CEILING: usize = 512 << 20;

/// Bytes of a component; Python's are 18 MiB.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the code that a component is compiled to.
pub(crate) const COMPILED_BYTES_MAX: u64 = 512 << 20;
/// Functions of a component, those between it and the host included.
pub(crate) const FUNCTIONS_MAX: u64 = 100_000;
/// Bytes of one function.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// Blocks of a function within one another; a `match` of so many arms makes as many.
pub(crate) const NESTING_MAX: usize = 4096;
/// Bytes of all sections that declare types.
pub(crate) const TYPE_BYTES_MAX: usize = 1 << 20;
/// Letters of a plugin's name and of its version.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// Bytes of a plugin's description.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 4 << 10;
/// Codes of a plugin, and letters of one.
pub(crate) const CODES_MAX: usize = 1000;
pub(crate) const CODE_BYTES_MAX: usize = 32;
/// Media types that a plugin understands, and bytes of one.
pub(crate) const MEDIA_TYPES_MAX: usize = 1000;
pub(crate) const MEDIA_TYPE_BYTES_MAX: usize = 300;

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
    /// by no fault of the guest's
    #[error("the host lacks memory")]
    Host,
}

/// Counts memory, and says so when it ends: wasmtime's own limiter makes it look like a panic.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) bytes_max: usize,
    bytes: usize,
    /// what the growth that is under way adds to them
    growth_bytes: usize,
}

impl Memory {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max: bytes_max.min(MEMORY_BYTES_CEILING), bytes: 0, growth_bytes: 0 }
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
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // a bound that the module sets itself is its own affair
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth_bytes = desired.saturating_sub(current);
        // the sum over all memories of the component
        let bytes = self.bytes.saturating_add(growth_bytes);
        if bytes > self.bytes_max {
            return Err(Stopped::Memory.into());
        }
        (self.bytes, self.growth_bytes) = (bytes, growth_bytes);
        Ok(true)
    }

    /// What was granted can't be had, so it is the host that lacks memory. Were the guest told so,
    /// it would most likely abort, and that looks like a defect of what was pushed.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.bytes -= std::mem::take(&mut self.growth_bytes);
        Err(error.context(Stopped::Host))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(memory: &mut Memory) -> wasmtime::Error {
        memory.memory_grow_failed(wasmtime::Error::msg("no room")).unwrap_err()
    }

    #[test]
    fn memory_that_the_host_lacks_is_neither_counted_nor_the_guest_s_fault() {
        let mut memory = Memory::new(100);
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(memory.memory_growing(60, 100, Some(100)).unwrap());
        let error = lacking(&mut memory);
        assert_eq!(error.downcast_ref(), Some(&Stopped::Host));
        assert_eq!(error.root_cause().to_string(), "no room");
        assert_eq!(memory.peak_bytes(), 60);
        // nothing is taken back twice
        lacking(&mut memory);
        assert_eq!(memory.peak_bytes(), 60);
        assert!(memory.memory_growing(60, 100, None).unwrap(), "all of it is still to be had");
    }

    #[test]
    fn growth_past_the_module_s_own_maximum_is_refused_as_webassembly_does() {
        let mut memory = Memory::new(100);
        assert!(memory.memory_growing(0, 60, Some(80)).unwrap());
        assert!(!memory.memory_growing(60, 90, Some(80)).unwrap());
        assert!(!memory.memory_growing(60, 1000, Some(80)).unwrap());
        assert_eq!(memory.peak_bytes(), 60);
        let error = memory.memory_growing(60, 101, None).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stopped::Memory));
        assert_eq!(memory.peak_bytes(), 60);
    }
}
