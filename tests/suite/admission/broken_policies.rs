//! Policies that are made to hurt: each is told with place and cure in bounded time and memory, and
//! the policy in force stays.

use std::time::{Duration, Instant};

use roadstead_oci::media_type::OCI_CONFIG;

use super::{offline::pipe, policies::Policy};
use crate::client::Repository;

/// Longest wait for a server to look at a policy.
const PATIENCE: Duration = Duration::from_mins(2);
/// What all of the broken policies together may take beyond what the server has anyway: a tree of
/// 100,000 values, a component of a few MiB.
const MEMORY_BYTES_MAX: u64 = 128 << 20;

/// What a policy says, the place and what is wrong there, and the cure.
struct Broken(&'static str, String, &'static str, &'static str);

fn bomb() -> String {
    let level = |n: usize| {
        let alias = format!("*a{}", n - 1);
        format!("  a{n}: &a{n} [{}]\n", vec![alias; 10].join(", "))
    };
    let levels: String = (1..9).map(level).collect();
    format!("version: 1\nplugins:\n  a0: &a0 [x]\n{levels}")
}

fn plugin(more: &str) -> String {
    format!("version: 1\nplugins:\n  p: {{ {more} }}")
}

fn misbehaving(settings: &str) -> String {
    plugin(&format!("file: misbehave.wasm, settings: {{ {settings} }}"))
}

fn texts() -> Vec<Broken> {
    let deep = |levels: usize| format!("version: {}{}", "[".repeat(levels), "]".repeat(levels));
    let flat = format!("version: 1\nplugins: {{ {} }}", "a: b, ".repeat(60_000));
    let many = format!("version: 1\nrules: [{}]", "1,".repeat(120_000));
    let mistakes = format!("version: 1\nrules: [{}]", "{ name: a }, ".repeat(20_000));
    let plugins: Vec<_> = (0..300).map(|n| format!("  p{n}: {{ builtin: image }}")).collect();
    let plugins = plugins.join("\n") + "\n";
    let plugins = format!("version: 1\nplugins:\n{plugins}");
    let large = format!("version: 1\n# {}", "x".repeat(2 << 20));
    vec![
        Broken("a bomb", bomb(), "policy.yaml:", "use fewer aliases"),
        Broken("too deep", deep(100), "32 levels", "split the file"),
        Broken("far too deep", deep(400_000), "policy.yaml:1:", "split the file"),
        Broken("too many values", many, "more than 100000 values", "split the file"),
        Broken("the same key for ever", flat, "a appears here a second time", "remove one"),
        Broken("2 MiB", large, "it has more than 1048576 bytes", "a folder may have many files"),
        Broken("control characters", "version: 1\n\0\u{1b}[2J".into(), "policy.yaml:2:", "YAML"),
        Broken("nothing", String::new(), "policy.yaml:1:1", "expected a mapping"),
        Broken("an anchor for ever", "&a [*a]".into(), "policy.yaml:1:5", "write the value out"),
        Broken("many mistakes in one line", mistakes, "policy.yaml:2:9\n", "and 19900 more"),
        Broken("a number that is none", plugin("file: .nan"), "policy.yaml:3:14\n", "non-finite"),
        Broken("300 plugins", plugins, "at most 256 plugins", "let rules share plugins"),
        Broken(
            "a plugin that never says what it is",
            plugin("file: stall.wasm"),
            "policy.yaml:3:14\n",
            "ask the plugin's author",
        ),
        Broken(
            "a plugin that never ends with its settings",
            misbehaving("mode: spin"),
            "plugin p failed to check its settings: the ",
            "ask the plugin's author",
        ),
        Broken(
            "a plugin that has 1000 complaints",
            misbehaving("mode: refuse-all-settings"),
            "policy.yaml:3:42\n",
            "100 errors",
        ),
    ]
}

/// Files that a policy names, and what is wrong with each.
fn files(policy: &Policy) -> Vec<Broken> {
    let wat = |text: &str| wat::parse_str(text).unwrap();
    policy.beside("text.wasm", b"not wasm");
    policy.beside("module.wasm", &wat("(module)"));
    policy.beside("empty.wasm", b"");
    policy.beside("mute.wasm", &wat("(component)"));
    let clock = "(component (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance)))";
    policy.beside("clock.wasm", &wat(clock));
    policy.beside("large.txt", &vec![b'x'; (1 << 20) + 1]);
    policy.beside("latin1.txt", b"caf\xe9");
    std::fs::create_dir(policy.path().with_file_name("folder")).unwrap();
    pipe(&policy.path().with_file_name("pipe"));
    let component = |file: &str| plugin(&format!("file: {file}"));
    let setting = |file: &str| misbehaving(&format!("mode: find, keyFile: {file}"));
    let (mend, path) = ("ask the plugin's author", "its path is relative to this file");
    let none = "plugin p can't be loaded";
    vec![
        Broken("text for a component", component("text.wasm"), none, mend),
        Broken("a module", component("module.wasm"), none, mend),
        Broken("an empty component file", component("empty.wasm"), none, mend),
        Broken("a component that exports nothing", component("mute.wasm"), none, mend),
        Broken(
            "a component that wants a clock",
            component("clock.wasm"),
            "plugin p imports wasi:clocks/monotonic-clock@0.2.0",
            "build it for wasm32-unknown-unknown",
        ),
        Broken(
            "a pipe for a component",
            component("pipe"),
            "pipe can't be read: it is not a f",
            path,
        ),
        Broken("a folder for a component", component("folder"), "it is not a file", path),
        Broken("no settings file", setting("none.txt"), "policy.yaml:3:63\n", path),
        Broken("a large one", setting("large.txt"), "it has more than 1048576 bytes", path),
        Broken("no UTF-8", setting("latin1.txt"), "the file is not UTF-8; plugins", path),
        Broken("a pipe", setting("pipe"), "pipe can't be read: it is not a file", path),
        Broken("a folder", setting("folder"), "folder can't be read: it is not a file", path),
        Broken("a device", setting("/dev/zero"), "/dev/zero can't be read: it is not a file", path),
    ]
}

#[test]
fn each_broken_policy_is_told_with_place_and_cure_in_bounded_time() {
    let policy = Policy::new("version: 1");
    for Broken(name, text, says, cure) in texts().into_iter().chain(files(&policy)) {
        policy.save(&text);
        let (code, told) = policy.check();
        assert!(told.len() < 100_000, "{name}: {} bytes", told.len());
        assert_eq!(code, Some(1), "{name}: {told}");
        assert!(told.contains("policy.yaml"), "{name}: {told}");
        assert!(told.contains(says) && told.contains(cure), "{name}: {told}");
        assert!(!told.contains("panicked at"), "{name}: {told}");
    }
}

#[tokio::test]
async fn the_policy_in_force_outlives_every_broken_one_in_bounded_memory() {
    let policy = Policy::new("version: 1\nrules:\n  - { name: shut, acceptOnly: [wasm] }");
    let server = policy.serve();
    let refused = async || {
        let image = (OCI_CONFIG, &b"{}"[..]);
        let refused = Repository::of(&server, "a").push("1", image, &[]).await.is(403);
        assert!(refused.errors()[0].contains("rule shut: "), "{:?}", refused.errors());
    };
    refused().await;
    let base = server.peak_memory_bytes();
    let told = || server.log().iter().filter(|line| line.contains("stays in force")).count();
    for (count, Broken(name, text, ..)) in texts().into_iter().chain(files(&policy)).enumerate() {
        policy.save(&text);
        let saved = Instant::now();
        while told() == count {
            assert!(saved.elapsed() < PATIENCE, "{name}: {:#?}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        refused().await;
    }
    let peak = server.peak_memory_bytes();
    assert!(peak < base + MEMORY_BYTES_MAX, "from {} to {} MiB", base >> 20, peak >> 20);
    // and a whole one is taken after all of them
    policy.save("version: 1");
    let saved = Instant::now();
    let image = (OCI_CONFIG, &b"{}"[..]);
    while Repository::of(&server, "a").push("1", image, &[]).await.status != 201 {
        assert!(saved.elapsed() < PATIENCE, "{:#?}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_folder_is_one_policy() {
    let policy = Policy::new("version: 1");
    let folder = policy.path().with_file_name("policies");
    std::fs::create_dir(&folder).unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let check = || policy.check_at(&folder);
    let (code, told) = check();
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("the folder has no .yaml file") && told.contains("a policy must be YAML")
    );
    let rule = |name: &str| format!("rules:\n  - {{ name: {name}, acceptOnly: [image] }}");
    let image = "version: 1\nplugins: { image: { builtin: image } }\n";
    file("a.yaml", &format!("{image}{}", rule("one")));
    file("b.yml", &format!("version: 1\n{}", rule("two")));
    file(".hidden.yaml", "version: [");
    file("notes.txt", "version: [");
    std::fs::create_dir(folder.join("folder.yaml")).unwrap();
    let (code, told) = check();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("2 rules, 1 plugin, 1 warning"), "{told}");
    for (text, places) in [
        (image.to_owned(), ["plugin \"image\" is declared twice", "a.yaml:2:12"]),
        (format!("version: 1\n{}", rule("one")), ["two rules named \"one\"", "a.yaml:4:13"]),
        ("version: [".to_owned(), ["c.yaml:", "this is not valid YAML"]),
    ] {
        file("c.yaml", &text);
        let (code, told) = check();
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("c.yaml:") && places.iter().all(|it| told.contains(it)), "{told}");
    }
}

#[test]
fn no_part_of_a_folder_is_left_out_in_silence() {
    let policy = Policy::new("version: 1");
    let folder = policy.path().with_file_name("policies");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.yaml"), "version: 1").unwrap();
    std::os::unix::fs::symlink("gone", folder.join("b.yaml")).unwrap();
    let (code, told) = policy.check_at(&folder);
    assert!(code == Some(1) && told.contains("b.yaml can't be read: there is no such"), "{told}");
    std::fs::remove_file(folder.join("b.yaml")).unwrap();
    pipe(&folder.join("c.yaml"));
    let (code, told) = policy.check_at(&folder);
    assert!(code == Some(1) && told.contains("c.yaml can't be read: it is not a file"), "{told}");
}

#[test]
fn a_file_that_can_t_be_read_is_one_mistake() {
    let policy = Policy::new("version: 1");
    policy.save(&plugin("builtin: cosign, settings: { keys: [{ name: a, keyFile: none.pub }] }"));
    let (code, told) = policy.check();
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("none.pub can't be read") && told.contains("1 error;"), "{told}");
}

#[test]
fn what_is_no_file_is_no_policy() {
    let policy = Policy::new("version: 1");
    files(&policy);
    for (name, says) in [("pipe", "it is not a file"), ("none", "there is no such file")] {
        let (code, told) = policy.check_at(&policy.path().with_file_name(name));
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(says) && told.contains("a policy must be YAML"), "{told}");
    }
    let (code, told) = policy.check_at(&policy.path().with_file_name("latin1.txt"));
    assert!(code == Some(1) && told.contains("it is not UTF-8"), "{told}");
}
