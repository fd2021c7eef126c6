//! The binary: parses arguments, runs, and prints an error with its causes.

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use roadstead::cli::{Cli, print_error};

/// Threads for file system calls; more only take memory.
const BLOCKING_THREADS_MAX: usize = 64;

/// How long calls that can't be interrupted may go on at the end: the compiling of a plugin, where
/// the server is stopped while it starts.
const MOMENT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build();
    let result = runtime.map_err(Into::into).and_then(|runtime| {
        let result = runtime.block_on(cli.run());
        runtime.shutdown_timeout(MOMENT);
        result
    });
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}
