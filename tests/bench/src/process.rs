//! What the kernel counts for a process.

use std::{collections::HashMap, fs, time::Duration};

use anyhow::Context;

/// Ticks in a second of what `/proc/PID/stat` counts; the same on every architecture of Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process that is running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Returns the seconds of computing so far, in user mode and in the kernel, also by threads
    /// that have ended. The resolution is 10 ms.
    pub(crate) fn cpu_seconds(self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // the second field is the program's name in parentheses, which may hold anything
        let (_, rest) = stat.rsplit_once(')').context("no program name in /proc/PID/stat")?;
        let ticks = |field: &str| field.parse::<u32>().map(f64::from);
        let mut times = rest.split_ascii_whitespace().skip(11).take(2).map(ticks);
        let user = times.next().context("no utime")??;
        let system = times.next().context("no stime")??;
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// Returns the most memory that it ever had.
    pub(crate) fn peak_bytes(self) -> anyhow::Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// Returns the memory that it has now.
    pub(crate) fn resident_bytes(self) -> anyhow::Result<u64> {
        self.status_bytes("VmRSS:")
    }

    fn status_bytes(self, key: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let line = line.with_context(|| format!("no {key} in /proc/PID/status"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024)
    }
}

/// Counts the computing of a process in nanoseconds, where the ticks of [`Process::cpu_seconds`]
/// are too coarse: one DELETE takes a hundredth of a tick.
///
/// The kernel gives this figure for each thread. A thread that ends is counted as it was last seen,
/// which is exact enough: threads end after seconds without work.
#[derive(Debug)]
pub(crate) struct FineClock {
    process: Process,
    threads: HashMap<u32, u64>,
}

impl FineClock {
    pub(crate) fn of(process: Process) -> Self {
        Self { process, threads: HashMap::new() }
    }

    /// Returns the time that the process has computed for so far.
    pub(crate) fn now(&mut self) -> anyhow::Result<Duration> {
        for task in fs::read_dir(format!("/proc/{}/task", self.process.0))? {
            let task = task?;
            // a thread may end between the listing and this read
            let Ok(stat) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            let id = task.file_name().to_string_lossy().parse()?;
            let nanos = stat.split_ascii_whitespace().next().context("an empty schedstat")?;
            self.threads.insert(id, nanos.parse()?);
        }
        Ok(Duration::from_nanos(self.threads.values().sum()))
    }
}
