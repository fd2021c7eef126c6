//! Mistakes in the configuration are named with their place and their cure.

use std::process::Command;

use crate::harness::{ROADSTEAD, said};

fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = Command::new(ROADSTEAD)
        .arg("serve")
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success());
    said(&output)
}

#[test]
fn an_unknown_key_has_file_line_and_the_nearest_known_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.toml");
    std::fs::write(&file, "[http]\nconections_max = 3\n").unwrap();
    let said = refused(&["-c", file.to_str().unwrap()], &[]);
    let place = format!("{}:2:1", file.display());
    assert_eq!(
        said,
        format!(
            "error: {place}: unknown key \"conections_max\"; did you mean \"connections_max\"?\n"
        )
    );
}

#[test]
fn a_wrong_type_has_its_key_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.toml");
    std::fs::write(&file, "[storage]\nfsync = true\nblob_bytes_max = \"10 GB\"\n").unwrap();
    let said = refused(&["-c", file.to_str().unwrap()], &[]);
    let place = format!("error: {}:3:18: storage.blob_bytes_max: ", file.display());
    assert!(said.starts_with(&place), "{said}");
}

#[test]
fn a_number_that_would_stop_everything_is_refused() {
    let most = u64::MAX.to_string();
    for (key, value) in [
        ("HTTP__CONNECTIONS_MAX", "0"),
        ("HTTP__CONNECTIONS_MAX", &*most),
        ("HTTP__HEADER_SECONDS_MAX", &*most),
        ("ENGINE__REVIEWS_PER_CORE_MAX", "0"),
    ] {
        let said = refused(&[], &[(&format!("ROADSTEAD__{key}"), value)]);
        let named = key.to_lowercase().replace("__", ".");
        let named = said.contains(&named) || said.contains(key);
        assert!(named && !said.contains("panicked"), "{key}={value}: {said}");
    }
}

#[test]
fn a_variable_is_named() {
    let said = refused(&[], &[("ROADSTEAD__STORAGE__FSINC", "false")]);
    assert!(said.contains("ROADSTEAD__STORAGE__FSINC; did you mean"), "{said}");
    let said = refused(&[], &[("ROADSTEAD__HTTP__CONNECTIONS_MAX", "many")]);
    assert!(said.contains("ROADSTEAD__HTTP__CONNECTIONS_MAX"), "{said}");
}

#[test]
fn it_listens_beyond_loopback_only_when_told_so() {
    let said = refused(&["--listen", "0.0.0.0:0"], &[]);
    assert!(said.contains("http.allow_anonymous_beyond_loopback"), "{said}");
}
