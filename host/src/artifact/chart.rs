//! A chart's archive, as `helm push` makes a manifest of it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use roadstead_oci::{Algorithm, Digest, Hasher, Manifest, Tag, media_type};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Artifact, Local, Root};
use crate::file;

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
const UNPACKED_BYTES_MAX: u64 = 100 << 20;
const FILE_BYTES_MAX: u64 = 5 << 20;

/// Chart.yaml, with every text as it stands there.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    home: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    maintainers: Vec<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon: String,
    api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    tags: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    app_version: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deprecated: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    kube_version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Dependency>,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    of: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
struct Dependency {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    repository: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    enabled: bool,
    #[serde(rename = "import-values", skip_serializing_if = "Vec::is_empty")]
    import_values: Vec<Value>,
    #[serde(skip_serializing_if = "String::is_empty")]
    alias: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Requirements {
    dependencies: Vec<Dependency>,
}

/// Reads `NAME-VERSION.tgz`, and the provenance beside it.
pub(super) fn read(path: &Path, mut file: File) -> anyhow::Result<Artifact> {
    let metadata = metadata(&file)?;
    let mut content = Local::new(super::now());
    let mut layers = vec![layer(CHART, (path.to_owned(), &mut file), &mut content)?];
    let mut beside = path.as_os_str().to_owned();
    beside.push(".prov");
    let beside = PathBuf::from(beside);
    if beside.is_file() {
        let mut file = file::open(&beside)?;
        layers.push(layer(PROVENANCE, (beside, &mut file), &mut content)?);
    }
    let config = Bytes::from(serde_json::to_vec(&metadata)?);
    let digest = Digest::of(Algorithm::Sha256, &config);
    let named = json!({ "mediaType": CONFIG, "digest": digest, "size": config.len() });
    content.add_bytes(digest, config);
    let body = json!({
        "schemaVersion": 2,
        "config": named,
        "layers": layers,
        "annotations": {
            "org.opencontainers.image.title": metadata.name,
            "org.opencontainers.image.version": metadata.version,
        },
    });
    let bytes = Bytes::from(body.to_string());
    let manifest = Manifest::parse(&bytes, Some(media_type::OCI_MANIFEST))?;
    let tag = Tag::parse(&metadata.version.replace('+', "_")).ok();
    let root = Root { name: Some(metadata.name), tag, manifest, bytes };
    Ok(Artifact { roots: vec![root], content })
}

/// A layer's descriptor; the layer stays where it is.
fn layer(
    media_type: &str,
    (path, file): (PathBuf, &mut File),
    content: &mut Local,
) -> anyhow::Result<Value> {
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
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes }))
}

/// What the chart says of itself, where helm looks for it.
fn metadata(file: &File) -> anyhow::Result<Metadata> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(file).take(UNPACKED_BYTES_MAX));
    let read = described(&mut archive);
    // else it would seem to be cut off
    let fits = archive.into_inner().limit() > 0;
    ensure!(fits, "it unpacks to more than {} MiB, which helm refuses", UNPACKED_BYTES_MAX >> 20);
    let Described { chart, requirements } = read?;
    let Some(chart) = chart else { bail!("it has no Chart.yaml in its folder") };
    let read = serde_saphyr::from_str::<Metadata>(&chart);
    let mut metadata = read.context("helm could not push it: Chart.yaml can't be read")?;
    if let Some(requirements) = requirements.filter(|_| metadata.api_version == "v1") {
        let read = serde_saphyr::from_str::<Requirements>(&requirements);
        let read = read.context("helm could not push it: requirements.yaml can't be read")?;
        metadata.dependencies = read.dependencies;
    }
    Ok(metadata)
}

/// The files that describe a chart.
#[derive(Default)]
struct Described {
    chart: Option<String>,
    requirements: Option<String>,
}

fn described(archive: &mut tar::Archive<impl Read>) -> anyhow::Result<Described> {
    let mut found = Described::default();
    for entry in archive.entries()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let place = match name.split_once('/') {
            Some((_, "Chart.yaml")) => &mut found.chart,
            Some((_, "requirements.yaml")) => &mut found.requirements,
            _ => continue,
        };
        let mut text = String::new();
        let mut bounded = entry.take(FILE_BYTES_MAX);
        bounded.read_to_string(&mut text).with_context(|| format!("{name} can't be read"))?;
        *place = Some(text);
    }
    Ok(found)
}
