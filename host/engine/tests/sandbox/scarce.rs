//! Where the machine has little to give: each test runs itself once more in a process of its own,
//! which has less.

use std::{
    env, fs,
    process::{Command, id},
};

use roadstead_engine::{Limits, ReviewError};

use crate::scene::{blob, found, manifest, plugin, review, review_of};

/// Set where a test is such a process.
const CHILD: &str = "ROADSTEAD_TEST_SCARCE";

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Runs a test of this binary, with some options of prlimit.
fn run(test: &str, limits: &[&str]) {
    let child = Command::new("prlimit")
        .args(limits)
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        // each thread of the compiler reserves addresses
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .expect("prlimit, of util-linux, is missing");
    let [said, failed] = [&child.stdout, &child.stderr].map(|text| String::from_utf8_lossy(text));
    // a wrong name would run nothing
    assert!(child.status.success() && said.contains("1 passed"), "{said}{failed}");
}

#[tokio::test]
async fn plugins_run_where_there_are_no_addresses_for_a_pool() {
    if !is_child() {
        // 16 GiB; a pool takes 4 GiB for each memory, and there are eight on one core already
        run("scarce::plugins_run_where_there_are_no_addresses_for_a_pool", &["--as=17179869184"]);
        return;
    }
    let plugin = plugin().await;
    // more than memory that need not move when it grows
    let limits = Limits { memory_bytes_max: 200 << 20, ..Limits::default() };
    for _ in 0..3 {
        let hoard = review_of(&plugin, "allocate", blob(b"x"), &manifest(), &limits).await;
        assert_eq!(hoard.outcome, Err(ReviewError::Memory { bytes_max: 200 << 20 }));
        assert!(hoard.statistics.memory_bytes > 150 << 20);
        let endless = review(&plugin, "recurse", blob(b"x")).await;
        assert_eq!(endless.outcome, Err(ReviewError::Stack));
        found(&review(&plugin, "find", blob(b"x")).await);
    }
    let reads = (0..50).map(|_| review(&plugin, "read", blob(&[1; 1000])));
    for read in futures::future::join_all(reads).await {
        assert_eq!(found(&read).annotations[0].value, "1000 bytes, sum 1000");
    }
}

#[tokio::test]
async fn memory_that_the_host_lacks_says_nothing_about_the_content() {
    if !is_child() {
        run("scarce::memory_that_the_host_lacks_says_nothing_about_the_content", &[]);
        return;
    }
    let plugin = plugin().await;
    found(&review(&plugin, "find", blob(b"x")).await);
    leave(64 << 20);
    let limits = Limits { memory_bytes_max: 512 << 20, ..Limits::default() };
    let lacking = review_of(&plugin, "allocate-at-once", blob(b"x"), &manifest(), &limits).await;
    let error = lacking.outcome.unwrap_err();
    assert!(matches!(error, ReviewError::Host(_)), "{error:?}");
    assert!(error.to_string().contains("the host lacks memory: "), "{error}");
    assert!(!error.is_property_of_content() && !lacking.memoisable);
    assert!(lacking.statistics.memory_bytes < 10 << 20, "{:?}", lacking.statistics);
    found(&review(&plugin, "find", blob(b"x")).await);
}

/// From now on this process gets no more than so many bytes beside what it has.
fn leave(bytes: u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    let kib: u64 = data.trim().trim_end_matches(" kB").parse().unwrap();
    let limit = format!("--data={}", (kib << 10) + bytes);
    let set = Command::new("prlimit").args([&limit, "--pid", &id().to_string()]).status();
    assert!(set.unwrap().success());
}
