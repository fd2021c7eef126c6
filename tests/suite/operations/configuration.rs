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
