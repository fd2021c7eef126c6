//! Text of a guest, cut to one line.

use roadstead_oci::plain;

/// One line of at most `bytes_max`, cut between two characters.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    // cut first: a guest may hand over 4 MiB, and a blank takes no more than what it replaces
    plain(&text[..text.floor_char_boundary(bytes_max)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_neither_moves_the_cursor_nor_turns_the_direction() {
        for letter in
            "\0\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\
                       \u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}"
                .chars()
        {
            assert_eq!(line(&format!("a{letter}b"), 300), "a b", "{letter:?}");
        }
        assert_eq!(
            line("ä, 漢 and \u{1f469}\u{200d}\u{1f680}", 300),
            "ä, 漢 and \u{1f469}\u{200d}\u{1f680}"
        );
    }

    #[test]
    fn a_line_is_cut_between_two_characters() {
        assert_eq!(line("ääää", 5), "ää");
        assert_eq!(line("ä", 1), "");
        // what is cut is not what a blank made shorter
        assert_eq!(line("\u{202e}ab", 4), " a");
        assert_eq!(line(&"x".repeat(4 << 20), 300).len(), 300);
    }
}
