//! The commands of an operator, in a shell.

use std::{
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use crate::{
    client::Repository,
    harness::{ROADSTEAD, Server, said},
};

fn check(server: &Server) -> Command {
    let mut command = Command::new(ROADSTEAD);
    command.args(["check", "--json", "--data"]).arg(server.data());
    command
}

#[test]
fn a_reader_that_has_read_enough_is_no_error_and_a_full_disk_is_one() {
    let server = Server::start(&[]);
    let mut child = check(&server).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = check(&server).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let error = said(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("error: the output can't be written"), "{error}");
}

#[tokio::test]
async fn the_data_folder_is_for_its_owner_and_holds_what_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("made/data");
    let mut server = Server::start_at(&data, &[("ENGINE__CACHE", "")]);
    Repository::of(&server, "any").push("v1", ("application/x", b"{}"), &[]).await.is(201);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for private in [data.clone(), data.join("objects"), data.join("cache")] {
        assert_eq!(mode(&private), 0o700, "{}", private.display());
    }
    assert_eq!(mode(&data.join("socket")), 0o600);
    let names = || {
        let entries = std::fs::read_dir(&data).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["cache", "lock", "objects", "socket"]);
    server.stop();
    assert_eq!(names(), ["cache", "lock", "objects"]);
}
