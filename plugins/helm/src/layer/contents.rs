//! What helm takes out of an archive: a chart, and the charts in its folder `charts`.

use std::collections::BTreeMap;

use crate::files::Lock;

/// Charts within charts; helm has no bound of its own.
pub(crate) const DEPTH_MAX: usize = 32;

/// The files of one chart that say what it is.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// What helm takes for Chart.yaml, in its order, without a byte order mark: it decodes each
    /// over the one before.
    pub(crate) charts: Vec<Vec<u8>>,
    /// requirements.yaml, where charts of the first kind have their dependencies
    pub(crate) requirements: Vec<Vec<u8>>,
    /// Chart.lock, or requirements.lock; of several the last one
    pub(crate) lock: Option<Lock>,
    /// not all that belongs to the two was read, and it was said why
    pub(crate) is_cut: bool,
    /// by name, as it stands in `charts`
    pub(crate) vendored: BTreeMap<String, Vendored>,
}

/// What is in the folder `charts`, in a folder or an archive of its own.
#[derive(Debug, Default)]
pub(crate) struct Vendored {
    pub(crate) contents: Contents,
    /// it was said already why it could not be read
    pub(crate) is_told: bool,
}

/// Where a file belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spot<'p> {
    /// a file of the chart itself, by its path there
    File(&'p str),
    /// an archive in its folder `charts`, and how many charts it lies in
    Archive(&'p str, usize),
    /// what helm leaves alone
    Nothing,
    /// deeper than [`DEPTH_MAX`]
    TooDeep,
}

impl Contents {
    /// The chart that a file belongs to, this one or one within, and its place there. `depth`: how
    /// many charts this one lies in.
    pub(crate) fn locate<'p>(&mut self, path: &'p str, depth: usize) -> (&mut Self, Spot<'p>) {
        let (mut chart, mut rest) = (self, path);
        for level in depth..=DEPTH_MAX {
            let Some(below) = rest.strip_prefix("charts/") else {
                return (chart, Spot::File(rest));
            };
            let (name, file) =
                below.split_once('/').map_or((below, None), |(name, file)| (name, Some(file)));
            if ends_with(rest, ".prov") || name.starts_with(['_', '.']) {
                return (chart, Spot::Nothing);
            }
            let is_archive = ends_with(name, ".tgz");
            match file {
                None if is_archive => return (chart, Spot::Archive(name, level + 1)),
                Some(file) if !is_archive => {
                    chart = &mut chart.vendored.entry(name.to_owned()).or_default().contents;
                    rest = file;
                }
                // a file where a folder should be, or the other way round
                _ => {
                    chart.vendored.entry(name.to_owned()).or_default();
                    return (chart, Spot::Nothing);
                }
            }
        }
        (chart, Spot::TooDeep)
    }
}

/// As helm has it, to the letter, on any system.
fn ends_with(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_the_chart_that_helm_takes_them_for() {
        for (path, spot, vendored) in [
            ("values.yaml", Spot::File("values.yaml"), &[][..]),
            ("templates/charts/a", Spot::File("templates/charts/a"), &[]),
            ("charts/a-1.0.0.tgz", Spot::Archive("a-1.0.0.tgz", 1), &[]),
            ("charts/a-1.0.0.tgz.prov", Spot::Nothing, &[]),
            ("charts/a/Chart.yaml", Spot::File("Chart.yaml"), &["a"]),
            ("charts/a/charts/b.tgz", Spot::Archive("b.tgz", 2), &["a"]),
            ("charts/_a/Chart.yaml", Spot::Nothing, &[]),
            ("charts/.DS_Store", Spot::Nothing, &[]),
            ("charts/README.md", Spot::Nothing, &["README.md"]),
            ("charts/a.tgz/Chart.yaml", Spot::Nothing, &["a.tgz"]),
        ] {
            let mut contents = Contents::default();
            assert_eq!(contents.locate(path, 0).1, spot, "{path}");
            let names: Vec<_> = contents.vendored.keys().map(String::as_str).collect();
            assert_eq!(names, vendored, "{path}");
        }
        let deep = format!("{}Chart.yaml", "charts/a/".repeat(DEPTH_MAX));
        assert_eq!(Contents::default().locate(&deep, 0).1, Spot::File("Chart.yaml"));
        assert_eq!(Contents::default().locate(&deep, 1).1, Spot::TooDeep);
    }
}
