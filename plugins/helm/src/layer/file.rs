//! The files that are looked into.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use roadstead_plugin_sdk::{Code, Quoted, archive::ArchiveError};

use super::{
    Vendored,
    contents::{DEPTH_MAX, Spot},
    gzip::{self, Problem},
    walk::Walk,
};
use crate::{
    codes,
    files::{self, Lock, SchemaProblem},
    yaml::{self, Invalid},
};

/// Documents of one name that are read.
const DOCUMENTS_MAX: usize = 4;
/// What helm takes off the start of any file.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// Bytes of a schema, as of any file that helm 3 takes.
const SCHEMA_BYTES_MAX: usize = 5 << 20;

impl Walk<'_, '_> {
    /// Reads a file, if helm goes by what is in it.
    pub(super) fn file(
        &mut self,
        mut content: impl Read,
        inner: &str,
        path: &str,
    ) -> Result<(), ArchiveError> {
        let (chart, spot) = self.walked.contents.locate(inner, self.depth);
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
                let documents =
                    if file == "Chart.yaml" { &chart.charts } else { &chart.requirements };
                let has_room = documents.len() < DOCUMENTS_MAX;
                let document =
                    if has_room { self.document(content, yaml::BYTES_MAX)? } else { None };
                self.walked.is_whole &= document.is_some();
                let (chart, _) = self.walked.contents.locate(inner, self.depth);
                let is_chart = file == "Chart.yaml";
                let documents = if is_chart { &mut chart.charts } else { &mut chart.requirements };
                documents.extend(document);
                Ok(())
            }
            Spot::File(file) => self.checked(content, file, inner, path),
        }
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
                if let Some(bytes) = self.document(content, yaml::BYTES_MAX)?
                    && let Err(invalid) = files::check_values(&bytes)
                {
                    self.invalid(&codes::VALUES, &invalid, path);
                }
            }
            "Chart.lock" | "requirements.lock" => {
                let Some(bytes) = self.document(content, yaml::BYTES_MAX)? else { return Ok(()) };
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
                if let Some(bytes) = self.document(content, SCHEMA_BYTES_MAX)?
                    && let Err(problem) = files::check_schema(&bytes)
                {
                    self.schema(problem, path);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn too_deep(&mut self) {
        self.walked.is_whole = false;
        let message =
            format!("there are charts within charts beyond {DEPTH_MAX} levels; unnest them");
        self.find_whole(&codes::TOO_LARGE, message);
    }

    fn invalid(&mut self, code: &'static Code, invalid: &Invalid, path: &str) {
        if !invalid.is_certain {
            return;
        }
        let line = if invalid.line > 0 { format!(":{}", invalid.line) } else { String::new() };
        let path = self.full(path);
        let message =
            format!("helm can't read {}{line}: {}; correct it", Quoted(&path), invalid.why);
        self.found.find(code, message, &path, invalid.line);
    }

    fn schema(&mut self, problem: SchemaProblem, path: &str) {
        let path = self.full(path);
        let shown = Quoted(&path);
        match problem {
            SchemaProblem::NotJson { line } => {
                let message =
                    format!("{shown} is not JSON (line {line}), as helm wants; correct it");
                self.found.find(&codes::SCHEMA, message, &path, line);
            }
            SchemaProblem::UnknownDraft(draft) => {
                let message = format!(
                    "{shown} has the $schema {}, which helm does not know; name a draft of JSON \
                     Schema",
                    Quoted(&draft)
                );
                self.found.find(&codes::SCHEMA_DRAFT, message, &path, 0);
            }
        }
    }

    /// A file as helm reads it, and a byte more of one that is too large. None: too much was read
    /// already.
    fn document(
        &mut self,
        content: impl Read,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, ArchiveError> {
        if self.found.documents_left == 0 {
            return Ok(None);
        }
        let enough = bytes_max + MARK.len() + 1;
        let mut bytes = Vec::new();
        content.take(enough as u64).read_to_end(&mut bytes)?;
        self.found.documents_left = self.found.documents_left.saturating_sub(bytes.len());
        if bytes.starts_with(MARK) {
            bytes.drain(..MARK.len());
        }
        Ok(Some(bytes))
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
        content.take(gzip::HEADER_BYTES_MAX.into()).read_to_end(&mut start)?;
        let told = Vendored { is_told: true, ..Vendored::default() };
        if let Err(problem) = gzip::check(&start) {
            let message = problem.message(&Quoted(&archive).to_string());
            self.found.find(&codes::NOT_GZIP, message, &archive, 0);
            if problem == Problem::NotGzip {
                self.walked.is_whole = false;
                return Ok(told);
            }
        }
        if depth > DEPTH_MAX {
            self.too_deep();
            return Ok(told);
        }
        let decoder = MultiGzDecoder::new(io::Cursor::new(start).chain(content));
        let mut limited = decoder.take(self.found.within_left);
        let mut walk = Walk::new(&mut *self.found, &archive);
        walk.depth = depth;
        let walked = walk.run(&mut limited);
        self.found.within_left = limited.limit();
        let walked = walked?;
        if self.found.within_left == 0 {
            self.too_large("the charts within the chart have more than 132 MiB when unpacked");
        }
        self.walked.is_whole &= walked.is_whole;
        let is_told = !walked.is_whole;
        Ok(Vendored { contents: walked.contents, is_told })
    }
}
