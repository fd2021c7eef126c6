//! What is wrong with a policy, where, and what would be right.

use std::{fmt, sync::Arc};

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
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) spot: Spot,
}

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
        let (spot, message) = (Some(spot.clone()), message.into());
        Self { gravity: Gravity::Error, spot, message, help: None }
    }

    /// The same, of a file as a whole.
    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self { gravity: Gravity::Error, spot: None, message: message.into(), help: None }
    }

    /// What is most likely not meant.
    pub(super) fn warning(spot: &Spot, message: impl Into<String>) -> Self {
        Self { gravity: Gravity::Warning, ..Self::error(spot, message) }
    }

    /// Says what would be right.
    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        let help = help.into();
        self.help = (!help.is_empty()).then_some(help);
        self
    }

    /// How bad it is.
    pub fn gravity(&self) -> Gravity {
        self.gravity
    }

    /// In one line, for a log: `charts.yaml:14:5: unknown key "plugn"; did you mean "plugin"?`
    pub fn line(&self) -> String {
        let place = self.spot.as_ref().map(|spot| format!("{spot}: ")).unwrap_or_default();
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{place}{}{help}", self.message)
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
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
        let number = spot.line.to_string();
        let margin = " ".repeat(number.len());
        let line = spot.source.text.lines().nth(spot.line - 1).unwrap_or_default();
        let line: String =
            line.chars().map(|letter| if letter == '\t' { ' ' } else { letter }).collect();
        let before = " ".repeat(spot.column - 1);
        let left = line.chars().count().saturating_sub(spot.column - 1);
        let caret = "^".repeat(spot.width.clamp(1, left.max(1)));
        let help = self.help.as_ref().map(|help| format!(" {help}")).unwrap_or_default();
        write!(
            f,
            "\n{margin}--> {spot}\n{margin} |\n{number} | {line}\n{margin} | {before}{caret}{help}"
        )
    }
}

/// ` did you mean "x"?`, or nothing where nothing is like it.
pub(super) fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    match crate::nearest::nearest(wrong, known) {
        Some(name) => format!("did you mean {name:?}?"),
        None => String::new(),
    }
}
