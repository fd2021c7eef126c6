//! Paths in a chart's archive, as helm reads them.

/// Longest path; helm has no bound of its own.
const PATH_BYTES_MAX: usize = 1024;

/// A file's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChartPath {
    /// the folder that holds the chart
    pub(crate) top: String,
    /// below it; empty for the folder itself
    pub(crate) inner: String,
}

impl ChartPath {
    /// Takes a path apart. helm does so at backslashes where there are any, and leaves out `.` and
    /// what is empty. What is wrong reads on after "the path … ".
    pub(crate) fn parse(path: &str) -> Result<Self, &'static str> {
        let delimiter = if path.contains('\\') { '\\' } else { '/' };
        let mut parts = path.split(delimiter);
        let top = parts.next().unwrap_or_default().to_owned();
        let inner = parts.collect::<Vec<_>>().join("/");
        if path.is_empty() {
            return Err("is empty");
        }
        if path.len() > PATH_BYTES_MAX {
            return Err("is too long");
        }
        if top.is_empty() || top.starts_with('/') || inner.starts_with('/') {
            return Err("is absolute");
        }
        let components: Vec<&str> =
            inner.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if top == ".." || top.contains('/') || components.contains(&"..") {
            return Err("leads out of the chart's folder");
        }
        if components.first().is_some_and(|first| first.starts_with("..")) {
            return Err("begins with two dots, which helm refuses");
        }
        let is_drive = |part: &str| {
            part.len() == 2
                && part.ends_with(':')
                && part.starts_with(|c: char| c.is_ascii_alphabetic())
        };
        if is_drive(&top) || components.first().is_some_and(|first| is_drive(first)) {
            return Err("names a drive");
        }
        Ok(Self { top, inner: components.join("/") })
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
            assert_eq!(ChartPath::parse(path), Ok(parsed), "{path}");
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
            "",
        ] {
            assert!(ChartPath::parse(path).is_err(), "{path}");
        }
        assert!(ChartPath::parse(&format!("web/{}", "x".repeat(2000))).is_err());
    }
}
