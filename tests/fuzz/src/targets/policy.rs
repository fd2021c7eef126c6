use roadstead::policy::check_text;

const NAME: &str = "fuzz.yaml";

/// Texts of policies: each problem is told in one line, with a place that lies in the text, and
/// shown in a bounded part of that, in three more.
pub fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Err(invalid) = check_text(NAME, &text) else { return };
    assert!(!invalid.problems.is_empty());
    // one behind the last line, and behind the end of a line, is where something is missing
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.split('\n').count();
    for problem in &invalid.problems {
        let told = problem.logged();
        let controls = told.chars().filter(|letter| letter.is_control()).collect::<String>();
        assert!(controls == "\n\n\n" && told.len() < 10_000, "{told:?}");
        let place = told.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':'));
        let mut numbers = place.unwrap_or_else(|| panic!("no place: {told:?}")).splitn(3, ':');
        let [line, column] =
            [numbers.next(), numbers.next()].map(|n| n.unwrap().parse::<usize>().unwrap());
        assert!((1..=lines + 1).contains(&line), "{told:?} in {lines} lines");
        let of_line = text.split('\n').nth(line - 1).unwrap_or_default();
        let columns = of_line.chars().count();
        assert!((1..=columns + 2).contains(&column), "{told:?} in {columns} columns");
        let shown = problem.to_string();
        assert!(shown.contains(&format!("{NAME}:{line}:{column}")), "{shown}");
        assert!(shown.len() < 10_000, "{} bytes of {told:?}", shown.len());
    }
}
