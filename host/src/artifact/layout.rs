//! OCI image layouts, in a folder or in a tar archive (image-spec, image-layout.md).

use std::{collections::HashSet, fs::File, path::Path};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use roadstead_oci::{Content, Digest, Manifest, Tag, media_type};
use serde::Deserialize;

use super::{Artifact, Local, Root};

const MANIFEST_BYTES_MAX: u64 = 16 << 20;
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
    let index = std::fs::read(folder.join("index.json")).context("index.json can't be read")?;
    let mut content = Local::new(super::now());
    let blobs = folder.join("blobs");
    for algorithm in std::fs::read_dir(&blobs).context("the folder blobs can't be read")? {
        let algorithm = algorithm?;
        for blob in std::fs::read_dir(algorithm.path())? {
            let blob = blob?;
            let (of, hex) = (algorithm.file_name(), blob.file_name());
            let text = format!("{}:{}", of.to_string_lossy(), hex.to_string_lossy());
            let Ok(digest) = Digest::parse(&text) else { continue };
            let (path, file) = (blob.path(), File::open(blob.path())?);
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
        if name == "index.json" {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes)?;
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
    let index: Index = serde_json::from_slice(index).context("index.json can't be read")?;
    ensure!(!index.manifests.is_empty(), "index.json names no manifest");
    let (mut roots, mut seen) = (Vec::new(), HashSet::new());
    for entry in &index.manifests {
        let name = entry.annotations.get(REF_NAME);
        // some tools write a whole reference there
        let tag = name.map(|name| name.rsplit(':').next().unwrap_or_default());
        let tag = tag.and_then(|tag| Tag::parse(tag).ok());
        let named = (&entry.digest, entry.media_type.as_str());
        push_order(named, tag, &mut content, (&mut roots, &mut seen))?;
    }
    Ok(Artifact { roots, content })
}

/// What an index names is pushed before it.
fn push_order(
    (digest, media_type): (&Digest, &str),
    tag: Option<Tag>,
    content: &mut Local,
    (roots, seen): (&mut Vec<Root>, &mut HashSet<(Digest, Option<String>)>),
) -> anyhow::Result<()> {
    if !seen.insert((digest.clone(), tag.as_ref().map(ToString::to_string))) {
        return Ok(());
    }
    let Some(bytes) = content.small(digest, MANIFEST_BYTES_MAX)? else {
        bail!("manifest {digest} is not in the layout");
    };
    let manifest = read(digest, &bytes, media_type)?;
    if let Content::Index { manifests } = &manifest.content {
        let children = manifests.iter().filter(|child| media_type::is_manifest(&child.media_type));
        for child in children {
            let named = (&child.digest, child.media_type.as_str());
            push_order(named, None, content, (roots, seen))?;
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
