//! A client in a home of its own, where it finds nothing of the machine's.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::harness::{PASSWORD, Server, said, tool};

/// Where skopeo and podman keep their logins.
const LOGINS: &str = "auth.json";

/// A program that talks to a registry, and a folder which is its home.
pub struct Client<'a> {
    program: PathBuf,
    server: &'a Server,
    folder: tempfile::TempDir,
    /// what stands before each command
    first: Vec<String>,
}

impl<'a> Client<'a> {
    /// A client that `tests/setup` installed.
    pub fn new(server: &'a Server, version: &str, program: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { program: tool(version, program), server, folder, first: Vec::new() }
    }

    /// A client of the distribution's; missing is a failure here as well.
    pub fn packaged(server: &'a Server, program: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap();
        let mut found = std::env::split_paths(&path).map(|folder| folder.join(program));
        let program = found.find(|path| path.exists()).unwrap_or_else(|| {
            panic!("{program} is missing: run `make test`, which installs it on Debian")
        });
        let folder = tempfile::tempdir().unwrap();
        let client = Self { program, server, folder, first: Vec::new() };
        // podman stumbles over one that is named and not there
        client.file(LOGINS, "{}");
        client
    }

    /// The same with words before each command; `HOME` in them stands for the home.
    pub fn with(mut self, words: &[&str]) -> Self {
        let home = self.folder.path().to_str().unwrap();
        self.first = words.iter().map(|word| word.replace("HOME", home)).collect();
        self
    }

    /// The name of a file at home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command; `HOST` in an argument stands for the registry.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads something.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let host = self.server.addr().to_string();
        let home = self.folder.path();
        let mut child = Command::new(&self.program)
            .args(&self.first)
            .args(arguments.iter().map(|argument| argument.replace("HOST", &host)))
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").as_deref().unwrap_or(OsStr::new("/usr/bin:/bin")))
            .env("HOME", home)
            .env("REGISTRY_AUTH_FILE", home.join(LOGINS))
            .env("COSIGN_PASSWORD", "x")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // whoever does not read has closed its end
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed, and answers what it said.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.succeeded(arguments, &self.run(arguments))
    }

    /// Runs a command that must fail, and answers what it said.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = said(&output);
        assert!(!output.status.success(), "{} {arguments:?} succeeds: {text}", self.name());
        text
    }

    /// Tries to log in with a wrong password, and answers what it said; then logs in.
    #[track_caller]
    pub fn log_in(&self, arguments: &[&str]) -> String {
        let wrong = self.run_with(arguments, "wrong");
        assert!(!wrong.status.success(), "{}", said(&wrong));
        self.succeeded(arguments, &self.run_with(arguments, PASSWORD));
        said(&wrong)
    }

    #[track_caller]
    fn succeeded(&self, arguments: &[&str], output: &Output) -> String {
        let text = said(output);
        assert!(output.status.success(), "{} {arguments:?}: {text}", self.name());
        text
    }

    fn name(&self) -> &str {
        self.program.file_name().and_then(OsStr::to_str).unwrap_or_default()
    }
}
