//! The files that a policy was made of, and how they looked before they were read.

use std::{
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
};

use crate::file::{self, Stamp};

/// Everything that was read, or tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched(Vec<(PathBuf, Option<Stamp>)>);

impl Watched {
    /// Remembers how something looks now.
    pub(super) fn mark(&mut self, path: &Path) {
        self.0.push((path.to_owned(), Stamp::at(path)));
    }

    /// All of a file, unless it is larger. It is marked first, so that no change is missed.
    pub(super) fn read(&mut self, path: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
        self.mark(path);
        let told = |error: Error| match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        file::read(path, bytes_max).map_err(told)
    }

    /// How all of it looks now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self(self.0.iter().map(|(path, _)| (path.clone(), Stamp::at(path))).collect())
    }

    /// Whether there is nothing that could change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
