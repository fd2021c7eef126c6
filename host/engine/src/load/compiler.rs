//! Compiling in a process of its own, which has bounds: whoever writes a component decides what
//! compiling it takes.
//!
//! The process is the server's own binary again. It gets the component on stdin, sets itself the
//! bounds before it reads any of it, and answers on stdout with the code, which nothing else can
//! reach in between.

use std::{
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use crate::{
    limits::{COMPILED_BYTES_MAX, COMPONENT_BYTES_MAX},
    line::line,
    settings,
};

/// Memory that the process may take.
const MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Time that it computes, on all cores together. Python's interpreter takes half of it.
const CPU_SECONDS_MAX: u64 = 60;
/// Time in all, on a machine that has other things to do.
const WALL_MAX: Duration = Duration::from_mins(5);
/// What it may say on stderr.
const STDERR_BYTES_MAX: u64 = 4 << 10;

/// The arguments that make the binary a compiler.
const ARGUMENTS: [&str; 2] = ["plugin", "compile"];
/// And one for an engine that has no pool.
const POOLLESS: &str = "--without-pool";

/// Who compiles: a binary that hands what it is given to [`compile_stdin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler(PathBuf);

impl Compiler {
    /// The binary that this process runs, whatever has become of its file.
    pub fn this_binary() -> io::Result<Self> {
        let own = Path::new("/proc/self/exe");
        Ok(Self(if own.exists() { own.to_owned() } else { std::env::current_exe()? }))
    }

    /// The binary.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The code of a component, or why there is none, as a clause.
    pub(crate) async fn compile(
        &self,
        component: &[u8],
        has_pool: bool,
    ) -> Result<Vec<u8>, Failure> {
        let mut command = Command::new(&self.0);
        command.args(ARGUMENTS).env_clear().kill_on_drop(true);
        if !has_pool {
            command.arg(POOLLESS);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Failure::machine)?;
        match tokio::time::timeout(WALL_MAX, exchange(&mut child, component)).await {
            Ok(answer) => answer,
            Err(_) => {
                // it is gone with the child, when this returns
                Err(Failure::Bound(format!("compiling it takes longer than {WALL_MAX:?}")))
            }
        }
    }
}

/// Why there is no code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A property of the component, as a clause.
    Bound(String),
    /// A property of the machine.
    Machine(String),
}

impl Failure {
    fn machine(error: io::Error) -> Self {
        Self::Machine(format!("the compiler's process can't run: {error}"))
    }
}

async fn exchange(child: &mut Child, component: &[u8]) -> Result<Vec<u8>, Failure> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        // one that ended early has its reasons, which its status tells
        if let Some(mut stdin) = stdin {
            drop(stdin.write_all(component).await);
        }
    };
    let take = async {
        let mut code = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(COMPILED_BYTES_MAX + 1).read_to_end(&mut code).await?;
        }
        io::Result::Ok(code)
    };
    let hear = async {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            stderr.take(STDERR_BYTES_MAX).read_to_end(&mut said).await?;
        }
        io::Result::Ok(said)
    };
    let ((), code, said) = tokio::join!(give, take, hear);
    let (code, said) = (code.map_err(Failure::machine)?, said.map_err(Failure::machine)?);
    if code.len() as u64 > COMPILED_BYTES_MAX {
        return Err(Failure::Bound(format!(
            "its code has more than {} MiB",
            COMPILED_BYTES_MAX >> 20
        )));
    }
    let status = child.wait().await.map_err(Failure::machine)?;
    match status.success() {
        true => Ok(code),
        false => Err(failure(status, &String::from_utf8_lossy(&said))),
    }
}

/// What an end other than a good one means.
fn failure(status: ExitStatus, said: &str) -> Failure {
    let said = said.trim();
    let lacks = ["memory allocation of", "Cannot allocate memory", "out of memory"];
    if lacks.iter().any(|lack| said.contains(lack)) {
        let mib = granted(Resource::Data, MEMORY_BYTES_MAX) >> 20;
        return Failure::Bound(format!("compiling it needs more than {mib} MiB of memory"));
    }
    if said.contains("overflowed its stack") {
        return Failure::Bound("compiling it needs more stack than it may use".to_owned());
    }
    match status.signal().map(Signal::from_named_raw) {
        Some(Some(Signal::XCPU)) => {
            let seconds = granted(Resource::Cpu, CPU_SECONDS_MAX);
            let why = format!("compiling it takes more than {seconds} s of processor time");
            Failure::Bound(why)
        }
        Some(Some(Signal::KILL)) => {
            let why = "the compiler's process was killed; most likely the machine lacks memory";
            Failure::Machine(why.to_owned())
        }
        Some(_) => Failure::Bound(format!("the compiler's process failed: {status}")),
        None => {
            let why = said.strip_prefix("error: ").unwrap_or(said);
            Failure::Bound(line(why, 300))
        }
    }
}

/// The other side, for [`Compiler`]: compiles the component on stdin, and writes the code to
/// stdout. From now on this process has bounds on memory and time; it should do nothing else.
pub fn compile_stdin(has_pool: bool) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    bound(Resource::Data, MEMORY_BYTES_MAX).map_err(|error| text(&error))?;
    bound(Resource::Cpu, CPU_SECONDS_MAX).map_err(|error| text(&error))?;
    bound(Resource::Core, 0).map_err(|error| text(&error))?;
    prefer_to_die();
    let mut component = Vec::new();
    let mut stdin = io::stdin().lock().take(COMPONENT_BYTES_MAX + 1);
    stdin.read_to_end(&mut component).map_err(|error| text(&error))?;
    let engine = settings::poolless(has_pool).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&component).map_err(|error| format!("{error:#}"))?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&code).and_then(|()| stdout.flush()).map_err(|error| text(&error))
}

/// Lowers what this process may have of something, if it may have more. The hard limit stays: at
/// that of computing time the signal would not tell why.
fn bound(of: Resource, max: u64) -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(of);
    Ok(setrlimit(of, Rlimit { current: Some(granted(of, max)), maximum })?)
}

/// What the process that compiles may have, which has the limits of this one as well.
fn granted(of: Resource, max: u64) -> u64 {
    getrlimit(of).current.map_or(max, |current| current.min(max))
}

/// Where memory ends for all, this process shall be the one that goes, and it makes way for whoever
/// serves.
fn prefer_to_die() {
    #[cfg(target_os = "linux")]
    {
        // where it can't be said, nothing is lost
        drop(std::fs::write("/proc/self/oom_score_adj", "1000"));
        rustix::process::setpriority_process(None, 10).ok();
    }
}
