//! The file that is being read, and what is wrong with it.

use std::{
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
};

use roadstead_yaml::Place;

/// Why a file can't be read as cases: where, what is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    path: PathBuf,
    at: Place,
    what: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, at, what } = self;
        match at.line {
            0 => write!(f, "{}: {what}", path.display()),
            line => write!(f, "{}:{line}:{}: {what}", path.display(), at.column),
        }
    }
}

impl Error for CaseError {}

/// Who will run the cases, and so what they may say and expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tester {
    /// one plugin: settings, blobs, and what it found
    Plugin,
    /// a whole policy: the decision, the findings, and the rules
    Policy,
}

/// A file of cases.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) tester: Tester,
}

impl Source<'_> {
    pub(crate) fn error(&self, at: Place, what: impl Into<String>) -> CaseError {
        CaseError { path: self.path.to_owned(), at, what: what.into() }
    }

    /// Somewhere in it, or in a folder of that name.
    pub(crate) fn whole(path: &Path, what: impl Into<String>) -> CaseError {
        CaseError { path: path.to_owned(), at: Place::default(), what: what.into() }
    }

    /// A file that this one names, relative to its folder.
    pub(crate) fn file(&self, at: Place, name: &str) -> Result<Vec<u8>, CaseError> {
        let path = self.path.parent().unwrap_or(Path::new("")).join(name);
        let what = |error| format!("{} can't be read: {error}", path.display());
        fs::read(&path).map_err(|error| self.error(at, what(error)))
    }

    /// `file:line`
    pub(crate) fn place(&self, at: Place) -> String {
        format!("{}:{}", self.path.display(), at.line)
    }
}
