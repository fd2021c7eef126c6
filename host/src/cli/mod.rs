//! The commands.

mod ask;
mod cases;
mod check;
mod explain;
mod plugin;
mod policy;
mod serve;
mod stored;
mod verdict;

use std::{
    io::{ErrorKind, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

use roadstead_engine::{Compiler, EngineConfig};
use roadstead_oci::{is_plain, plain};

use crate::{
    config::{self, Config},
    policy::Invalid,
};

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
    /// Verifies everything in the store, with or without a running server
    Check(check::Check),
    /// Inspects and tests a plugin
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Shows what was decided about a push, and why
    #[command(subcommand)]
    Verdict(verdict::Verdict),
    /// Checks policies, and tries them on artifacts
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Explains the code of a finding
    Explain(explain::Explain),
}

/// What a command says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// all is well
    Well = 0,
    /// it is not: a fault, a refusal
    Wrong = 1,
    /// the command could not be understood, or what it was given could not be read
    Usage = 2,
    /// nobody can say
    Unjudged = 3,
}

impl Exit {
    fn of(well: bool) -> Self {
        if well { Self::Well } else { Self::Wrong }
    }
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Serve(serve) => serve.run().await.map(|()| Exit::Well),
            Command::Check(check) => check.run().await.map(Exit::of),
            Command::Verdict(verdict) => verdict.run().await.map(|()| Exit::Well),
            Command::Plugin(plugin) => plugin.run().await.map(Exit::of),
            Command::Policy(policy) => policy.run().await,
            Command::Explain(explain) => explain.run().await.map(Exit::of),
        }
    }
}

/// Where commands keep compiled plugins: the user's folder for what can be made again. None: there
/// is no such folder, and they are compiled each time.
fn compiled_code() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    let folder = caches.join("roadstead");
    std::fs::create_dir_all(&folder).ok().map(|()| folder)
}

/// Plugins are compiled by this binary, run once more with bounds.
fn with_compiler(engine: &EngineConfig) -> anyhow::Result<EngineConfig> {
    let compiler = Compiler::this_binary().context("this binary can't be found")?;
    Ok(EngineConfig { compiler: Some(compiler), ..engine.clone() })
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
    if let Some(invalid) = error.downcast_ref::<Invalid>() {
        // each of its problems says how bad it is
        drop(writeln!(stderr, "{}", plain_lines(&invalid.to_string())));
        return;
    }
    let mut causes = error.chain();
    let first = causes.next().map(ToString::to_string).unwrap_or_default();
    // nowhere is left to say that stderr is gone
    drop(writeln!(stderr, "error: {}", plain_lines(&first)));
    for cause in causes {
        drop(writeln!(stderr, "  caused by: {}", plain_lines(&cause.to_string())));
    }
}

/// `1 rule`, `2 rules`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Prints a command's answer for a person. Much of what commands show was chosen by others, so no
/// line of it can move the cursor or turn the direction of the text.
fn answer(text: &str) -> anyhow::Result<()> {
    print(&plain_lines(text))
}

/// Prints an answer that is JSON. What [`answer`] would blank stands within strings, where an
/// escape says the same.
fn answer_json(text: &str) -> anyhow::Result<()> {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter == '\n' || is_plain(letter) {
            true => escaped.push(letter),
            false => escaped.extend(format!("\\u{:04x}", u32::from(letter)).chars()),
        }
    }
    print(&escaped)
}

fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// Whoever closed the other end, as `head` does, has read enough.
fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the output can't be written"),
    }
}
