//! The guide for authors of plugins, replayed in an empty folder: its files, its commands, in its
//! order, with exactly its text. `…` stands for anything.

use std::{
    fmt::Write,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use roadstead_oci::{Algorithm, Digest};

use crate::{
    harness::{ROADSTEAD, tool},
    readme::fits,
};

/// What the guide tells its reader to do.
enum Step {
    /// write a file, in the folder where he is
    File { name: String, text: String },
    /// run a command, and see these lines
    Run { command: String, shown: Vec<String> },
}

fn steps(chapter: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = chapter.lines();
    let mut before = String::new();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                line.clone_into(&mut before);
            }
            continue;
        };
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        if language != "console" {
            let name = before.trim_start_matches('`').trim_end_matches("`:");
            let text = block.join("\n") + "\n";
            steps.push(Step::File { name: name.to_owned(), text });
            continue;
        }
        for line in block {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step::Run { command: command.to_owned(), shown: Vec::new() });
                }
                (None, Some(Step::Run { shown, .. })) => shown.push(line.to_owned()),
                (None, _) => panic!("{line} stands before any command"),
            }
        }
    }
    steps
}

/// One script of it all, so that `cd`, `export` and `$!` mean what they mean to a reader. What each
/// command says goes into a file of its own.
fn script(steps: &[Step], folder: &Path) -> String {
    let mut script = String::new();
    let said = |i: usize| folder.join(format!("said-{i}")).display().to_string();
    for (i, step) in steps.iter().enumerate() {
        match step {
            Step::File { name, text } => {
                let source = folder.join(format!("file-{i}"));
                fs::write(&source, text).unwrap();
                writeln!(script, "cp {} {name}", source.display()).unwrap();
            }
            Step::Run { command, .. } => {
                writeln!(script, "{{ {command}\n}} >{} 2>&1", said(i)).unwrap();
                if command.ends_with('&') {
                    // a reader is slower
                    let waits = "kill -0 $! && ! grep -q listening";
                    writeln!(script, "while {waits} {}; do sleep 0.1; done", said(i)).unwrap();
                }
            }
        }
    }
    script
}

/// An empty folder outside of this workspace, the same at each run: its path is part of what cargo
/// has compiled already.
fn folder(root: &Path) -> PathBuf {
    let digest = Digest::of(Algorithm::Sha256, root.as_os_str().as_encoded_bytes());
    let folder = std::env::temp_dir().join(format!("roadstead-guide-{}", &digest.hex()[..8]));
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    folder
}

#[test]
fn the_guide_leads_from_nothing_to_a_refused_push() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let readme = fs::read_to_string(root.join("plugin-sdk/README.md")).unwrap();
    let chapter = readme.split("## From nothing to a refused push").nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let here = |text: &str| text.replace("localhost:5000", &format!("localhost:{port}"));
    let steps = steps(&here(chapter));
    assert!(steps.len() > 14, "only {} steps", steps.len());
    let folder = folder(&root);
    let [empty, said] = ["empty", "said"].map(|name| folder.join(name));
    fs::create_dir_all(&empty).unwrap();
    fs::create_dir(&said).unwrap();
    std::os::unix::fs::symlink(&root, empty.join("roadstead")).unwrap();
    let folder_of = |file: PathBuf| file.parent().unwrap().display().to_string();
    let path = [
        folder_of(tool("oras-1.3.6", "oras")),
        folder_of(PathBuf::from(ROADSTEAD)),
        std::env::var("PATH").unwrap(),
    ];
    let mut shell = Command::new("sh");
    for (key, _) in std::env::vars().filter(|(key, _)| {
        key.starts_with("ROADSTEAD__") || key.starts_with("CARGO_") && key != "CARGO_HOME"
    }) {
        shell.env_remove(key);
    }
    let ran = shell
        .args(["-c", &script(&steps, &said)])
        .current_dir(&empty)
        .env("PATH", path.join(":"))
        // compiled once, and not at each run of this test
        .env("CARGO_TARGET_DIR", root.join("target/guide"))
        .env("DOCKER_CONFIG", &empty)
        .env("ROADSTEAD__HTTP__LISTEN", format!("127.0.0.1:{port}"))
        .output();
    ran.unwrap();
    for (i, step) in steps.iter().enumerate() {
        let Step::Run { command, shown } = step else { continue };
        let text = fs::read_to_string(said.join(format!("said-{i}"))).unwrap();
        let mut lines = text.lines();
        for shown in shown.iter().filter(|shown| *shown != "…") {
            let found = lines.any(|line| fits(shown, line));
            assert!(found, "`{command}` does not show\n{shown}\nbut\n{text}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
