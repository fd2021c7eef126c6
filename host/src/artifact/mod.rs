//! Artifacts that are not in a registry: what `roadstead policy eval` judges.
//!
//! A file becomes what a client would push of it, so that a policy finds the same in it.

mod chart;
mod layout;
mod local;

use std::{fs::File, path::Path};

use anyhow::{Context, bail};
use roadstead_oci::{Manifest, Tag};

pub use local::Local;

use crate::file;

/// A manifest that a client would push.
#[derive(Clone, Debug)]
pub struct Root {
    /// the last component that its repository would have, or more of it, where the artifact says
    pub name: Option<String>,
    /// the tag that it would get, where the artifact says
    pub tag: Option<Tag>,
    /// as every client reads it
    pub manifest: Manifest,
    /// its exact bytes
    pub bytes: bytes::Bytes,
}

/// What was read from a file or folder: manifests in the order in which a client would push them,
/// and all that they name.
#[derive(Debug)]
pub struct Artifact {
    /// the manifests
    pub roots: Vec<Root>,
    /// what they name
    pub content: Local,
}

/// Reads a chart's `.tgz`, an OCI layout's folder, or an OCI layout as a tar archive. Blocks.
pub fn read(path: &Path) -> anyhow::Result<Artifact> {
    let shown = path.display();
    if is_chart_folder(path) {
        bail!(
            "{shown} is a chart's folder; run `helm package {shown}`, and pass the .tgz that it \
             writes"
        );
    }
    if path.is_dir() {
        return layout::of_folder(path).with_context(|| format!("{shown} is not an OCI layout"));
    }
    let file = file::open(path).with_context(|| format!("{shown} can't be read"))?;
    match begins_with(&file)? {
        [0x1f, 0x8b] => chart::read(path, file).with_context(|| format!("{shown} is not a chart")),
        _ if is_tar(&file)? => {
            layout::of_tar(path, file).with_context(|| format!("{shown} is not an OCI layout"))
        }
        _ => bail!("{shown} is neither a chart's .tgz nor an OCI layout (a folder or a .tar)"),
    }
}

/// A layout always has a folder `blobs`, whatever else lies beside it.
fn is_chart_folder(path: &Path) -> bool {
    path.join("Chart.yaml").is_file() && !path.join("blobs").is_dir()
}

fn begins_with(file: &File) -> anyhow::Result<[u8; 2]> {
    use std::os::unix::fs::FileExt;
    let mut start = [0; 2];
    file.read_at(&mut start, 0)?;
    Ok(start)
}

fn is_tar(file: &File) -> anyhow::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut magic = [0; 5];
    let read = file.read_at(&mut magic, 257)?;
    Ok(read == magic.len() && &magic == b"ustar")
}

/// Seconds since the epoch.
fn now() -> u64 {
    u64::try_from(roadstead_storage::Clock::system().now().as_second()).unwrap_or_default()
}
