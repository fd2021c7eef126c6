//! Paths in a chart's archive, as helm reads them.

use roadstead_chart::sanitised;
use roadstead_plugin_sdk::{Code, Quoted};

use super::known::is_known;
use crate::codes;

/// Longest path; helm has no bound of its own.
pub(crate) const PATH_BYTES_MAX: usize = 1024;

/// A file's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChartPath {
    /// the folder that holds the chart
    pub(crate) top: String,
    /// below it, without `.` and `..`; empty for the folder itself
    pub(crate) inner: String,
}

impl ChartPath {
    /// Takes a path apart. helm does so at backslashes where there are any, and then goes by what
    /// is left when `.`, `..` and what is empty are gone.
    pub(crate) fn of(path: &str) -> Self {
        let (top, inner) = split(path);
        let mut components = Vec::new();
        for part in inner.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(components.pop()),
                part => components.push(part),
            }
        }
        Self { top, inner: components.join("/") }
    }
}

/// What is wrong with a path, and what to do.
pub(crate) fn problem(path: &str) -> Option<(&'static Code, String)> {
    let found =
        |code, why, remedy| Some((code, format!("the path {} {why}; {remedy}", Quoted(path))));
    if let Some(why) = escape(path) {
        return found(&codes::PATH, why, "remove it from the chart");
    }
    let why = path.split(['/', '\\']).find_map(unportable)?;
    let code = if becomes_known(path) { &codes::OTHER_ELSEWHERE } else { &codes::UNPORTABLE };
    found(code, why, "rename it")
}

/// Whether a name is one that helm goes by, once some system has made another name of it.
fn becomes_known(path: &str) -> bool {
    let inner = ChartPath::of(path).inner;
    let mut elsewhere = String::new();
    inner.split('/').any(|name| {
        let becomes = portable(name);
        elsewhere.push_str(&becomes);
        let found = becomes != name && is_known(&elsewhere);
        elsewhere.push('/');
        found
    })
}

/// What becomes of a name: Windows cuts off dots and spaces, and takes what follows a colon for a
/// stream of the file before it; macOS leaves out letters that can't be seen.
fn portable(name: &str) -> String {
    let name = sanitised(name);
    let file = name.split(':').next().unwrap_or_default();
    file.trim_end_matches(['.', ' ']).to_owned()
}

fn split(path: &str) -> (String, String) {
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let mut parts = path.split(delimiter);
    let top = parts.next().unwrap_or_default().to_owned();
    (top, parts.collect::<Vec<_>>().join("/"))
}

/// What helm refuses, and what leads out of the chart's folder for others.
fn escape(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.len() > PATH_BYTES_MAX {
        return Some("is too long");
    }
    let (top, inner) = split(path);
    if top.is_empty() || top.starts_with('/') || inner.starts_with('/') {
        return Some("is absolute");
    }
    let is_named = |part: &&str| !matches!(*part, "" | ".");
    if top == ".." || inner.split('/').any(|part| part == "..") {
        return Some("leads out of the chart's folder");
    }
    if top.contains('/') {
        return Some("is another file for helm, which splits it only at backslashes");
    }
    let first = inner.split('/').find(is_named).unwrap_or_default();
    if first.starts_with("..") {
        return Some("begins with two dots, which helm rejects");
    }
    let is_drive = |part: &str| {
        part.len() == 2
            && part.ends_with(':')
            && part.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    if is_drive(&top) || is_drive(first) {
        return Some("names a Windows drive");
    }
    (top == "Chart.yaml").then_some("has a folder named Chart.yaml, which helm rejects")
}

/// What becomes another name on some systems; see [`portable`].
fn unportable(name: &str) -> Option<&'static str> {
    match name {
        "" | "." => None,
        _ if name.contains(':') => Some("has a colon in a name"),
        _ if name.ends_with(['.', ' ']) => Some("has a name that ends with a dot or a space"),
        _ if sanitised(name) != name => Some("has an unprintable character"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_helm_does() {
        for (path, top, inner) in [
            ("web/Chart.yaml", "web", "Chart.yaml"),
            ("web/templates//./a.yaml", "web", "templates/a.yaml"),
            ("web\\templates\\a.yaml", "web", "templates/a.yaml"),
            ("./Chart.yaml", ".", "Chart.yaml"),
            ("web/", "web", ""),
            ("web/a..b", "web", "a..b"),
        ] {
            let parsed = ChartPath { top: top.into(), inner: inner.into() };
            assert_eq!(ChartPath::of(path), parsed, "{path}");
            assert_eq!(problem(path), None, "{path}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_chart() {
        for path in [
            "/etc/passwd",
            "\\etc\\passwd",
            "web//etc/passwd",
            "../Chart.yaml",
            "web/../../etc/passwd",
            "web/a/../b",
            "web\\..\\a",
            "web/..\\..\\a",
            "../web\\a",
            "web/..evil",
            "c:/web/Chart.yaml",
            "web/c:/windows",
            "web\\C:\\windows",
            "Chart.yaml/Chart.yaml",
            "",
        ] {
            assert_eq!(problem(path).unwrap().0, &codes::PATH, "{path}");
        }
        assert!(problem(&format!("web/{}", "x".repeat(2000))).is_some());
    }

    #[test]
    fn names_are_the_same_on_every_system() {
        for path in [
            "web/Chart.yaml.",
            "web/Chart.yaml ",
            "web/Chart.yaml:stream",
            "web/chart.yaml::$DATA",
            "web/Chart\u{200c}.yaml",
            "web\\values.yaml:x",
            "web/templates./a",
            "web/charts /evil/Chart.yaml",
            "web/charts/redis./Chart.yaml",
            "web/charts/a.tgz:b",
            "web/charts/a/Chart.yaml.",
        ] {
            assert_eq!(problem(path).unwrap().0, &codes::OTHER_ELSEWHERE, "{path}");
        }
        for path in [
            "web /Chart.yaml",
            "web/a./b",
            "web\\a:b",
            "web/a\tb",
            "web/a\u{7f}",
            "web/a/...",
            "web/README.md.",
            "web/templates/a:b.yaml",
            "web/templates/Chart.yaml.",
            "web/charts/_a/x:y",
        ] {
            assert_eq!(problem(path).unwrap().0, &codes::UNPORTABLE, "{path}");
        }
        for path in ["web/.helmignore", "web/a b", "web/_x.tpl", "web/\u{e4}\u{4e2d}.txt", "./a"] {
            assert_eq!(problem(path), None, "{path}");
        }
    }
}
