//! What was most likely meant.

/// The known name that is most like an unknown one, if any is like it at all.
pub(crate) fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LIKENESS_MIN: f64 = 0.75;
    let likeness = |name: &'a str| (strsim::jaro_winkler(unknown, name), name);
    let (likeness, name) = known.map(likeness).max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likeness >= LIKENESS_MIN).then_some(name)
}
