//! The commands.

mod ask;
mod check;
mod serve;
mod verdict;

use std::{
    io::{ErrorKind, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::config::{self, Config};

/// An OCI registry that inspects what it stores.
#[derive(Debug, Parser)]
#[command(name = "roadstead", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the registry
    Serve(serve::Serve),
    /// Verifies everything that is stored, beside a running server or without one
    Check(check::Check),
    /// Shows what was decided about a push, and why
    #[command(subcommand)]
    Verdict(verdict::Verdict),
}

impl Cli {
    /// Runs the command. Answers whether all is well.
    pub async fn run(self) -> anyhow::Result<bool> {
        match self.command {
            Command::Serve(serve) => serve.run().await.map(|()| true),
            Command::Check(check) => check.run().await,
            Command::Verdict(verdict) => verdict.run().await.map(|()| true),
        }
    }
}

/// Where everything is kept: the flag, else the environment, else the default.
fn data_folder(flag: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(folder) = flag {
        return Ok(folder);
    }
    Ok(Config::load(&[], &config::environment()?, &[])?.storage.folder)
}

/// Prints an error with what led to it.
pub fn print_error(error: &anyhow::Error) {
    let mut stderr = std::io::stderr().lock();
    let mut causes = error.chain();
    let first = causes.next().map(ToString::to_string).unwrap_or_default();
    // nowhere is left to say that stderr is gone
    drop(writeln!(stderr, "error: {first}"));
    for cause in causes {
        drop(writeln!(stderr, "  caused by: {cause}"));
    }
}

/// Prints a command's answer. Whoever closed the other end, as `head` does, has read enough.
fn answer(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the answer can't be printed"),
    }
}
