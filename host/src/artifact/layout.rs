//! OCI image layouts, in a folder or in a tar archive (image-spec, image-layout.md).

use std::{collections::HashSet, fs::File, io::Read, path::Path};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use roadstead_oci::{Content, Digest, Manifest, Tag, media_type};
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
            let (path, file) = (
                blob.path(),
                file::open(&blob.path()).with_context(|| format!("blob {digest} can't be read"))?,
            );
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
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        if name == INDEX {
            let fits = entry.size() <= MANIFEST_BYTES_MAX;
            ensure!(fits, "{INDEX} has more than {MANIFEST_BYTES_MAX} bytes");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).context(UNREADABLE)?;
            index = Some(bytes);
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

fn of_index(index: &[u8], mut content: Local) -> anyhow::Result<Artifact> {
    let index: Index = serde_json::from_slice(index).context(UNREADABLE)?;
    ensure!(!index.manifests.is_empty(), "index.json names no manifest");
    let (mut roots, mut seen) = (Vec::new(), HashSet::new());
    for entry in &index.manifests {
        let name = entry.annotations.get(REF_NAME);
        // some tools write a whole reference there
        let tag = name.map(|name| name.rsplit(':').next().unwrap_or_default());
        let tag = tag.and_then(|tag| Tag::parse(tag).ok());
        let named = (&entry.digest, entry.media_type.as_str());
        push_order((named, tag), 1, &mut content, (&mut roots, &mut seen))?;
    }
    Ok(Artifact { roots, content })
}

/// What an index names is pushed before it.
fn push_order(
    ((digest, media_type), tag): ((&Digest, &str), Option<Tag>),
    level: usize,
    content: &mut Local,
    (roots, seen): (&mut Vec<Root>, &mut HashSet<(Digest, Option<String>)>),
) -> anyhow::Result<()> {
    if !seen.insert((digest.clone(), tag.as_ref().map(ToString::to_string))) {
        return Ok(());
    }
    ensure!(level <= LEVELS_MAX, "its indexes lie within one another, more than {LEVELS_MAX} deep");
    let Some(bytes) = content.small(digest, MANIFEST_BYTES_MAX)? else {
        bail!("manifest {digest} is not in the layout");
    };
    let manifest = read(digest, &bytes, media_type)?;
    if let Content::Index { manifests } = &manifest.content {
        let children = manifests.iter().filter(|child| media_type::is_manifest(&child.media_type));
        for child in children {
            let named = (&child.digest, child.media_type.as_str());
            push_order((named, None), level + 1, content, (roots, seen))?;
        }
    }
    content.add_manifest(digest.clone(), manifest.clone(), bytes.len() as u64);
    roots.push(Root { name: None, tag, manifest, bytes });
    Ok(())
}

fn read(digest: &Digest, bytes: &Bytes, media_type: &str) -> anyhow::Result<Manifest> {
    let read = Manifest::parse(bytes, Some(media_type));
    read.map_err(|error| anyhow::anyhow!("manifest {digest} would be refused: {error}"))
}
