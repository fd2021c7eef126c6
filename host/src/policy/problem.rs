//! What is wrong with a policy, where, and what would be right.

use std::{fmt, sync::Arc};

use roadstead_oci::plain;

/// Characters of a message, and of a line that is shown: a policy may be one line of a MiB.
const MESSAGE_CHARS_MAX: usize = 600;
const SHOWN_CHARS_MAX: usize = 160;

/// A file that was read, as problems name it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// its path, as the operator wrote it
    pub(super) name: String,
    /// all of it
    pub(super) text: String,
}

/// A place in a file.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) source: Arc<Source>,
    /// from 1
    pub(super) line: usize,
    /// from 1, in characters
    pub(super) column: usize,
    /// characters, one at least
    pub(super) width: usize,
}

/// Something with the place where it stands.
pub(super) type At<T> = roadstead_yaml::At<T, Spot>;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// the policy can't be used
    Error,
    /// it can, but most likely not as it was meant
    Warning,
}

/// Something wrong with a policy.
#[derive(Clone, Debug)]
pub struct Problem {
    gravity: Gravity,
    spot: Option<Spot>,
    message: String,
    help: Option<String>,
}

impl Problem {
    /// What keeps a policy from being used.
    pub(super) fn error(spot: &Spot, message: impl Into<String>) -> Self {
        Self { spot: Some(spot.clone()), ..Self::of_file(message) }
    }

    /// The same, of a file as a whole.
    pub(super) fn of_file(message: impl Into<String>) -> Self {
        let message = one_line(&message.into());
        Self { gravity: Gravity::Error, spot: None, message, help: None }
    }

    /// What is most likely not meant.
    pub(super) fn warning(spot: &Spot, message: impl Into<String>) -> Self {
        Self { gravity: Gravity::Warning, ..Self::error(spot, message) }
    }

    /// Says what would be right.
    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        let help = help.into();
        self.help = (!help.is_empty()).then(|| one_line(&help));
        self
    }

    /// How bad it is.
    pub fn gravity(&self) -> Gravity {
        self.gravity
    }

    /// For a log: all of it in the first line, which a search shows, then the line with a caret.
    ///
    /// ```text
    /// charts.yaml:14:5: unknown key "plugn"; did you mean "plugin"?
    ///    |
    /// 14 |   - plugn: helm
    ///    |     ^^^^^
    /// ```
    pub fn logged(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        match &self.spot {
            Some(spot) => format!("{spot}: {}{help}\n{}", self.message, spot.excerpt()),
            None => format!("{}{help}", self.message),
        }
    }
}

impl Spot {
    /// What stands beside a line without a number.
    fn margin(&self) -> String {
        " ".repeat(self.line.to_string().len())
    }

    /// The line, with a caret below it.
    fn excerpt(&self) -> String {
        let (number, margin) = (self.line, self.margin());
        let (line, column) = around(line_of(&self.source.text, self.line), self.column - 1);
        let before = " ".repeat(column);
        let left = line.chars().count().saturating_sub(column);
        let caret = "^".repeat(self.width.clamp(1, left.max(1)));
        format!("{margin} |\n{number} | {line}\n{margin} | {before}{caret}")
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", plain(&self.source.name), self.line, self.column)
    }
}

/// As compilers show it, with the line and a caret.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gravity = match self.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        };
        write!(f, "{gravity}: {}", self.message)?;
        let Some(spot) = &self.spot else {
            return match &self.help {
                Some(help) => write!(f, "\n  = {help}"),
                None => Ok(()),
            };
        };
        let help = self.help.as_ref().map(|help| format!(" {help}")).unwrap_or_default();
        write!(f, "\n{}--> {spot}\n{}{help}", spot.margin(), spot.excerpt())
    }
}

/// What a log, a terminal and whoever counts lines can take: others chose some of the text.
fn one_line(text: &str) -> String {
    let text = plain(text);
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A line by its number, from 1. A carriage return alone ends one as well, as YAML has it.
fn line_of(text: &str, number: usize) -> &str {
    let mut rest = text;
    for _ in 1..number {
        let Some(end) = rest.find(['\n', '\r']) else { return "" };
        let after = &rest[end..];
        rest = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
    }
    rest.split(['\n', '\r']).next().unwrap_or_default()
}

/// The part of a line around a column, and where that column is in it; both count from 0.
fn around(line: &str, column: usize) -> (String, usize) {
    let start = if column < SHOWN_CHARS_MAX / 2 { 0 } else { column - SHOWN_CHARS_MAX / 4 };
    let shown: String = line.chars().skip(start).take(SHOWN_CHARS_MAX).collect();
    (plain(&shown), column - start)
}

/// ` did you mean "x"?`, or nothing where nothing is like it.
pub(super) fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    match crate::nearest::nearest(wrong, known) {
        Some(name) => format!("did you mean {name:?}?"),
        None => String::new(),
    }
}

/// Why a policy can't be used.
#[derive(Debug)]
pub struct Invalid {
    /// what is wrong, the first hundred of it
    pub problems: Vec<Problem>,
    /// how much else is
    pub more: usize,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.iter().map(ToString::to_string);
        let more = (self.more > 0).then(|| format!("and {} more errors", self.more));
        f.write_str(&problems.chain(more).collect::<Vec<_>>().join("\n\n"))
    }
}

impl std::error::Error for Invalid {}

impl From<Vec<Problem>> for Invalid {
    fn from(mut problems: Vec<Problem>) -> Self {
        const PROBLEMS_MAX: usize = 100;
        let more = problems.len().saturating_sub(PROBLEMS_MAX);
        problems.truncate(PROBLEMS_MAX);
        Self { problems, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_yaml_has_it() {
        let lines = ["a", "b", "", "c", "", "d", "", ""];
        for (number, line) in lines.into_iter().enumerate() {
            assert_eq!(line_of("a\r\nb\r\rc\n\nd\n", number + 1), line, "{number}");
        }
    }

    #[test]
    fn what_is_shown_is_one_line_and_the_part_that_matters() {
        assert_eq!(one_line("a\n  b\u{1b}[2J \r\n"), "a b [2J");
        let long = one_line(&"\u{e4}".repeat(700));
        assert_eq!(long.chars().count(), 601);
        assert_eq!(around("ab\tc", 3), ("ab c".to_owned(), 3));
        let (shown, column) = around(&format!("{}!{}", "a".repeat(5000), "b".repeat(5000)), 5000);
        assert_eq!((shown.len(), shown.find('!')), (160, Some(column)));
    }
}
