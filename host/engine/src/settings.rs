//! How wasmtime is set: alike in the process that runs plugins and in the one that compiles them,
//! or the one could not run what the other made.

use wasmtime::{Config, InstanceAllocationStrategy, WasmBacktraceDetails};

/// An engine without a pool: to compile for one with a pool, which takes the same code, or to run
/// where there can be none.
pub(crate) fn poolless(for_pool: bool) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = settings(for_pool);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    wasmtime::Engine::new(&config)
}

/// An engine that compiles what every machine of this architecture runs in its pool, whatever its
/// processor has beyond the least.
pub(crate) fn portable() -> wasmtime::Result<wasmtime::Engine> {
    let mut config = settings(true);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    if cfg!(target_os = "linux") {
        // a named target is taken without what this very machine could do
        config.target(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH))?;
    }
    wasmtime::Engine::new(&config)
}

/// For a pool, or for an address space that has no room for one: code then checks each access.
pub(crate) fn settings(for_pool: bool) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_wide_arithmetic(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if !for_pool {
        // as much as most may grow to without being copied
        config.memory_reservation(64 << 20).memory_reservation_for_growth(64 << 20);
        config.memory_guard_size(64 << 10);
    }
    config
}
