//! The repository keeps its own rules.

#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "our own files")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every file below a folder, relative to the root, without what tools made.
fn files(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["target", ".git"].contains(&name) && !name.starts_with("roadstead-data") {
                    walk(&path, found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    found.iter().map(relative).collect()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.contains("/testing/")
}

/// A unit, as a row of the table in ARCHITECTURE.md tells of it.
struct Unit {
    name: String,
    places: Vec<String>,
    never: Vec<String>,
}

/// The rows of the table of edges.
fn units() -> Vec<Unit> {
    let quoted = |cell: &str| {
        let parts = cell.split('`').skip(1).step_by(2);
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let text = text("ARCHITECTURE.md");
    let edges = text.split("\n## ").find(|section| section.starts_with("Edges\n")).unwrap();
    let rows = edges.lines().filter(|line| line.starts_with("| ")).skip(1);
    let unit = |row: &str| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        let [name, places, _knows, never] = cells[..] else { panic!("{row} has other columns") };
        let (places, never) = (quoted(places), quoted(never));
        assert!(!places.is_empty() && !never.is_empty(), "{row}");
        Unit { name: name.trim().to_owned(), places, never }
    };
    rows.map(unit).collect()
}

#[test]
fn edges_point_one_way() {
    let units = units();
    assert!(units.len() > 12, "{} units are read", units.len());
    for Unit { name: unit, places, never } in units {
        let of_place = |place: &String| match place.ends_with(".rs") {
            true => vec![place.clone()],
            false => files(place),
        };
        for path in places.iter().flat_map(of_place).filter(|path| path.ends_with(".rs")) {
            let text = text(&path);
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.take_while(|line| *line != "mod tests {") {
                for name in &never {
                    assert!(!line.contains(name), "{path}: {unit} must not name {name}: {line}");
                }
            }
        }
    }
}

#[test]
fn only_the_commands_know_the_format_of_cases() {
    for path in files("host").into_iter().filter(|path| path.ends_with(".rs")) {
        let known = text(&path).contains("roadstead_cases");
        assert!(!known || path.starts_with("host/src/cli/"), "{path} knows it");
    }
}

#[test]
fn files_and_folders_stay_small() {
    let mut folders = std::collections::BTreeMap::<String, usize>::new();
    for folder in ["host", "plugin-sdk", "plugins", "tests"] {
        for path in files(folder).into_iter().filter(|path| path.ends_with(".rs")) {
            let text = text(&path);
            let long = text.lines().position(|line| line.chars().count() > 100);
            assert_eq!(long, None, "{path} has a line of more than 100 columns, after as many");
            let lines = text.lines().count();
            let max = if is_test(&path) { 800 } else { 600 };
            assert!(lines <= max, "{path} has {lines} lines, more than {max}");
            let root = path.ends_with("/lib.rs");
            assert!(
                !root || is_test(&path) || lines <= 150,
                "{path} has {lines} lines, more than 150"
            );
            let folder = path.rsplit_once('/').unwrap().0.to_owned();
            *folders.entry(folder).or_default() += 1;
        }
    }
    for (folder, count) in folders {
        assert!(count <= 17, "{folder} has {count} files");
    }
}

#[test]
fn no_test_file_is_forgotten() {
    for suite in ["tests/suite", "host/storage/tests/contract"] {
        let all = files(suite);
        let named: BTreeSet<String> = all
            .iter()
            .flat_map(|path| {
                let folder = path.rsplit_once('/').unwrap().0.to_owned();
                text(path)
                    .lines()
                    .filter_map(|line| {
                        let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
                        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
                    })
                    .flat_map(move |name| {
                        [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        for path in all.iter().filter(|path| path.ends_with(".rs") && !path.ends_with("main.rs")) {
            assert!(named.contains(path), "no module names {path}");
        }
    }
}

#[test]
fn production_code_is_the_code_that_is_tested() {
    for path in files("host").into_iter().chain(files("plugin-sdk")) {
        if !path.ends_with(".rs") || is_test(&path) {
            continue;
        }
        let text = text(&path);
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                let next = lines.peek().copied().unwrap_or_default().trim();
                let fits = next == "mod tests {"
                    || next.starts_with("fn ")
                    || next.starts_with("mod tests;");
                assert!(fits, "{path}: cfg(test) outside of a tests module: {next}");
            }
            assert!(!line.contains("cfg(not(test))"), "{path}: tests would run another product");
        }
    }
}

#[test]
fn every_path_that_the_docs_name_exists() {
    let docs = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    for doc in docs {
        assert!(root().join(doc).exists(), "{doc} is missing");
        let body = text(doc);
        for quoted in body.split('`').skip(1).step_by(2) {
            let roots = ["host/", "plugin-sdk/", "plugins/", "tests/", "policies/", ".ci/"];
            let is_path =
                roots.iter().any(|root| quoted.starts_with(root)) && !quoted.contains(' ');
            let path = quoted.split("::").next().unwrap_or_default();
            let glob = path.contains(['*', '<', '{', '…']);
            assert!(!is_path || glob || root().join(path).exists(), "{doc} names {path}");
        }
        for link in body.split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            let local = !target.contains("://") && !target.starts_with('#');
            let path = target.split('#').next().unwrap_or_default();
            assert!(!local || root().join(path).exists(), "{doc} links to {target}");
        }
    }
    let lines = text("ARCHITECTURE.md").lines().count();
    assert!(lines <= 250, "ARCHITECTURE.md has {lines} lines");
}

#[test]
fn the_contract_is_the_one_that_both_sides_name() {
    for path in ["host/engine/src/abi.rs", "plugin-sdk/src/bindings.rs"] {
        assert!(text(path).contains("wit/0.1"), "{path}");
    }
    let copies: Vec<_> =
        files("").into_iter().filter(|path| path.ends_with("reviewer.wit")).collect();
    assert_eq!(copies, ["plugin-sdk/wit/0.1/reviewer.wit"]);
}

/// What the guide's JavaScript asks of the contract, which no compiler sees, is there.
#[test]
fn the_guide_asks_the_contract_for_what_it_has() {
    let contract = |file: &str| text(&format!("plugin-sdk/wit/0.1/{file}.wit"));
    let guide = text("plugin-sdk/README.md");
    let script: Vec<&str> =
        guide.split("```js\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    let script = script.concat();
    let mut asked = 0;
    for import in guide.split("import { ").skip(1).filter(|text| text.contains(" } from ")) {
        let (names, from) = import.split_once(" } from \"").unwrap();
        let from = from.split('"').next().unwrap();
        let Some((interface, version)) =
            from.strip_prefix("roadstead:admission/").and_then(|from| from.split_once('@'))
        else {
            continue;
        };
        let file = contract(interface);
        assert!(file.contains(&format!("package roadstead:admission@{version};")), "{from}");
        for name in names.split(", ") {
            assert!(file.contains(&format!("  {}: func(", kebab(name))), "{name} of {from}");
            asked += 1;
        }
    }
    let types = contract("types");
    for field in script.split("target.val.").skip(1) {
        let name: String = field.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(types.contains(&format!("    {}: ", kebab(&name))), "target.val.{name}");
    }
    assert!(asked >= 2 && script.contains("export const reviewer"), "the guide has changed");
}

/// `mediaType` as the contract writes it.
fn kebab(name: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_uppercase() {
        true => format!("-{}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    name.chars().map(letter).collect()
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let page = text("host/docs/configuration.md");
    let defaults = toml::Table::try_from(roadstead::config::Config::default()).unwrap();
    for (section, keys) in defaults {
        for (key, value) in keys.as_table().unwrap() {
            let text = value.as_str().filter(|text| !text.is_empty());
            let value = text.map_or_else(|| value.to_string(), ToOwned::to_owned);
            let row = format!("| `{section}.{key}` | `{value}` |");
            assert!(page.contains(&row), "host/docs/configuration.md lacks {row}");
        }
    }
}
