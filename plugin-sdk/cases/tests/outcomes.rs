//! What became of a push, held against what was expected: a case that must fail does fail.

use roadstead_cases::{
    Expectation, ExpectedFact, ExpectedFinding, Fact, Found, Judged, Outcome, Severity,
};

fn found(code: &str, severity: Severity, message: &str) -> Found {
    Found {
        code: code.to_owned(),
        severity,
        message: message.to_owned(),
        path: Some("a/b".to_owned()),
        line: Some(3),
    }
}

fn fact(key: &str, value: &str) -> Fact {
    Fact { key: key.to_owned(), value: value.to_owned(), about: None, authenticated: true }
}

fn judged() -> Outcome {
    let findings = vec![
        found("A001", Severity::Error, "the first"),
        found("A001", Severity::Warning, "the second"),
    ];
    Outcome::Judged(Judged::by_plugin(findings, vec![fact("k", "v"), fact("k", "w")]))
}

fn code(code: &str) -> ExpectedFinding {
    ExpectedFinding { code: code.to_owned(), ..ExpectedFinding::default() }
}

fn findings(expected: Vec<ExpectedFinding>) -> Vec<String> {
    Expectation { findings: Some(expected), ..Expectation::default() }.differences(&judged())
}

fn facts(expected: Vec<ExpectedFact>) -> Vec<String> {
    Expectation { annotations: Some(expected), ..Expectation::default() }.differences(&judged())
}

#[test]
fn all_findings_are_expected_and_no_others_in_any_order() {
    assert_eq!(findings(vec![code("A001"), code("A001")]), [""; 0]);
    // who would fit anything leaves the only fit to who is picky
    let picky = ExpectedFinding { message: Some("first".to_owned()), ..code("A001") };
    assert_eq!(findings(vec![code("A001"), picky.clone()]), [""; 0]);
    assert_eq!(findings(vec![picky.clone(), code("A001")]), [""; 0]);
    assert_eq!(
        findings(vec![picky.clone(), picky]),
        [
            "expected finding A001, message with \"first\"",
            "found finding A001, warning, path \"a/b\", line 3: the second"
        ]
    );
    assert_eq!(findings(vec![]).len(), 2);
    assert_eq!(findings(vec![code("A001"), code("A001"), code("A002")]), ["expected finding A002"]);
    for wrong in [
        ExpectedFinding { path: Some("a".to_owned()), ..code("A001") },
        ExpectedFinding { line: Some(4), ..code("A001") },
        ExpectedFinding { message: Some("third".to_owned()), ..code("A001") },
    ] {
        assert_eq!(findings(vec![code("A001"), wrong]).len(), 2);
    }
}

#[test]
fn facts_are_expected_by_key_and_value() {
    let any = ExpectedFact { key: "k".to_owned(), ..ExpectedFact::default() };
    let value = |value: &str| ExpectedFact { value: Some(value.to_owned()), ..any.clone() };
    assert_eq!(facts(vec![any.clone(), value("v")]), [""; 0]);
    assert_eq!(
        facts(vec![any.clone(), value("x")]),
        ["expected annotation k: x", "found annotation k: w, authenticated"]
    );
    let merely_read = ExpectedFact { authenticated: Some(false), ..any.clone() };
    assert_eq!(facts(vec![any.clone(), merely_read]).len(), 2);
    let about = ExpectedFact { about: Some("sha256:00".to_owned()), ..any.clone() };
    assert_eq!(facts(vec![any, about]).len(), 2);
}

#[test]
fn an_outcome_is_what_it_is_and_nothing_else() {
    let failed = Outcome::Failed("why".to_owned());
    let other = Outcome::Judged(Judged::by_plugin(vec![], vec![fact("k", "x")]));
    let all = [judged(), Outcome::NotMine, failed, other];
    for (i, outcome) in all.iter().enumerate() {
        for (j, other) in all.iter().enumerate() {
            let differences = Expectation::exactly(outcome).differences(other);
            assert_eq!(differences.is_empty(), i == j, "{outcome} {other}: {differences:?}");
        }
    }
}

#[test]
fn an_outcome_of_another_kind_is_told() {
    let not_mine = Expectation { not_mine: true, ..Expectation::default() };
    let fails = Expectation { fails: Some("spent".to_owned()), ..Expectation::default() };
    let failed = Outcome::Failed("the budget is spent".to_owned());
    assert_eq!(not_mine.differences(&Outcome::NotMine), [""; 0]);
    assert_eq!(fails.differences(&failed), [""; 0]);
    assert_eq!(
        not_mine.differences(&judged()),
        ["expected \"not mine\", found reject with A001, A001"]
    );
    assert_eq!(
        fails.differences(&Outcome::Failed("it panicked".to_owned())),
        ["expected a failure that says \"spent\", found a failure: it panicked"]
    );
    assert_eq!(fails.differences(&judged()).len(), 1);
    let accept = Expectation {
        decision: Some(roadstead_cases::Decision::Accept),
        rules: Some(vec!["r".to_owned()]),
        ..Expectation::default()
    };
    assert_eq!(
        accept.differences(&failed),
        ["expected accept, found a failure: the budget is spent"]
    );
    assert_eq!(accept.differences(&judged()), ["expected accept, found reject", "expected rule r"]);
}
