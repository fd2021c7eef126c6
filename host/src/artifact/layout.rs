//! OCI image layouts, in a folder or in a tar archive (image-spec, image-layout.md).

use std::{collections::HashSet, fs::File, path::Path};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use roadstead_oci::{Content, Descriptor, Digest, Manifest, Tag, media_type};
use serde::Deserialize;

use super::{Artifact, Local, Root};
use crate::file;

const MANIFEST_BYTES_MAX: u64 = 16 << 20;
/// Indexes within one another: reading goes down one by one, on a thread's stack. Tools write two.
const LEVELS_MAX: usize = 32;
const INDEX: &str = "index.json";
const UNREADABLE: &str = "index.json can't be read";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: String,
    digest: Digest,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

/// Reads a layout's folder.
pub(super) fn of_folder(folder: &Path) -> anyhow::Result<Artifact> {
    let index = file::read(&folder.join(INDEX), MANIFEST_BYTES_MAX).context(UNREADABLE)?;
    let mut content = Local::new(super::now());
    let blobs = folder.join("blobs");
    for algorithm in std::fs::read_dir(&blobs).context("the folder blobs can't be read")? {
        let algorithm = algorithm?;
        for blob in std::fs::read_dir(algorithm.path())? {
            let blob = blob?;
            let (of, hex) = (algorithm.file_name(), blob.file_name());
            let text = format!("{}:{}", of.to_string_lossy(), hex.to_string_lossy());
            let Ok(digest) = Digest::parse(&text) else { continue };
            let path = blob.path();
            let file = file::open(&path);
            let file = file.with_context(|| format!("blob {digest} can't be read"))?;
            let bytes = file.metadata()?.len();
            content.add_file(digest, (path, &file), (0, bytes))?;
        }
    }
    of_index(&index, content)
}

/// Reads a layout's archive, where it lies.
pub(super) fn of_tar(path: &Path, file: File) -> anyhow::Result<Artifact> {
    let mut content = Local::new(super::now());
    let mut index = None;
    let mut archive = tar::Archive::new(&file);
    let mut found = Vec::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        if name == INDEX {
            index = Some(file::bounded(entry, MANIFEST_BYTES_MAX).context(UNREADABLE)?);
        } else if let Some(blob) = name.strip_prefix("blobs/")
            && let Ok(digest) = Digest::parse(&blob.replacen('/', ":", 1))
        {
            found.push((digest, entry.raw_file_position(), entry.size()));
        }
    }
    for (digest, offset, bytes) in found {
        content.add_file(digest, (path.to_owned(), &file), (offset, bytes))?;
    }
    of_index(&index.context("it has no index.json")?, content)
}

fn of_index(index: &[u8], content: Local) -> anyhow::Result<Artifact> {
    let index: Index = serde_json::from_slice(index).context(UNREADABLE)?;
    ensure!(!index.manifests.is_empty(), "index.json names no manifest");
    let artifact = Artifact { roots: Vec::new(), content };
    let mut order = PushOrder { artifact, seen: HashSet::new() };
    for entry in &index.manifests {
        let name = entry.annotations.get(REF_NAME);
        // some tools write a whole reference there
        let tag = name.map(|name| name.rsplit(':').next().unwrap_or_default());
        let tag = tag.and_then(|tag| Tag::parse(tag).ok());
        order.add(&entry.digest, &entry.media_type, tag, 1)?;
    }
    Ok(order.artifact)
}

/// Manifests as a client pushes them: what an index names before it.
struct PushOrder {
    artifact: Artifact,
    seen: HashSet<(Digest, Option<String>)>,
}

impl PushOrder {
    /// `level`: from 1, for what index.json names.
    fn add(
        &mut self,
        digest: &Digest,
        media_type: &str,
        tag: Option<Tag>,
        level: usize,
    ) -> anyhow::Result<()> {
        if !self.seen.insert((digest.clone(), tag.as_ref().map(ToString::to_string))) {
            return Ok(());
        }
        ensure!(level <= LEVELS_MAX, "indexes are nested more than {LEVELS_MAX} levels deep");
        let Some(bytes) = self.artifact.content.small(digest, MANIFEST_BYTES_MAX)? else {
            bail!("manifest {digest} is not in the layout");
        };
        let manifest = read(digest, &bytes, media_type)?;
        if let Content::Index { manifests } = &manifest.content {
            let is_manifest = |child: &&Descriptor| media_type::is_manifest(&child.media_type);
            for child in manifests.iter().filter(is_manifest) {
                self.add(&child.digest, &child.media_type, None, level + 1)?;
            }
        }
        let size = bytes.len() as u64;
        self.artifact.content.add_manifest(digest.clone(), manifest.clone(), size);
        self.artifact.roots.push(Root { name: None, tag, manifest, bytes });
        Ok(())
    }
}

fn read(digest: &Digest, bytes: &Bytes, media_type: &str) -> anyhow::Result<Manifest> {
    let read = Manifest::parse(bytes, Some(media_type));
    read.map_err(|error| anyhow::anyhow!("manifest {digest} would be rejected: {error}"))
}
