//! The names that helm goes by in a chart: where one of them is another file on another system,
//! that system has another chart.

use super::names::folded;

/// Files and folders in a chart's own folder.
const KNOWN: [&str; 10] = [
    "chart.yaml",
    "chart.lock",
    "requirements.yaml",
    "requirements.lock",
    "values.yaml",
    "values.schema.json",
    "charts",
    "templates",
    "crds",
    ".helmignore",
];

/// Whether helm goes by the last name of a path, in whatever case. The path is below the chart's
/// folder.
pub(super) fn is_known(path: &str) -> bool {
    let names: Vec<String> = path.split('/').map(folded).collect();
    let mut names = &names[..];
    while let [charts, chart, below @ ..] = names
        && charts == "charts"
        && !chart.starts_with(['_', '.'])
    {
        // what is in `charts` is a chart, by whatever name
        if below.is_empty() {
            return true;
        }
        names = below;
    }
    matches!(names, [name] if KNOWN.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_goes_by_few_names() {
        for path in [
            "Chart.yaml",
            "CHART.YAML",
            "values.\u{17f}chema.json",
            "Templates",
            "charts",
            "Charts/redis",
            "charts/Redis-1.0.0.tgz",
            "charts/a/Values.yaml",
            "charts/a/charts/B",
        ] {
            assert!(is_known(path), "{path}");
        }
        for path in [
            "README.md",
            "LICENSE",
            "chart.yml",
            "templates/Chart.yaml",
            "templates/charts/a",
            "files/values.yaml",
            "charts/a/readme.md",
            "charts/a/templates/x",
            "charts/_a",
            "charts/_a/Chart.yaml",
            "charts/.b",
        ] {
            assert!(!is_known(path), "{path}");
        }
    }
}
