//! What the kernel counts for a process.

use std::fs;

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

    fn status_bytes(self, key: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let line = line.with_context(|| format!("no {key} in /proc/PID/status"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024)
    }
}
