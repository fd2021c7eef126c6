//! Whoever writes a plugin decides what compiling it takes; the server decides what it may.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::harness::{ROADSTEAD, said};

/// A component that has the shape of a plugin, and can be none: around a module, and without a
/// single function that would answer.
fn component(module: &str, imports: &str) -> Vec<u8> {
    let text = format!(
        "(component {imports} (core module {module}) \
         (instance (export \"roadstead:admission/reviewer@0.1.0\")))"
    );
    wat::parse_str(text).unwrap()
}

/// A function of so many loops within one another.
fn loops(depth: usize) -> String {
    format!("(func {}{})", "(loop ".repeat(depth), ")".repeat(depth))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("x.wasm");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// What `plugin inspect` says about it, under some limits of prlimit, and how long it took.
    fn inspected(&self, bytes: &[u8], limits: &[&str]) -> (String, Duration) {
        let path = self.file(bytes);
        let started = Instant::now();
        let output = Command::new("prlimit")
            .args(limits)
            .args([ROADSTEAD, "plugin", "inspect"])
            .arg(&path)
            // nothing is kept from one to the next
            .env("XDG_CACHE_HOME", self.0.path())
            .output()
            .expect("prlimit, of util-linux, is missing");
        (said(&output), started.elapsed())
    }
}

#[test]
fn what_would_take_too_much_is_refused_before_it_is_compiled() {
    let folder = Folder::new();
    let refused = |module: &str, imports: &str, why: &str| {
        let (says, took) = folder.inspected(&component(module, imports), &[]);
        assert!(says.contains(why), "{says}");
        // reading takes a moment, and compiling these took ten seconds and more than a GiB
        assert!(took < Duration::from_secs(8), "{took:?}: {says}");
    };
    refused(&loops(50_000), "", "one of its functions nests more than 4096 blocks");
    refused(&"(func)".repeat(250_000), "", "it has more than 100000 functions");
    // what it wants is told first
    let wasi = "(import \"wasi:clocks/wall-clock@0.2.0\" (instance))";
    refused(&loops(50_000), wasi, "imports wasi:clocks/wall-clock@0.2.0");
    let (says, _) = folder.inspected(&component(&loops(1000), ""), &[]);
    // it was compiled, and only then found to be no plugin
    assert!(!says.contains("nests") && says.contains("describe"), "{says}");
}

/// Functions that take their time, though each is small.
fn slow() -> Vec<u8> {
    let mut module = String::new();
    for _ in 0..400 {
        write!(module, "{}", loops(2000)).unwrap();
    }
    component(&module, "")
}

#[test]
fn compiling_has_bounds_of_time_and_memory_in_a_process_of_its_own() {
    let folder = Folder::new();
    let slow = slow();
    let (says, _) = folder.inspected(&slow, &["--cpu=2:600"]);
    assert!(says.contains("compiling it takes more than 2 s of processor time"), "{says}");
    // what this process has at the start is less than what compiling takes
    let (says, _) = folder.inspected(&slow, &["--data=100000000"]);
    assert!(says.contains("compiling it needs more than 95 MiB of memory"), "{says}");
}

/// The process that compiles, before it gets anything.
#[test]
fn the_compiler_sets_its_bounds_before_it_reads() {
    let mut compiler = Command::new(ROADSTEAD)
        .args(["plugin", "compile"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let limits = PathBuf::from(format!("/proc/{}/limits", compiler.id()));
    let started = Instant::now();
    let soft = |of: &str| {
        let text = fs::read_to_string(&limits).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(of)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let data = (2_u64 << 30).to_string();
    while (soft("Max data size"), soft("Max cpu time")) != (data.clone(), "60".to_owned()) {
        assert!(started.elapsed() < Duration::from_secs(30), "it has no bounds");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    drop(compiler.stdin.take());
    assert!(!compiler.wait().unwrap().success(), "nothing is no component");
}

#[test]
fn a_real_plugin_is_compiled_so() {
    let folder = Folder::new();
    let helm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins/helm.wasm");
    let (says, _) = folder.inspected(&fs::read(helm).unwrap(), &[]);
    assert!(says.starts_with("helm "), "{says}");
    let kept = fs::read_dir(folder.0.path().join("roadstead")).unwrap().count();
    assert_eq!(kept, 1, "its code is kept");
}
