//! An image as tools build it, to be changed before it is judged.

use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::{
    Failure, Finding, Report, Target, oci,
    testing::{Scene, Tar},
};
use serde_json::{Value, json};

pub(crate) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
pub(crate) const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
pub(crate) const FOREIGN: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
pub(crate) const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image with one layer, which is fine.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    media_type: &'static str,
    config_type: String,
    /// that of one layer; `diff_ids` and history are not changed with the layers
    pub(crate) config: Value,
    layers: Vec<(String, Vec<u8>)>,
    annotations: Vec<(String, String)>,
    settings: String,
    absent: Vec<Vec<u8>>,
}

/// A small archive.
pub(crate) fn archive() -> Tar {
    Tar::new().file("hello", "world\n").end()
}

impl Default for Build {
    fn default() -> Self {
        let archive = archive();
        let diff_id = oci::Digest::of(oci::Algorithm::Sha256, archive.bytes());
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-31T12:00:00.5Z",
            "config": { "User": "1000", "Env": ["PATH=/bin"], "Entrypoint": ["/hello"] },
            "rootfs": { "type": "layers", "diff_ids": [diff_id.as_str()] },
            "history": [{ "created_by": "COPY", "created": "2026-01-31T12:00:00+01:00" }],
        });
        Self {
            media_type: oci::media_type::OCI_MANIFEST,
            config_type: OCI_CONFIG.to_owned(),
            config,
            layers: vec![(GZIP.to_owned(), gzip(archive.bytes()))],
            annotations: Vec::new(),
            settings: "{}".to_owned(),
            absent: Vec::new(),
        }
    }
}

/// As any tool compresses.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    roadstead_plugin_sdk::testing::gzip(bytes)
}

impl Build {
    /// With a field of the config, by its JSON pointer.
    pub(crate) fn with(mut self, pointer: &str, value: Value) -> Self {
        let (object, key) = pointer.rsplit_once('/').expect("a pointer");
        let object = self.config.pointer_mut(object).expect("it is there");
        object.as_object_mut().expect("an object").insert(key.to_owned(), value);
        self
    }

    pub(crate) fn docker(mut self) -> Self {
        self.media_type = oci::media_type::DOCKER_MANIFEST;
        self
    }

    pub(crate) fn config_type(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.config_type);
        self
    }

    /// With these layers only.
    pub(crate) fn layers(mut self, layers: &[(&str, &[u8])]) -> Self {
        let owned =
            |(media_type, bytes): &(&str, &[u8])| ((*media_type).to_owned(), bytes.to_vec());
        self.layers = layers.iter().map(owned).collect();
        self
    }

    pub(crate) fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn settings(mut self, settings: &Value) -> Self {
        self.settings = settings.to_string();
        self
    }

    /// Without this blob in the store.
    pub(crate) fn without(mut self, bytes: &[u8]) -> Self {
        self.absent.push(bytes.to_vec());
        self
    }

    /// What the plugin says to it, which is an image.
    pub(crate) fn review(&self) -> Report {
        self.judge(&self.config.to_string()).expect("it can judge").expect("it is an image")
    }

    /// What it says to it with another config, which need not be JSON.
    pub(crate) fn review_config(&self, config: &str) -> Report {
        self.judge(config).expect("it can judge").expect("it is an image")
    }

    /// Whether the plugin takes it for an image.
    pub(crate) fn is_judged(&self) -> bool {
        self.judge(&self.config.to_string()).expect("it can judge").is_some()
    }

    fn judge(&self, config: &str) -> Result<Option<Report>, Failure> {
        let mut scene = Scene::new();
        scene.set_read_bytes_max(100);
        let mut manifest = scene.manifest("unknown").config(&self.config_type, config.as_bytes());
        for (media_type, bytes) in &self.layers {
            manifest = manifest.layer(media_type, bytes);
        }
        for (key, value) in &self.annotations {
            manifest = manifest.annotation(key, value);
        }
        let Target::Manifest(mut manifest) = manifest.build() else { unreachable!() };
        self.media_type.clone_into(&mut manifest.media_type);
        for bytes in &self.absent {
            let digest = scene.blob(bytes);
            scene.forget(&digest);
        }
        let report = scene.review::<Image>(&Target::Manifest(manifest), &self.settings);
        assert!(!scene.asked_context(), "a review of an image is pure");
        report
    }
}

/// The codes of what was found.
pub(crate) fn codes(report: &Report) -> Vec<&str> {
    report.findings().iter().map(Finding::code).collect()
}

/// The one thing that was found.
pub(crate) fn only(report: &Report) -> (&str, &str) {
    assert_eq!(report.findings().len(), 1, "{:?}", report.findings());
    (report.findings()[0].code(), report.findings()[0].message())
}

/// The facts that were recorded, as `key=value`.
pub(crate) fn facts(report: &Report) -> Vec<String> {
    report.annotations().iter().map(|fact| format!("{}={}", fact.key(), fact.value())).collect()
}
