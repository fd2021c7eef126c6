//! The chart layer: a gzipped tar archive, walked once.

use std::{collections::BTreeSet, io::Read};

use roadstead_plugin_sdk::{
    Descriptor, Failure, Quoted, Report,
    archive::{Archive, ArchiveError, Entry, Kind, Limits, Tail},
    content::{self, Decoded, ReadError},
};

use crate::{codes, path::ChartPath};

/// Bytes of all files, and of one: what helm takes.
const FILES_BYTES_MAX: u64 = 100 << 20;
const FILE_BYTES_MAX: u64 = 5 << 20;
/// Entries, and bytes of the archive with its headers: helm has no bounds for them.
const ENTRIES_MAX: u32 = 10_000;
const ARCHIVE_BYTES_MAX: u64 = FILES_BYTES_MAX + (32 << 20);
/// Findings after which the rest no longer matters.
const FINDINGS_MAX: usize = 10;

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    /// the folder that holds the chart
    pub(crate) top: Option<String>,
    /// Chart.yaml, without a byte order mark
    pub(crate) chart: Option<Vec<u8>>,
    /// requirements.yaml, where charts of the first kind have their dependencies
    pub(crate) requirements: Option<Vec<u8>>,
    pub(crate) files: u32,
    pub(crate) bytes: u64,
}

/// Walks the archive. None: it could not be walked to its end.
pub(crate) fn walk(descriptor: &Descriptor, report: &mut Report) -> Result<Option<Layer>, Failure> {
    let digest = &descriptor.digest;
    let magic = content::open(digest)?.read_at(0, 3)?;
    if magic != [0x1f, 0x8b, 8] {
        let message =
            "the chart layer is not gzip, which helm needs; push the .tgz of helm package";
        report.find(&codes::NOT_GZIP, message).blob(digest);
        return Ok(None);
    }
    let limits = Limits { bytes_max: ARCHIVE_BYTES_MAX, entries_max: ENTRIES_MAX };
    let archive = Archive::new(content::open_decoded(digest)?, limits);
    let mut walk = Walk { digest, report, layer: Layer::default(), names: BTreeSet::new() };
    match walk.run(archive) {
        Ok(true) => Ok(Some(walk.layer)),
        Ok(false) => Ok(None),
        Err(error) => walk.stopped(error).map(|()| None),
    }
}

struct Walk<'a> {
    digest: &'a str,
    report: &'a mut Report,
    layer: Layer,
    /// of the files, below the chart's folder
    names: BTreeSet<String>,
}

impl Walk<'_> {
    /// Whether it went to the end.
    fn run(&mut self, mut archive: Archive<Decoded>) -> Result<bool, ArchiveError> {
        let before = self.report.findings().len();
        while let Some(entry) = archive.next_entry()? {
            if !self.entry(entry)? || self.report.findings().len() >= before + FINDINGS_MAX {
                return Ok(false);
            }
        }
        if let Tail::Data { offset } = archive.finish()? {
            let message = format!(
                "the chart archive goes on after its end (byte {offset}), where helm stops and \
                 others do not; package the chart again with helm package"
            );
            self.report.find(&codes::TAIL, message).blob(self.digest);
        }
        Ok(true)
    }

    /// Looks at an entry. False: it is pointless to go on.
    fn entry(&mut self, mut entry: Entry<'_, Decoded>) -> Result<bool, ArchiveError> {
        let path = entry.path().to_owned();
        let kind = entry.kind();
        if kind == Kind::GlobalHeader {
            return Ok(true);
        }
        let place = match ChartPath::parse(&path) {
            Ok(place) => place,
            Err(why) => {
                let message = format!("the path {} {why}; remove it from the chart", Quoted(&path));
                self.find(&codes::PATH, message, &path);
                return Ok(true);
            }
        };
        if let Some(what) = unwanted(kind, entry.has_directory_mode()) {
            let message = format!(
                "{} is {what}, and a chart holds files and folders only; replace it by a file",
                Quoted(&path)
            );
            self.find(&codes::ENTRY_TYPE, message, &path);
            return Ok(true);
        }
        if kind == Kind::Directory {
            return Ok(true);
        }
        if !self.place(&place, &path) {
            return Ok(true);
        }
        let size = entry.size();
        self.layer.files += 1;
        self.layer.bytes += size;
        if self.layer.bytes >= FILES_BYTES_MAX {
            self.too_large("the files of the chart have more than 100 MiB when unpacked");
            return Ok(false);
        }
        if size > FILE_BYTES_MAX {
            let message = format!(
                "{} has {size} bytes, and helm 3 takes 5 MiB a file; list it in .helmignore",
                Quoted(&path)
            );
            self.find(&codes::FILE_TOO_LARGE, message, &path);
            return Ok(true);
        }
        match place.inner.as_str() {
            "Chart.yaml" => self.layer.chart = Some(read(&mut entry)?),
            "requirements.yaml" => self.layer.requirements = Some(read(&mut entry)?),
            _ => {}
        }
        Ok(true)
    }

    /// Whether a file stands where a chart may have one.
    fn place(&mut self, place: &ChartPath, path: &str) -> bool {
        if place.inner.is_empty() {
            let message = format!(
                "{} lies beside the chart's folder; package the chart again with helm package",
                Quoted(path)
            );
            self.find(&codes::OUTSIDE, message, path);
            return false;
        }
        let top = self.layer.top.get_or_insert_with(|| place.top.clone());
        if *top != place.top {
            let message = format!(
                "{} lies outside of the folder {}, and helm would mix the two; keep one folder",
                Quoted(path),
                Quoted(top)
            );
            self.find(&codes::OUTSIDE, message, path);
            return false;
        }
        if !self.names.insert(place.inner.clone()) {
            let message = format!(
                "{} is there twice, and programs disagree which one counts; keep one",
                Quoted(path)
            );
            self.find(&codes::DUPLICATE, message, path);
            return false;
        }
        true
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
                    self.report.find(&codes::NOT_GZIP, message).blob(self.digest);
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
        self.report.find(&codes::NOT_TAR, message).blob(self.digest);
        Ok(())
    }

    fn too_large(&mut self, why: &str) {
        let message = format!("{why}; keep large files out of it with .helmignore");
        self.report.find(&codes::TOO_LARGE, message).blob(self.digest);
    }

    fn find(&mut self, code: &roadstead_plugin_sdk::Code, message: String, path: &str) {
        self.report.find(code, message).blob(self.digest).path(path);
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

/// A small file, as helm reads it.
fn read(entry: &mut impl Read) -> Result<Vec<u8>, ArchiveError> {
    const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    Ok(bytes)
}
