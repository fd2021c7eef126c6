//! A chart's archive, as `helm push` makes a manifest of it.
//!
//! A chart that helm would not push becomes a manifest as well, so that the plugin's findings say
//! what is wrong with it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek},
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use roadstead_chart::{Metadata, escaped};
use roadstead_oci::{Algorithm, Digest, Hasher, Manifest, Tag, media_type};
use serde::Serialize;

use super::{Artifact, Local, Root};
use crate::file;

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
const UNPACKED_BYTES_MAX: u64 = 100 << 20;
const FILE_BYTES_MAX: u64 = 5 << 20;
/// Files of one name that are read.
const FILES_MAX: usize = 4;
/// The byte order mark, which helm removes from the start of any file.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Reads `NAME-VERSION.tgz`, and the provenance beside it.
pub(super) fn read(path: &Path, mut file: File) -> anyhow::Result<Artifact> {
    let metadata = metadata(&file)?;
    let created = created(&file)?;
    let mut content = Local::new(super::now());
    let mut layers = vec![layer(CHART, (path.to_owned(), &mut file), &mut content)?];
    let mut beside = path.as_os_str().to_owned();
    beside.push(".prov");
    let beside = PathBuf::from(beside);
    if beside.is_file() {
        let mut file = file::open(&beside)?;
        layers.push(layer(PROVENANCE, (beside, &mut file), &mut content)?);
    }
    // helm sorts them
    layers.sort_by_cached_key(|layer| layer.digest.to_string());
    let config = Bytes::from(metadata.to_config());
    let digest = Digest::of(Algorithm::Sha256, &config);
    let named = Part { media_type: CONFIG, digest: digest.clone(), size: config.len() as u64 };
    content.add_bytes(digest, config);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (name, version) = (text(&metadata.name()), text(metadata.text("version")));
    let annotations = metadata.annotations(&created);
    let pushed = Pushed { schema_version: 2, config: named, layers, annotations };
    let bytes = Bytes::from(escaped(serde_json::to_string(&pushed)?));
    let manifest = Manifest::parse(&bytes, Some(media_type::OCI_MANIFEST))?;
    let tag = version.and_then(|version| Tag::parse(&version.replace('+', "_")).ok());
    let root = Root { name, tag, manifest, bytes };
    Ok(Artifact { roots: vec![root], content })
}

/// A manifest with its fields in helm's order, so that it has the digest that a push would have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pushed {
    schema_version: u8,
    config: Part,
    layers: Vec<Part>,
    annotations: BTreeMap<String, String>,
}

/// A descriptor.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    media_type: &'static str,
    digest: Digest,
    size: u64,
}

/// When the archive was last changed, to the second. helm writes it in the local time zone, so the
/// digest is that of a push where this is UTC.
fn created(file: &File) -> anyhow::Result<String> {
    let changed = file.metadata()?.modified()?;
    // no year that a file can have keeps its chart from being judged
    let seconds = Timestamp::try_from(changed).unwrap_or_default().as_second();
    Ok(Timestamp::from_second(seconds)?.to_string())
}

/// A layer's descriptor; the layer stays where it is.
fn layer(
    media_type: &'static str,
    (path, file): (PathBuf, &mut File),
    content: &mut Local,
) -> anyhow::Result<Part> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut chunk = vec![0; 1 << 20];
    file.rewind()?;
    loop {
        let len = file.read(&mut chunk)?;
        if len == 0 {
            break;
        }
        hasher.update(&chunk[..len]);
    }
    let (digest, bytes) = (hasher.finish(), file.metadata()?.len());
    content.add_file(digest.clone(), (path, file), (0, bytes))?;
    Ok(Part { media_type, digest, size: bytes })
}

/// What the chart says of itself, where helm looks for it.
fn metadata(file: &File) -> anyhow::Result<Metadata> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(file).take(UNPACKED_BYTES_MAX));
    let mut found = Described::default();
    let read = found.read(&mut archive);
    if found.charts.is_empty() {
        // else it would seem to be cut off
        let fits = archive.into_inner().limit() > 0;
        ensure!(
            fits,
            "it unpacks to more than {} MiB, which helm rejects",
            UNPACKED_BYTES_MAX >> 20
        );
        read?;
        bail!("it has no Chart.yaml in its top folder");
    }
    // how the archive is broken is for the plugin to say
    Ok(Metadata::pushed(&found.charts, &found.requirements))
}

/// The files that describe a chart, in the archive's order.
#[derive(Default)]
struct Described {
    charts: Vec<Vec<u8>>,
    requirements: Vec<Vec<u8>>,
}

impl Described {
    fn read(&mut self, archive: &mut tar::Archive<impl Read>) -> anyhow::Result<()> {
        for entry in archive.entries()? {
            let entry = entry?;
            let files = match place(&entry.path_bytes()).as_deref() {
                Some("Chart.yaml") => &mut self.charts,
                Some("requirements.yaml") => &mut self.requirements,
                _ => continue,
            };
            if files.len() >= FILES_MAX || !entry.header().entry_type().is_file() {
                continue;
            }
            let mut bytes = Vec::new();
            entry.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
            files.push(bytes.strip_prefix(MARK).map_or_else(|| bytes.clone(), <[u8]>::to_vec));
        }
        Ok(())
    }
}

/// The path of a file within its chart, as helm makes it of an entry's name: split at backslashes
/// if there are any, without the first part, cleaned.
fn place(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let separator = if name.contains('\\') { '\\' } else { '/' };
    let mut parts = Vec::new();
    for part in name.split(separator).skip(1).flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
