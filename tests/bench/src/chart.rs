//! How long a chart keeps its pusher waiting: judged for the first time, and remembered.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use roadstead_oci::media_type;

use crate::client::{Client, Content};

/// Charts that are pushed.
const CHARTS: u64 = 200;
/// Templates of each, as a typical chart has them.
const TEMPLATES: u64 = 12;

/// Times of PUTs of manifests.
pub(crate) struct Timed {
    /// the plugin reads the chart
    pub(crate) judged: Vec<Duration>,
    /// the same once more: the review is remembered, and the manifest is there
    pub(crate) remembered: Vec<Duration>,
}

pub(crate) async fn run(addr: SocketAddr) -> anyhow::Result<Timed> {
    let mut client = Client::connect(addr).await?;
    let mut timed = Timed { judged: Vec::new(), remembered: Vec::new() };
    for number in 0..CHARTS {
        let version = format!("0.{number}.0");
        let blobs = [config(&version), archive(&version)?].map(Content::of);
        for blob in &blobs {
            client.push_blob("bench/web", blob, false).await?;
        }
        let manifest = manifest(&blobs, &version);
        let path = format!("/v2/bench/web/manifests/{version}");
        for times in [&mut timed.judged, &mut timed.remembered] {
            let started = Instant::now();
            client.push_manifest(&path, &manifest).await?;
            times.push(started.elapsed());
        }
    }
    Ok(timed)
}

fn config(version: &str) -> Bytes {
    json!({ "apiVersion": "v2", "name": "web", "version": version }).to_string().into()
}

/// A chart of 14 files as `helm package` makes it.
pub(crate) fn archive(version: &str) -> anyhow::Result<Bytes> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut add = |name: String, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("web/{name}"), text.as_bytes())
    };
    add("Chart.yaml".to_owned(), &format!("apiVersion: v2\nname: web\nversion: {version}\n"))?;
    add("values.yaml".to_owned(), &"replicas: 2 # for each zone\n".repeat(100))?;
    for template in 0..TEMPLATES {
        let text = format!("# {template}\napiVersion: v1\nkind: ConfigMap\n");
        add(format!("templates/{template}.yaml"), &text.repeat(60))?;
    }
    Ok(tar.into_inner()?.finish()?.into())
}

fn manifest([config, layer]: &[Content; 2], version: &str) -> Bytes {
    let descriptor = |media_type: &str, blob: &Content| {
        let (digest, size) = (&blob.digest, blob.len());
        json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor("application/vnd.cncf.helm.config.v1+json", config),
        "layers": [descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer)],
        "annotations": {
            "org.opencontainers.image.title": "web",
            "org.opencontainers.image.version": version,
        },
    });
    manifest.to_string().into()
}
