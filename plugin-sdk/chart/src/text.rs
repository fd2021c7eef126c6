//! Text as Helm cleans it.

/// Cleans a text as Helm cleans most texts of Chart.yaml: white space becomes a space, and
/// unprintable characters are removed.
pub fn sanitised(text: &str) -> String {
    let letter = |letter: char| match letter {
        ' '..='~' => Some(letter),
        _ if letter.is_whitespace() => Some(' '),
        _ => is_printable(letter).then_some(letter),
    };
    text.chars().filter_map(letter).collect()
}

/// Letters, marks, numbers, punctuation and symbols. The standard library knows them, but says so
/// only by what it escapes; a mark alone would be escaped too, hence the letter before it.
fn is_printable(letter: char) -> bool {
    let mut bytes = [b'a'; 5];
    let len = letter.encode_utf8(&mut bytes[1..]).len();
    let pair = std::str::from_utf8(&bytes[..=len]).unwrap_or_default();
    matches!(letter, '\'' | '"' | '\\') || pair.escape_debug().eq(pair.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_printed_is_left_out() {
        let text = "a\tb\u{a0}c\u{200b}d\u{7}e'\u{e4}\u{301}\u{fffd}\u{e000}\u{2028}f\u{feff}";
        assert_eq!(sanitised(text), "a b cde'\u{e4}\u{301}\u{fffd} f");
    }
}
