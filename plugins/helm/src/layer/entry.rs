//! One entry: its kind, its name, its place, its size.

use roadstead_plugin_sdk::{
    Quoted,
    archive::{ArchiveError, Entry, Kind},
};

use super::{
    names::Clash,
    path::{self, ChartPath, PATH_BYTES_MAX},
    walk::{FILES_BYTES_MAX, Source, Walk},
};
use crate::codes;

/// Bytes of one file: what helm 3 takes.
const FILE_BYTES_MAX: u64 = 5 << 20;

impl Walk<'_, '_> {
    /// Looks at an entry, and goes on as helm does, whatever is wrong with it.
    pub(super) fn entry(&mut self, entry: Entry<'_, Source<'_>>) -> Result<(), ArchiveError> {
        let path = entry.path().to_owned();
        let kind = entry.kind();
        if kind == Kind::GlobalHeader {
            return Ok(());
        }
        if let Some((code, why)) = path::problem(&path) {
            self.find(code, why, &path);
        }
        if path.len() > PATH_BYTES_MAX {
            self.walked.is_whole = false;
            return Ok(());
        }
        self.found.paths_bytes += path.len();
        if let Some(what) = unwanted(kind, entry.has_directory_mode()) {
            let message = format!(
                "{} is {what}, but a chart may have only files and folders; replace it with a file",
                Quoted(&path)
            );
            self.find(&codes::ENTRY_TYPE, message, &path);
        }
        let place = ChartPath::of(&path);
        let is_file = kind != Kind::Directory && !entry.has_directory_mode();
        self.name(&place, &path, is_file);
        if !is_file {
            return Ok(());
        }
        self.separator(&path);
        self.place(&place, &path);
        self.size(entry.size(), &path);
        self.file(entry, &place.inner, &path)
    }

    /// Finds names that can't stand beside each other.
    fn name(&mut self, place: &ChartPath, path: &str, is_file: bool) {
        let ChartPath { top, inner } = place;
        let separator = if inner.is_empty() { "" } else { "/" };
        let Err(clash) = self.names.add(&[top, separator, inner].concat(), is_file) else { return };
        let shown = Quoted(path);
        let (code, message) = match clash {
            Clash::Twice => (
                &codes::DUPLICATE,
                format!(
                    "{shown} is in the archive twice, and programs disagree which one counts; \
                         keep one"
                ),
            ),
            Clash::FileAndFolder => (
                &codes::DUPLICATE,
                format!("{shown} is in the archive as a file and as a folder; keep one"),
            ),
            Clash::Alike(other, is_known) => (
                if is_known { &codes::OTHER_ELSEWHERE } else { &codes::ALIKE },
                format!(
                    "macOS or Windows treat {shown} and {} as the same path; rename one",
                    Quoted(&other)
                ),
            ),
        };
        self.find(code, message, path);
    }

    /// Finds paths with backslashes beside paths with slashes. helm splits a path at backslashes
    /// where it has any; on Linux no other program does.
    fn separator(&mut self, path: &str) {
        for separator in ['/', '\\'].into_iter().filter(|separator| path.contains(*separator)) {
            if self.separator.replace(separator).is_some_and(|before| before != separator) {
                let message = format!(
                    "helm splits {} at its backslashes, other programs at its slashes; use only \
                     slashes",
                    Quoted(path)
                );
                return self.find(&codes::NOT_TAR, message, path);
            }
        }
    }

    /// Finds files that do not stand where a chart may have one.
    fn place(&mut self, place: &ChartPath, path: &str) {
        if place.inner.is_empty() {
            let message = format!(
                "{} is beside the chart's folder; package the chart again with helm package",
                Quoted(path)
            );
            return self.find(&codes::OUTSIDE, message, path);
        }
        if self.walked.top.is_empty() {
            self.walked.top.clone_from(&place.top);
        }
        if self.walked.top != place.top {
            let message = format!(
                "{} is in the folder {}, not in {}, and helm would mix the two; keep one folder",
                Quoted(path),
                Quoted(&place.top),
                Quoted(&self.walked.top)
            );
            self.find(&codes::OUTSIDE, message, path);
        }
    }

    /// Counts a file, and finds what helm would not read to its end.
    fn size(&mut self, size: u64, path: &str) {
        let had_room = self.walked.bytes < FILES_BYTES_MAX;
        self.walked.files += 1;
        self.walked.bytes += size;
        if had_room && self.walked.bytes >= FILES_BYTES_MAX {
            self.too_large("the files of the chart have more than 100 MiB when unpacked");
        }
        if size > FILE_BYTES_MAX {
            let message = format!(
                "{} has {size} bytes, but helm 3 accepts at most 5 MiB; list it in .helmignore",
                Quoted(path)
            );
            self.find(&codes::FILE_TOO_LARGE, message, path);
        }
    }
}

/// What an entry is, if a chart may not hold it. Go takes for a folder what has the mode of one,
/// so that helm leaves out a file that others unpack.
fn unwanted(kind: Kind, has_directory_mode: bool) -> Option<&'static str> {
    match kind {
        Kind::File if has_directory_mode => Some("a file with the mode of a folder"),
        Kind::File | Kind::Directory | Kind::GlobalHeader => None,
        Kind::Symlink => Some("a symbolic link"),
        Kind::Hardlink => Some("a hard link"),
        Kind::Device => Some("a device"),
        Kind::Fifo => Some("a named pipe"),
        Kind::Other(_) => Some("an entry of an unknown type"),
    }
}
