//! The files that a policy was made of, and how they looked before they were read.

use std::{
    fs::Metadata,
    io::{Error, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::file;

/// Everything that was read, or tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched(Vec<(PathBuf, Option<Mark>)>);

/// What changes when a file is saved, by whatever means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Watched {
    /// Remembers how something looks now.
    pub(super) fn mark(&mut self, path: &Path) {
        self.0.push((path.to_owned(), mark(path)));
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
        Self(self.0.iter().map(|(path, _)| (path.clone(), mark(path))).collect())
    }

    /// Whether there is nothing that could change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn mark(path: &Path) -> Option<Mark> {
    path.metadata().ok().map(|metadata: Metadata| Mark {
        device: metadata.dev(),
        inode: metadata.ino(),
        bytes: metadata.len(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}
