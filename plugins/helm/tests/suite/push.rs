//! A chart as helm pushes it, and what the plugin says to it.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{Finding, Report, testing::Scene};
use serde_json::Value;

pub(crate) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub(crate) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// A push in the making.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    config_type: String,
    config: Vec<u8>,
    layers: Vec<(String, Vec<u8>)>,
    subject: Option<String>,
    annotations: Vec<(String, String)>,
    read_bytes_max: usize,
}

impl Push {
    /// A config, and the chart's layer.
    pub(crate) fn new(config: &Value, layer: &[u8]) -> Self {
        Self {
            config_type: CONFIG.to_owned(),
            config: config.to_string().into_bytes(),
            layers: vec![(CHART.to_owned(), layer.to_vec())],
            subject: None,
            annotations: Vec::new(),
            read_bytes_max: 1 << 20,
        }
    }

    #[must_use]
    pub(crate) fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Another type for the config.
    #[must_use]
    pub(crate) fn config_type(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.config_type);
        self
    }

    /// Another config, which need not be JSON.
    #[must_use]
    pub(crate) fn config_bytes(mut self, bytes: &[u8]) -> Self {
        self.config = bytes.to_vec();
        self
    }

    /// One more layer.
    #[must_use]
    pub(crate) fn layer(mut self, media_type: &str, bytes: &[u8]) -> Self {
        self.layers.push((media_type.to_owned(), bytes.to_vec()));
        self
    }

    /// A subject of that type.
    #[must_use]
    pub(crate) fn subject(mut self, media_type: &str) -> Self {
        self.subject = Some(media_type.to_owned());
        self
    }

    /// Another type for the chart's layer.
    #[must_use]
    pub(crate) fn layer_type(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.layers[0].0);
        self
    }

    /// Lets no read answer more.
    #[must_use]
    pub(crate) fn read_bytes_max(mut self, bytes: usize) -> Self {
        self.read_bytes_max = bytes;
        self
    }

    /// Reviews it.
    pub(crate) fn review(&self) -> Report {
        let mut scene = Scene::new();
        scene.set_read_bytes_max(self.read_bytes_max);
        let mut manifest = scene.manifest("helm-chart").config(&self.config_type, &self.config);
        for (media_type, content) in &self.layers {
            manifest = manifest.layer(media_type, content);
        }
        if let Some(media_type) = &self.subject {
            manifest = manifest.subject(media_type, "sha256:00", 2);
        }
        for (key, value) in &self.annotations {
            manifest = manifest.annotation(key, value);
        }
        let target = manifest.build();
        let report = scene.review::<Helm>(&target, "{}").expect("it can judge");
        assert!(!scene.asked_context(), "a chart's review is pure");
        report.expect("it is a chart")
    }
}

/// The codes of what was found.
pub(crate) fn codes(report: &Report) -> Vec<&str> {
    report.findings().iter().map(Finding::code).collect()
}
