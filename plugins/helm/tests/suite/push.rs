//! A chart as helm pushes it, and what the plugin says to it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{
    Finding, Report,
    testing::{Scene, Tar},
};
use serde_json::{Value, json};

pub(crate) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
pub(crate) const VERSION: &str = "org.opencontainers.image.version";
pub(crate) const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
pub(crate) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// What a good chart says.
pub(crate) const CHART_YAML: &str =
    "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: 1.16.0\n";

/// The config of a good chart.
pub(crate) fn config() -> Value {
    json!({ "apiVersion": "v2", "name": "web", "version": "1.2.3", "appVersion": "1.16.0" })
}

/// The archive of a good chart, to which more may be added.
pub(crate) fn chart() -> Tar {
    Tar::new().file("web/Chart.yaml", CHART_YAML).file("web/values.yaml", "a: b\n")
}

/// Reviews an archive beside the config of a good one.
pub(crate) fn unpacked(archive: Tar) -> Report {
    Push::new(&config(), &archive.gzip()).review()
}

/// Reviews a good archive beside a config that was changed.
pub(crate) fn configured(field: &str, value: Value) -> Report {
    let mut config = config();
    config[field] = value;
    Push::new(&config, &chart().gzip()).review()
}

/// A push in the making.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    config_type: String,
    config: Vec<u8>,
    layers: Vec<(String, Vec<u8>)>,
    subject: Option<String>,
    annotations: Vec<(String, String)>,
    read_bytes_max: usize,
    repository: String,
    tags: Vec<String>,
    settings: String,
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
            repository: format!("charts/{}", config["name"].as_str().unwrap_or_default()),
            tags: Vec::new(),
            settings: "{}".to_owned(),
        }
    }

    /// Another repository.
    #[must_use]
    pub(crate) fn repository(mut self, name: &str) -> Self {
        name.clone_into(&mut self.repository);
        self
    }

    /// One more tag.
    #[must_use]
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// What the policy says.
    #[must_use]
    pub(crate) fn settings(mut self, settings: &Value) -> Self {
        self.settings = settings.to_string();
        self
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
        let (report, asked) = self.review_at(1_767_225_600);
        assert!(!asked || self.settings.contains("keyring"), "a chart's review is pure");
        report
    }

    /// Reviews it at that time. And: whether the time, or the like, was asked for.
    pub(crate) fn review_at(&self, now: u64) -> (Report, bool) {
        let mut scene = Scene::new();
        scene.set_now(now);
        scene.set_read_bytes_max(self.read_bytes_max);
        let mut manifest = scene.manifest("helm-chart").config(&self.config_type, &self.config);
        manifest = manifest.repository(&self.repository);
        for tag in &self.tags {
            manifest = manifest.tag(tag);
        }
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
        let report = scene.review::<Helm>(&target, &self.settings).expect("it can judge");
        (report.expect("it is a chart"), scene.asked_context())
    }
}

/// A golden table, as `golden/make.py` wrote it.
pub(crate) fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    serde_json::from_str(&text).expect("the table is JSON")
}

/// Bytes out of a golden table.
pub(crate) fn decoded(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().expect("text")).expect("base64")
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

/// The one thing that was found, and which kept the chart from being judged as a whole.
pub(crate) fn stopped_by(report: &Report) -> (&str, &str) {
    assert_eq!(codes(report)[1..], ["RSH050"], "{:?}", report.findings());
    (report.findings()[0].code(), report.findings()[0].message())
}
