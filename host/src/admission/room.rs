//! Room for what is judged: read and converted for plugins a manifest takes a multiple of its size.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Manifests that are judged at once, by their sizes, each counted as a MiB at least.
const MIB_MAX: u32 = 64;
/// Longest wait for room. Whoever waits longer is asked to come again.
const WAIT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Room(Semaphore);

impl Room {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MIB_MAX as usize))
    }

    /// Waits until a manifest of so many bytes can be judged beside the others. None: too many
    /// are before it.
    pub(super) async fn of(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let mib = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
        let acquire = self.0.acquire_many(mib.clamp(1, MIB_MAX));
        timeout(WAIT_MAX, acquire).await.ok()?.ok()
    }
}
