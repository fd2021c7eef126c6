//! How long a review computes, as opposed to how long it takes.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// Adds up the turns that a review has on a thread, by that thread's own clock: neither what it
/// waits for in between costs it anything, nor what the machine does meanwhile. So a budget that
/// some content exceeds it exceeds again. What the host does for it in a turn, such as decoding,
/// is counted once.
///
/// The numbers are nanoseconds. They are atomic since a guest's callbacks look at them in the
/// middle of a turn; each turn is on one thread.
#[derive(Debug)]
pub(crate) struct Meter {
    /// when the turn began, moved on by what was free in it
    began: AtomicU64,
    spent: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { began: AtomicU64::new(0), spent: AtomicU64::new(0) }
    }

    /// Runs `work` at the review's cost.
    pub(crate) async fn charge<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.began.store(now(), Relaxed);
            let polled = work.as_mut().poll(context);
            self.spent.store(self.total(), Relaxed);
            polled
        })
        .await
    }

    /// Runs `work`, a part of what is charged for, at the host's cost: a store may be slow in ways
    /// that no plugin can help.
    pub(crate) async fn free<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            let began = now();
            let polled = work.as_mut().poll(context);
            self.began.fetch_add(now() - began, Relaxed);
            polled
        })
        .await
    }

    /// What was computed up to now. Within a turn, for only then is there a time to measure.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.total())
    }

    /// What was computed in the turns before.
    pub(crate) fn spent_before(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }

    fn total(&self) -> u64 {
        self.spent.load(Relaxed) + (now() - self.began.load(Relaxed))
    }
}

/// What this thread has computed since it began.
fn now() -> u64 {
    const SECOND: u64 = 1_000_000_000;
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or_default() * SECOND + nanos.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(20);

    fn compute() {
        let started = now();
        while Duration::from_nanos(now() - started) < STEP {
            std::hint::black_box(0);
        }
    }

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_counted_once() {
        let meter = Meter::new();
        let spent = meter
            .charge(async {
                for _ in 0..10 {
                    tokio::time::sleep(STEP).await;
                }
                assert!(meter.spent() < STEP * 5, "{:?}", meter.spent());
                compute();
                tokio::time::sleep(STEP).await;
                compute();
                meter.spent()
            })
            .await;
        assert!(spent >= STEP * 2, "{spent:?}");
        assert!(spent < STEP * 3, "{spent:?}");
    }

    #[tokio::test]
    async fn the_store_s_own_work_is_the_host_s() {
        let meter = Meter::new();
        let spent = meter
            .charge(async {
                for _ in 0..5 {
                    meter.free(async { compute() }).await;
                }
                compute();
                meter.spent()
            })
            .await;
        assert!(spent >= STEP, "{spent:?}");
        assert!(spent < STEP * 2, "{spent:?}");
    }
}
