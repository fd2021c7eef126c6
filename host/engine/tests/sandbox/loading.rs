//! What becomes a plugin, and what is kept of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use roadstead_engine::{Engine, EngineConfig, LoadError, ReviewError, SettingsProblem, Severity};

use crate::scene::{blob, component, engine, found, plugin, review};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn what_wants_more_than_the_contract_is_refused_with_advice() {
    let engine = engine();
    let wasi = wat("(component (import \"wasi:clocks/monotonic-clock@0.2.0\" (instance)))");
    let says = engine.load("clock", &wasi).await.unwrap_err().to_string();
    assert!(says.contains("imports wasi:clocks/monotonic-clock@0.2.0"), "{says}");
    assert!(says.contains("wasm32-unknown-unknown"), "{says}");
    let other = wat("(component (import \"environment\" (func)))");
    let says = engine.load("other", &other).await.unwrap_err().to_string();
    assert!(says.contains("imports environment"), "{says}");
    // a name that only looks like the contract's
    let later = wat("(component (import \"roadstead:admission/network@0.1.0\" (instance
        (export \"connect\" (func)))))");
    let error = engine.load("later", &later).await.unwrap_err();
    assert!(matches!(error, LoadError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("roadstead:admission/network@0.1.0"), "{error}");
}

#[tokio::test]
async fn what_is_no_plugin_is_refused() {
    let engine = engine();
    for bytes in [&b""[..], b"not wasm", &wat("(component)"), &wat("(module)")] {
        let error = engine.load("none", bytes).await.unwrap_err();
        assert!(matches!(error, LoadError::Invalid { .. }), "{error}");
        assert!(error.to_string().starts_with("plugin none can't be loaded: "), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_bounded_and_so_is_what_it_says_of_itself() {
    let engine = engine();
    let says = engine.load("huge", &vec![0; (64 << 20) + 1]).await.unwrap_err().to_string();
    assert_eq!(says, "plugin huge can't be loaded: it has more than 64 MiB");
    // the name and the code of the guest, wherever they stand in it
    for (is, becomes, why) in [
        ("misbehave", "misb\u{1b}have", "its name is \"misb have\""),
        ("BAD001", "bad001", "it has the code \"bad001\""),
    ] {
        let mut bytes = component("misbehave");
        let places: Vec<_> = (0..bytes.len() - is.len())
            .filter(|at| bytes[*at..].starts_with(is.as_bytes()))
            .collect();
        for at in places {
            bytes[at..at + is.len()].copy_from_slice(becomes.as_bytes());
        }
        let error = engine.load("bad", &bytes).await.unwrap_err();
        assert!(matches!(error, LoadError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_says_what_it_is_is_given_up() {
    let started = Instant::now();
    let error = engine().load("stall", &component("stall")).await.unwrap_err();
    let LoadError::Describe { source, .. } = &error else { panic!("{error}") };
    assert!(matches!(source, ReviewError::Cpu { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_the_plugin_s_to_judge() {
    let plugin = plugin().await;
    assert!(plugin.validate_settings("{}").await.unwrap().is_empty());
    let problems = plugin.validate_settings("{\"mode\":\"refuse-settings\"}").await.unwrap();
    let problem = |severity| SettingsProblem {
        severity,
        pointer: "/mode".to_owned(),
        message: "no".to_owned(),
    };
    assert_eq!(problems, [problem(Severity::Warning), problem(Severity::Error)]);
    let warnings = plugin.validate_settings("{\"mode\":\"warn-of-settings\"}").await.unwrap();
    assert_eq!(warnings, [problem(Severity::Warning)]);
    let many = plugin.validate_settings("{\"mode\":\"refuse-all-settings\"}").await.unwrap();
    assert_eq!(many.len(), 100);
    let looped = plugin.validate_settings("{\"mode\":\"spin\"}").await;
    assert!(matches!(looped, Err(ReviewError::Cpu { .. })), "{looped:?}");
}

#[tokio::test]
async fn compiled_code_is_kept_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let files = || fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    for _ in 0..2 {
        let engine = Engine::new(EngineConfig::default(), Some(&cache)).unwrap();
        let plugin = engine.load("bad", &component("misbehave")).await.unwrap();
        assert_eq!(plugin.metadata().name, "misbehave");
        assert_eq!(files().count(), 1);
        found(&review(&plugin, "find", blob(b"x")).await);
    }
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    let file = files().next().unwrap();
    let code = fs::read(&file).unwrap();
    fs::write(&file, b"damaged").unwrap();
    // what a kill and an upgrade leave
    fs::write(cache.join("x.cwasm.1-1.new"), b"half").unwrap();
    let left = fs::File::options().write(true).open(cache.join("x.cwasm.1-1.new")).unwrap();
    left.set_modified(std::time::UNIX_EPOCH).unwrap();
    fs::write(cache.join("x-0123456789abcdef.cwasm"), b"old").unwrap();
    fs::write(cache.join("notes.txt"), b"not ours").unwrap();
    let engine = Engine::new(EngineConfig::default(), Some(&cache)).unwrap();
    assert_eq!(files().count(), 2);
    engine.load("bad", &component("misbehave")).await.unwrap();
    assert_eq!(fs::read(&file).unwrap().len(), code.len(), "it was compiled again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_component_may_be_loaded_many_times_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(EngineConfig::default(), Some(folder.path())).unwrap();
    let component = component("misbehave");
    let loads = (0..6).map(|_| engine.load("bad", &component));
    for plugin in futures::future::join_all(loads).await {
        found(&review(&plugin.unwrap(), "find", blob(b"x")).await);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
