//! The walk over an archive, which goes on as helm does, whatever it finds.

use std::io::{self, Read};

use roadstead_plugin_sdk::{
    Code, Quoted,
    archive::{Archive, ArchiveError, Limits, Tail},
    content::ReadError,
};

use super::{contents::Contents, found::Found, names::Names};
use crate::codes;

/// Bytes of all files: what helm takes.
pub(super) const FILES_BYTES_MAX: u64 = 100 << 20;
/// Entries, files and folders, bytes of their paths, and bytes of the archive with its headers:
/// helm has no bounds for them.
const ENTRIES_MAX: u32 = 10_000;
const NAMES_MAX: usize = 50_000;
const PATHS_BYTES_MAX: usize = 2 << 20;
const ARCHIVE_BYTES_MAX: u64 = FILES_BYTES_MAX + (32 << 20);

/// Where the bytes come from: the layer, or a file in it.
pub(super) type Source<'s> = &'s mut dyn Read;

/// A walk over the entries, in their order.
pub(super) struct Walk<'w, 'r> {
    pub(super) found: &'w mut Found<'r>,
    /// the archive's own path, if it is not the layer
    pub(super) archive: &'w str,
    /// how many charts it lies in
    pub(super) depth: usize,
    pub(super) walked: Walked,
    pub(super) names: Names,
    /// what the paths before have between their parts
    pub(super) separator: Option<char>,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// the folder that holds the chart
    pub(super) top: String,
    pub(super) contents: Contents,
    pub(super) files: u32,
    pub(super) bytes: u64,
    /// whether all of it was looked at
    pub(super) is_whole: bool,
}

impl<'w, 'r> Walk<'w, 'r> {
    pub(super) fn new(found: &'w mut Found<'r>, archive: &'w str) -> Self {
        let walked = Walked { is_whole: true, ..Walked::default() };
        Self { found, archive, depth: 0, walked, names: Names::default(), separator: None }
    }

    /// Walks as far as that goes. An error is one of what the archive lies in.
    pub(super) fn run(mut self, source: Source<'_>) -> Result<Walked, ArchiveError> {
        let limits = Limits { bytes_max: ARCHIVE_BYTES_MAX, entries_max: ENTRIES_MAX };
        if let Err(error) = self.entries(Archive::new(source, limits)) {
            self.walked.is_whole = false;
            self.stopped(error)?;
        }
        Ok(self.walked)
    }

    fn entries(&mut self, mut archive: Archive<Source<'_>>) -> Result<(), ArchiveError> {
        while let Some(entry) = archive.next_entry()? {
            let names = self.names.len();
            self.entry(entry)?;
            self.found.names += self.names.len() - names;
            let why = if self.found.names > NAMES_MAX {
                format!("the chart has more than {NAMES_MAX} files and folders")
            } else if self.found.paths_bytes > PATHS_BYTES_MAX {
                "the paths of the chart's files have more than 2 MiB".to_owned()
            } else {
                continue;
            };
            self.too_large(&why);
            self.walked.is_whole = false;
            return Ok(());
        }
        if let Tail::Data { offset } = archive.finish()? {
            let message = format!(
                "{} has data after its end (byte {offset}), where helm stops and other programs do \
                 not; package the chart again with helm package",
                self.subject("the chart archive")
            );
            self.find_whole(&codes::TAIL, message);
        }
        Ok(())
    }

    /// Says why the walk ended early, unless it says nothing about this archive.
    fn stopped(&mut self, error: ArchiveError) -> Result<(), ArchiveError> {
        let why = match error {
            ArchiveError::Read(error) => return self.unreadable(error),
            ArchiveError::TooLarge { what, max } => {
                self.too_large(&format!("the chart archive has more than {max} {what}"));
                return Ok(());
            }
            ArchiveError::Malformed { offset, why } => {
                let subject = self.subject("the chart layer");
                format!("{subject} is not a valid tar archive: {why} at byte {offset}")
            }
            ArchiveError::Unsupported { path, what } => {
                format!("{} is {what}, which tar readers interpret differently", Quoted(&path))
            }
        };
        let message = format!("{why}; package the chart again with helm package");
        self.find_whole(&codes::NOT_TAR, message);
        Ok(())
    }

    /// Tells apart what can't be decompressed from what could not be read at all.
    fn unreadable(&mut self, error: io::Error) -> Result<(), ArchiveError> {
        let cause = error.get_ref();
        if self.depth > 0 && cause.is_some_and(|cause| cause.is::<ReadError>() || is_archive(cause))
        {
            return Err(error.into());
        }
        match ReadError::of(&error) {
            ReadError::Encoding(why) => {
                let message = format!(
                    "{} can't be decompressed ({why}); package it again with helm package",
                    self.subject("the chart layer")
                );
                self.find_whole(&codes::NOT_GZIP, message);
                Ok(())
            }
            ReadError::TooLarge(why) => {
                self.too_large(&format!("the chart layer is a bomb: {why}"));
                Ok(())
            }
            failure => Err(failure.into()),
        }
    }

    /// What messages call this archive.
    pub(super) fn subject(&self, layer: &str) -> String {
        if self.depth == 0 { layer.to_owned() } else { Quoted(self.archive).to_string() }
    }

    pub(super) fn too_large(&mut self, why: &str) {
        let message = format!("{why}; keep large files out of it with .helmignore");
        self.find_whole(&codes::TOO_LARGE, message);
    }

    pub(super) fn find_whole(&mut self, code: &'static Code, message: String) {
        self.found.find(code, message, self.archive, 0);
    }

    pub(super) fn find(&mut self, code: &'static Code, message: String, path: &str) {
        let path = self.full(path);
        self.found.find(code, message, &path, 0);
    }

    /// A path that says in which archive it is.
    pub(super) fn full(&self, path: &str) -> String {
        if self.depth == 0 { path.to_owned() } else { format!("{}!{path}", self.archive) }
    }
}

fn is_archive(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    cause.is::<ArchiveError>()
}
