//! The limit of open files. Each connection is one, and so is what is read or written for it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files that connections leave to everything else: the store, plugins, policies.
const OTHERS: u64 = 256;
/// The connection itself, and the file that its request reads or writes.
const FILES_PER_CONNECTION: u64 = 2;

/// Raises the soft limit of open files to the hard one, and lowers `connections_max` to what that
/// allows. Says so in the log.
pub(super) fn fit(connections_max: usize) -> usize {
    let Some(files) = raised() else { return connections_max };
    let fits = connections(files);
    if connections_max <= fits {
        return connections_max;
    }
    tracing::warn!(
        open_files_max = files,
        connections_max = fits,
        "http.connections_max is lowered from {connections_max} because the hard limit of open \
         files allows no more; raise that limit with LimitNOFILE= of systemd, --ulimit nofile= of \
         docker, or ulimit -Hn"
    );
    fits
}

/// The limit in force. `None`: there is no limit.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return maximum;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "the soft limit of open files could not be raised");
            current
        }
    }
}

/// How many connections so many files are enough for; a few in any case.
fn connections(files: u64) -> usize {
    let free = files.saturating_sub(OTHERS).max(files / 4);
    usize::try_from(free / FILES_PER_CONNECTION).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_everything_else() {
        for (files, fits) in [(20_000, 9872), (1024, 384), (400, 72), (256, 32), (1, 1)] {
            assert_eq!(connections(files), fits, "{files}");
        }
    }
}
