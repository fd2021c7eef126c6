//! The files that are looked into.

use std::io::{self, BufRead, BufReader, Read};

use roadstead_chart::yaml::{self, Invalid};
use roadstead_plugin_sdk::{Code, Quoted, archive::ArchiveError, gzip::Gunzip};

use super::{
    Vendored,
    bounded::Bounded,
    contents::{DEPTH_MAX, Spot},
    gzip,
    walk::Walk,
};
use crate::{
    codes,
    files::{self, Lock, SchemaProblem},
};

/// Documents of one name that are read.
const DOCUMENTS_MAX: usize = 4;
/// What helm takes off the start of any file.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// Bytes of a schema that are read at once.
const SCHEMA_CHUNK_BYTES: usize = 64 << 10;

impl Walk<'_, '_> {
    /// Reads a file, if helm goes by what is in it.
    pub(super) fn file(
        &mut self,
        mut content: impl Read,
        inner: &str,
        path: &str,
    ) -> Result<(), ArchiveError> {
        let (_, spot) = self.walked.contents.locate(inner, self.depth);
        match spot {
            Spot::Nothing => Ok(()),
            Spot::TooDeep => {
                self.too_deep();
                Ok(())
            }
            Spot::Archive(name, depth) => {
                let name = name.to_owned();
                let vendored = self.archive_within(&mut content, path, depth)?;
                let (chart, _) = self.walked.contents.locate(inner, self.depth);
                // of two helm takes the first
                chart.vendored.entry(name).or_insert(vendored);
                Ok(())
            }
            Spot::File(file @ ("Chart.yaml" | "requirements.yaml")) => {
                self.described(content, file == "Chart.yaml", inner)
            }
            Spot::File(file) => self.checked(content, file, inner, path),
        }
    }

    /// Reads a file that says what the chart is, and keeps it.
    fn described(
        &mut self,
        content: impl Read,
        is_chart: bool,
        inner: &str,
    ) -> Result<(), ArchiveError> {
        let had_room = self.found.charts_left > 0;
        let document = document(content, &mut self.found.charts_left)?;
        let (chart, _) = self.walked.contents.locate(inner, self.depth);
        let documents = if is_chart { &mut chart.charts } else { &mut chart.requirements };
        match document {
            // more of one name are told as such
            Some(_) if documents.len() >= DOCUMENTS_MAX => {}
            Some(document) => {
                documents.push(document);
                return Ok(());
            }
            None => {}
        }
        chart.is_cut = true;
        self.walked.is_whole = false;
        if !had_room {
            self.too_large(
                "the Chart.yaml and requirements.yaml files of all charts have more than 16 MiB, \
                 the most that this plugin reads",
            );
        }
        Ok(())
    }

    /// Reads a file that says nothing of what the chart is, but which helm wants to read.
    fn checked(
        &mut self,
        content: impl Read,
        file: &str,
        inner: &str,
        path: &str,
    ) -> Result<(), ArchiveError> {
        match file {
            "values.yaml" => {
                if let Some(bytes) = document(content, &mut self.found.yaml_left)?
                    && let Err(invalid) = files::check_values(&bytes)
                {
                    self.invalid(&codes::VALUES, &invalid, path);
                }
            }
            "Chart.lock" | "requirements.lock" => {
                let document = document(content, &mut self.found.yaml_left)?;
                let Some(bytes) = document else { return Ok(()) };
                let lock = match Lock::parse(&bytes, &self.full(path)) {
                    Ok(lock) => lock,
                    Err(invalid) => {
                        self.invalid(&codes::LOCK, &invalid, path);
                        None
                    }
                };
                self.walked.contents.locate(inner, self.depth).0.lock = lock;
            }
            "values.schema.json" => {
                if let Err(problem) = Self::check_schema(content)? {
                    self.schema(problem, path);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads it in pieces, so that its size does not matter.
    fn check_schema(content: impl Read) -> io::Result<Result<(), SchemaProblem>> {
        let mut bytes = BufReader::with_capacity(SCHEMA_CHUNK_BYTES, content);
        let has_mark = bytes.fill_buf()?.starts_with(MARK);
        bytes.consume(if has_mark { MARK.len() } else { 0 });
        files::check_schema(bytes)
    }

    fn too_deep(&mut self) {
        self.walked.is_whole = false;
        let message = format!("charts are nested beyond {DEPTH_MAX} levels; nest them less deeply");
        self.find_whole(&codes::TOO_LARGE, message);
    }

    fn invalid(&mut self, code: &'static Code, invalid: &Invalid, path: &str) {
        if !invalid.is_certain {
            return;
        }
        let path = self.full(path);
        // where it stands the path says, and the line
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        self.found.find(code, invalid.message(file), &path, invalid.line);
    }

    fn schema(&mut self, problem: SchemaProblem, path: &str) {
        let path = self.full(path);
        match problem {
            SchemaProblem::NotJson { line } => {
                let message = "values.schema.json is not JSON, which helm requires; correct it";
                self.found.find(&codes::SCHEMA, message.to_owned(), &path, line);
            }
            SchemaProblem::UnknownDraft(draft) => {
                let message = format!(
                    "values.schema.json has the $schema {}, which helm does not support; name a \
                     draft of JSON Schema",
                    Quoted(&draft)
                );
                self.found.find(&codes::SCHEMA_DRAFT, message, &path, 0);
            }
        }
    }

    /// Walks over a chart in the folder `charts`.
    fn archive_within(
        &mut self,
        content: &mut dyn Read,
        path: &str,
        depth: usize,
    ) -> Result<Vendored, ArchiveError> {
        let archive = self.full(path);
        let mut start = Vec::new();
        content.take(gzip::START_BYTES).read_to_end(&mut start)?;
        let told = Vendored { is_told: true, ..Vendored::default() };
        if let Some(message) = gzip::problem(&start, &Quoted(&archive).to_string()) {
            self.found.find(&codes::NOT_GZIP, message, &archive, 0);
            self.walked.is_whole = false;
            return Ok(told);
        }
        if depth > DEPTH_MAX {
            self.too_deep();
            return Ok(told);
        }
        let decoder = Gunzip::new(io::Cursor::new(start).chain(content), gzip::NO_LIMITS);
        let left = self.found.within_left;
        let mut bounded = Bounded { bytes: decoder, left, is_spent: false };
        let mut walk = Walk::new(&mut *self.found, &archive);
        walk.depth = depth;
        let walked = walk.run(&mut bounded);
        // those within have taken theirs off already
        let used = left - bounded.left;
        self.found.within_left = self.found.within_left.saturating_sub(used);
        if bounded.is_spent {
            self.walked.is_whole = false;
            self.too_large("the charts within the chart have more than 132 MiB when unpacked");
            return Ok(told);
        }
        let walked = walked?;
        self.walked.is_whole &= walked.is_whole;
        let is_told = !walked.is_whole;
        Ok(Vendored { contents: walked.contents, is_told })
    }
}

/// A file as helm reads it, and a byte more of one that is too large. None: too much was read
/// already. `left`: bytes.
fn document(content: impl Read, left: &mut usize) -> Result<Option<Vec<u8>>, ArchiveError> {
    if *left == 0 {
        return Ok(None);
    }
    let enough = yaml::BYTES_MAX + MARK.len() + 1;
    let mut bytes = Vec::new();
    content.take(enough as u64).read_to_end(&mut bytes)?;
    *left = left.saturating_sub(bytes.len());
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    Ok(Some(bytes))
}
