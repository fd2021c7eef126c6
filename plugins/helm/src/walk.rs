//! The walk over a chart's archive, which goes on as helm does, whatever it finds.

use std::{collections::BTreeMap, io::Read};

use roadstead_plugin_sdk::{
    Code, Failure, Quoted, Report,
    archive::{Archive, ArchiveError, Entry, Kind, Limits, Tail},
    content::{Decoded, ReadError},
};

use crate::{
    codes,
    names::{Clash, Names},
    path::{self, ChartPath, PATH_BYTES_MAX},
    yaml,
};

/// Bytes of all files, and of one: what helm takes.
const FILES_BYTES_MAX: u64 = 100 << 20;
const FILE_BYTES_MAX: u64 = 5 << 20;
/// Entries, files and folders, bytes of their paths, and bytes of the archive with its headers:
/// helm has no bounds for them.
const ENTRIES_MAX: u32 = 10_000;
const NAMES_MAX: usize = 50_000;
const PATHS_BYTES_MAX: usize = 2 << 20;
const ARCHIVE_BYTES_MAX: u64 = FILES_BYTES_MAX + (32 << 20);
/// Findings of one code that are told. The walk goes on: a policy may ignore that code, and then
/// the others count.
const FINDINGS_MAX: u32 = 10;
/// Documents of one name that are read.
const DOCUMENTS_MAX: usize = 4;

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) digest: String,
    /// whether all of it was looked at
    pub(crate) is_whole: bool,
    /// the folder that holds the chart
    pub(crate) top: String,
    /// What helm takes for Chart.yaml, in its order, without a byte order mark: it decodes each
    /// over the one before.
    pub(crate) charts: Vec<Vec<u8>>,
    /// requirements.yaml, where charts of the first kind have their dependencies
    pub(crate) requirements: Vec<Vec<u8>>,
    pub(crate) files: u32,
    pub(crate) bytes: u64,
}

/// A walk over the entries, in their order.
pub(crate) struct Walk<'a> {
    report: &'a mut Report,
    layer: Layer,
    names: Names,
    paths_bytes: usize,
    /// how often each code was found
    told: BTreeMap<&'static str, u32>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(layer: Layer, report: &'a mut Report) -> Self {
        Self { report, layer, names: Names::default(), paths_bytes: 0, told: BTreeMap::new() }
    }

    /// Walks as far as that goes.
    pub(crate) fn run(mut self, content: Decoded) -> Result<Layer, Failure> {
        let limits = Limits { bytes_max: ARCHIVE_BYTES_MAX, entries_max: ENTRIES_MAX };
        match self.entries(Archive::new(content, limits)) {
            Ok(is_whole) => self.layer.is_whole = is_whole,
            Err(error) => self.stopped(error)?,
        }
        Ok(self.layer)
    }

    /// Whether all of them were looked at.
    fn entries(&mut self, mut archive: Archive<Decoded>) -> Result<bool, ArchiveError> {
        let mut is_whole = true;
        while let Some(entry) = archive.next_entry()? {
            is_whole &= self.entry(entry)?;
            if self.names.len() > NAMES_MAX {
                self.too_large(&format!("the chart has more than {NAMES_MAX} files and folders"));
                return Ok(false);
            }
            if self.paths_bytes > PATHS_BYTES_MAX {
                self.too_large("the paths of the chart's files have more than 2 MiB");
                return Ok(false);
            }
        }
        if let Tail::Data { offset } = archive.finish()? {
            let message = format!(
                "the chart archive goes on after its end (byte {offset}), where helm stops and \
                 others do not; package the chart again with helm package"
            );
            self.report.find(&codes::TAIL, message).blob(&self.layer.digest);
        }
        Ok(is_whole)
    }

    /// Looks at an entry, and goes on as helm does, whatever is wrong with it. False: there was
    /// something that it did not read.
    fn entry(&mut self, mut entry: Entry<'_, Decoded>) -> Result<bool, ArchiveError> {
        let path = entry.path().to_owned();
        let kind = entry.kind();
        if kind == Kind::GlobalHeader {
            return Ok(true);
        }
        if let Some((code, why)) = path::problem(&path) {
            self.find(code, why, &path);
        }
        if path.len() > PATH_BYTES_MAX {
            return Ok(false);
        }
        self.paths_bytes += path.len();
        if let Some(what) = unwanted(kind, entry.has_directory_mode()) {
            let message = format!(
                "{} is {what}, and a chart holds files and folders only; replace it by a file",
                Quoted(&path)
            );
            self.find(&codes::ENTRY_TYPE, message, &path);
        }
        let place = ChartPath::of(&path);
        let is_file = kind != Kind::Directory && !entry.has_directory_mode();
        self.name(&place, &path, is_file);
        if !is_file {
            return Ok(true);
        }
        self.place(&place, &path);
        self.size(entry.size(), &path);
        let documents = match place.inner.as_str() {
            "Chart.yaml" => &mut self.layer.charts,
            "requirements.yaml" => &mut self.layer.requirements,
            _ => return Ok(true),
        };
        if documents.len() == DOCUMENTS_MAX {
            return Ok(false);
        }
        documents.push(read(&mut entry)?);
        Ok(true)
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
                format!("{shown} is there twice, and programs disagree which one counts; keep one"),
            ),
            Clash::FileAndFolder => {
                (&codes::DUPLICATE, format!("{shown} is there as a file and as a folder; keep one"))
            }
            Clash::Alike(other) => (
                &codes::ALIKE,
                format!(
                    "{shown} has a name that macOS and Windows do not tell from {}; rename one",
                    Quoted(&other)
                ),
            ),
        };
        self.find(code, message, path);
    }

    /// Finds files that do not stand where a chart may have one.
    fn place(&mut self, place: &ChartPath, path: &str) {
        if place.inner.is_empty() {
            let message = format!(
                "{} lies beside the chart's folder; package the chart again with helm package",
                Quoted(path)
            );
            return self.find(&codes::OUTSIDE, message, path);
        }
        if self.layer.top.is_empty() {
            self.layer.top.clone_from(&place.top);
        }
        if self.layer.top != place.top {
            let message = format!(
                "{} lies outside of the folder {}, and helm would mix the two; keep one folder",
                Quoted(path),
                Quoted(&self.layer.top)
            );
            self.find(&codes::OUTSIDE, message, path);
        }
    }

    /// Counts a file, and finds what helm would not read to its end.
    fn size(&mut self, size: u64, path: &str) {
        let had_room = self.layer.bytes < FILES_BYTES_MAX;
        self.layer.files += 1;
        self.layer.bytes += size;
        if had_room && self.layer.bytes >= FILES_BYTES_MAX {
            self.too_large("the files of the chart have more than 100 MiB when unpacked");
        }
        if size > FILE_BYTES_MAX {
            let message = format!(
                "{} has {size} bytes, and helm 3 takes 5 MiB a file; list it in .helmignore",
                Quoted(path)
            );
            self.find(&codes::FILE_TOO_LARGE, message, path);
        }
    }

    /// Says why the walk ended early, unless it says nothing about the chart.
    fn stopped(&mut self, error: ArchiveError) -> Result<(), Failure> {
        let why = match error {
            ArchiveError::Read(error) => match ReadError::of(&error) {
                ReadError::Encoding(why) => {
                    let message = format!(
                        "the chart layer can't be decompressed ({why}); package it again with \
                         helm package"
                    );
                    self.report.find(&codes::NOT_GZIP, message).blob(&self.layer.digest);
                    return Ok(());
                }
                ReadError::TooLarge(why) => {
                    self.too_large(&format!("the chart layer is a bomb: {why}"));
                    return Ok(());
                }
                failure => return Err(failure.into()),
            },
            ArchiveError::TooLarge { what, max } => {
                self.too_large(&format!("the chart archive has more than {max} {what}"));
                return Ok(());
            }
            ArchiveError::Malformed { offset, why } => {
                format!("the chart layer is no tar archive: {why} at byte {offset}")
            }
            ArchiveError::Unsupported { path, what } => {
                format!("{} is {what}, which readers of tar take differently", Quoted(&path))
            }
        };
        let message = format!("{why}; package the chart again with helm package");
        self.report.find(&codes::NOT_TAR, message).blob(&self.layer.digest);
        Ok(())
    }

    fn too_large(&mut self, why: &str) {
        let message = format!("{why}; keep large files out of it with .helmignore");
        self.report.find(&codes::TOO_LARGE, message).blob(&self.layer.digest);
    }

    fn find(&mut self, code: &'static Code, message: String, path: &str) {
        let told = self.told.entry(code.id).or_default();
        *told += 1;
        if *told <= FINDINGS_MAX {
            let path = &path[..path.floor_char_boundary(PATH_BYTES_MAX)];
            self.report.find(code, message).blob(&self.layer.digest).path(path);
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

/// A document, as helm reads it; of one that is too large no more than says so.
fn read(entry: &mut impl Read) -> Result<Vec<u8>, ArchiveError> {
    const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
    let mut bytes = Vec::new();
    let enough = yaml::BYTES_MAX + MARK.len() + 1;
    entry.take(enough as u64).read_to_end(&mut bytes)?;
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    Ok(bytes)
}
