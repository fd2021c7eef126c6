//! Text for people.

use std::fmt;

use roadstead_oci::plain;

/// Text from the artifact, in quotes, fit for a message: printable ASCII, and not too long.
///
/// ```
/// # use roadstead_plugin_sdk::Quoted;
/// assert_eq!(Quoted("web").to_string(), "\"web\"");
/// assert_eq!(Quoted("a\nb").to_string(), "\"a\\nb\"");
/// assert_eq!(Quoted(&"x".repeat(99)).to_string(), format!("\"{}...\"", "x".repeat(37)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

/// Longest text that is shown whole.
const SHOWN_MAX: usize = 40;

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String =
            self.0.chars().take(SHOWN_MAX + 1).flat_map(char::escape_default).collect();
        if shown.len() <= SHOWN_MAX {
            write!(f, "\"{shown}\"")
        } else {
            write!(f, "\"{}...\"", &shown[..SHOWN_MAX - 3])
        }
    }
}

/// One line of at most `bytes_max`, which ends between two characters.
pub(crate) fn one_line(text: &str, bytes_max: usize) -> String {
    let mut line = plain(text);
    if line.len() > bytes_max {
        line.truncate(line.floor_char_boundary(bytes_max.saturating_sub(3)));
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_neither_moves_the_cursor_nor_turns_the_direction() {
        let letters = "\0\n\t\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\
                       \u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for letter in letters.chars() {
            assert_eq!(one_line(&format!("a{letter}b"), 10), "a b", "{letter:?}");
        }
        assert_eq!(one_line("\u{e4}, \u{6f22} \u{200d}", 20), "\u{e4}, \u{6f22} \u{200d}");
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        assert_eq!(one_line("a\r\nb", 10), "a  b");
        assert_eq!(one_line("aaa\u{e4}\u{e4}\u{e4}", 7), "aaa...");
        assert_eq!(one_line("aaaaaaa", 7), "aaaaaaa");
    }
}
