//! `roadstead policy import quay`

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;

use super::Exit;
use crate::{cli::answer, file, policy::check_text};

/// Bytes of a configuration.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Quay {
    /// Quay's config.yaml
    config: PathBuf,
}

/// The keys of Quay's configuration that say what it takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
struct Config {
    feature_general_oci_support: bool,
    /// older than the other, and for charts alone
    feature_helm_oci_support: bool,
    /// config types, and the layer types beside each; instead of Quay's own
    allowed_oci_artifact_types: Option<BTreeMap<String, Vec<String>>>,
    ignore_unknown_mediatypes: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            feature_general_oci_support: true,
            feature_helm_oci_support: false,
            allowed_oci_artifact_types: None,
            ignore_unknown_mediatypes: false,
        }
    }
}

const HELM: (&str, &[&str]) = (
    "application/vnd.cncf.helm.config.v1+json",
    &["application/tar+gzip", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"],
);

/// What Quay takes besides images, unless it is told otherwise.
const OWN: [(&str, &[&str]); 4] = [
    HELM,
    (
        "application/vnd.oci.image.config.v1+json",
        &[
            "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.dsse.envelope.v1+json",
            "text/spdx",
            "text/spdx+xml",
            "text/spdx+json",
            "application/vnd.syft+json",
            "application/vnd.cyclonedx",
            "application/vnd.cyclonedx+xml",
            "application/vnd.cyclonedx+json",
            "application/vnd.in-toto+json",
        ],
    ),
    (
        "application/vnd.oci.source.image.config.v1+json",
        &["application/vnd.oci.image.layer.v1.tar+gzip"],
    ),
    (
        "application/vnd.unknown.config.v1+json",
        &[
            "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego",
            "application/vnd.cncf.openpolicyagent.data.layer.v1+json",
        ],
    ),
];

/// A config's type, and the types of the layers beside it.
type Allowed = (String, Vec<String>);

impl Quay {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let shown = self.config.display();
        let text = file::read(&self.config, CONFIG_BYTES_MAX)
            .with_context(|| format!("{shown} can't be read"))?;
        let read = serde_saphyr::from_slice::<Config>(&text);
        let config = read.with_context(|| format!("{shown} is not a configuration of Quay"))?;
        let policy = policy(&config)?;
        // a type may be one for Quay and no glob here
        check_text(&shown.to_string(), &policy)
            .with_context(|| format!("{shown} can't be converted to a policy"))?;
        answer(policy.trim_end())?;
        Ok(Exit::Well)
    }
}

impl Config {
    /// What it takes besides images; none: anything.
    fn allowed(&self) -> Option<Vec<Allowed>> {
        if self.ignore_unknown_mediatypes {
            return None;
        }
        let of = |(of, layers): &(&str, &[&str])| {
            ((*of).to_owned(), layers.iter().map(ToString::to_string).collect())
        };
        Some(match (&self.allowed_oci_artifact_types, self.feature_general_oci_support) {
            (Some(allowed), true) => allowed.clone().into_iter().collect(),
            (None, true) => OWN.iter().map(of).collect(),
            (_, false) if self.feature_helm_oci_support => vec![of(&HELM)],
            (_, false) => Vec::new(),
        })
    }
}

fn policy(config: &Config) -> anyhow::Result<String> {
    let mut lines = vec![
        "# What Quay was configured to accept (FEATURE_GENERAL_OCI_SUPPORT,".to_owned(),
        "# ALLOWED_OCI_ARTIFACT_TYPES), as a Roadstead policy.".to_owned(),
        "version: 1".to_owned(),
        "include: [builtin:default]".to_owned(),
    ];
    let Some(allowed) = config.allowed() else {
        lines.push(
            "# IGNORE_UNKNOWN_MEDIATYPES was on: everything is accepted, so no rule is \
                   needed."
                .into(),
        );
        return Ok(lines.join("\n"));
    };
    let head = [
        "rules:",
        "  - name: as-in-quay",
        "    acceptOnly:",
        "      - image",
        "      - image-index",
    ];
    lines.extend(head.map(ToOwned::to_owned));
    for (of, layers) in allowed {
        for text in layers.iter().chain([&of]) {
            ensure!(is_plain(text), "{text:?} is not a media type");
        }
        let layers: Vec<_> =
            layers.iter().map(|layer| format!("          - \"{layer}\"")).collect();
        lines.push(format!("      - type: \"{of}\""));
        lines.push("        layers:".to_owned() + if layers.is_empty() { " []" } else { "" });
        lines.extend(layers);
    }
    Ok(lines.join("\n"))
}

/// A media type holds nothing that would have to be escaped.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-/;= ".contains(&byte))
}
