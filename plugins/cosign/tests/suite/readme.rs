//! The README says what is true.

use roadstead_plugin_cosign::codes;

#[test]
fn each_code_has_its_row() {
    let readme = include_str!("../../README.md");
    for code in codes::ALL {
        let severity = format!("{:?}", code.severity).to_lowercase();
        let severity = severity.trim_start_matches("severity::");
        let row = format!("| {} | {severity} | {} |", code.id, code.summary);
        assert!(readme.contains(&row), "README.md has no row {row:?}");
        assert!(readme.contains(code.explanation), "README.md does not explain {}", code.id);
    }
    let ids: std::collections::BTreeSet<_> = codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), codes::ALL.len(), "each id stands for one thing");
    let rows = readme.lines().filter(|line| line.starts_with("| RSC")).count();
    assert_eq!(rows, codes::ALL.len(), "README.md has rows of codes that are gone");
}
