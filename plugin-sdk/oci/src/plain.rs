//! Text that others chose, made harmless for terminals and logs.

/// Whether a letter can stand in a line: it neither moves the cursor of a terminal, nor ends the
/// line, nor turns the direction of the text.
pub fn is_plain(letter: char) -> bool {
    // line separators; then marks, embeddings, overrides and isolates of direction
    let turns = matches!(letter, '\u{2028}' | '\u{2029}')
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(letter, '\u{2066}'..='\u{206f}');
    !letter.is_control() && !turns
}

/// Returns the text as one line: whatever is not [plain](is_plain) becomes a space.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }).collect()
}
