//! The binary: parses arguments, runs, and prints an error with its causes.

use std::process::ExitCode;

use clap::Parser;

use roadstead::cli::{Cli, print_error};

/// Threads for file system calls; more only take memory.
const BLOCKING_THREADS_MAX: usize = 64;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build();
    let result = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(cli.run()));
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}
