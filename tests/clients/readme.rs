//! The README's transcripts, replayed: every command, and every line that it shows. `…` stands for
//! anything, and a line of it alone for any lines.

use std::{fs, path::Path, process::Command};

use crate::harness::{ROADSTEAD, Server, said, tool};

/// A command and the lines that the README shows after it.
struct Step {
    command: String,
    shown: Vec<String>,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = readme.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines()) {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.to_owned(), shown: Vec::new() }),
            None => steps.last_mut().unwrap().shown.push(line.to_owned()),
        }
    }
    steps
}

/// Whether a line is as the README has it.
pub(crate) fn fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut open = false;
    for part in parts {
        open = part.is_empty();
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    open || rest.is_empty()
}

/// The verdict id that a text names.
fn verdict(text: &str) -> Option<String> {
    const CHARS: usize = 11;
    let id: String = text.split("verdict ").nth(1)?.chars().take(CHARS).collect();
    (id.len() == CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(id)
}

#[test]
fn the_readme_tells_what_happens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_at(&folder.path().join("roadstead-data"), &[]);
    let helm = tool("helm-4.3.1", "helm");
    let path = format!(
        "{}:{}:{}",
        helm.parent().unwrap().display(),
        Path::new(ROADSTEAD).parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let steps = steps(&readme);
    assert!(steps.len() > 10, "only {} commands", steps.len());
    let mut ids: Option<(String, String)> = None;
    let host = server.addr().to_string();
    let here = |text: &str, ids: &Option<(String, String)>| {
        let text = text.replace("localhost:5000", &host);
        ids.as_ref().map_or(text.clone(), |(told, real)| text.replace(told, real))
    };
    for Step { command, shown } in steps {
        let output = Command::new("sh")
            .args(["-c", &here(&command, &ids)])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        let text = said(&output);
        if let (Some(told), Some(real)) = (verdict(&shown.join("\n")), verdict(&text)) {
            ids = Some((told, real));
        }
        let mut lines = text.lines();
        let mut skips = shown.is_empty();
        for shown in &shown {
            let shown = here(shown, &ids);
            if shown == "…" {
                skips = true;
                continue;
            }
            let found = match skips {
                true => lines.any(|line| fits(&shown, line)),
                false => lines.next().is_some_and(|line| fits(&shown, line)),
            };
            assert!(found, "`{command}` does not show\n{shown}\nbut\n{text}");
            skips = false;
        }
        let more = lines.next().filter(|_| !skips);
        assert_eq!(more, None, "`{command}` shows more:\n{text}");
    }
}
