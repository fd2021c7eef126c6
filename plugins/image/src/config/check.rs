//! What every image's config has to say.

use roadstead_plugin_sdk::{Manifest, Quoted, oci::Digest};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Config;
use crate::{
    codes,
    findings::{Findings, Place},
    media,
};

impl Config {
    /// Checks it by itself and against the manifest's layers.
    pub(crate) fn check(&self, manifest: &Manifest, findings: &mut Findings) {
        self.check_platform(findings);
        self.check_rootfs(manifest, findings);
        self.check_history(manifest, findings);
        self.check_times(findings);
    }

    fn check_platform(&self, findings: &mut Findings) {
        for (field, example) in [("architecture", "amd64"), ("os", "linux")] {
            if self.text(field).is_empty() {
                let message = format!(
                    "the config does not name the image's {field}; set it, for example to {example}"
                );
                self.find(&codes::PLATFORM, &format!("/{field}"), message, findings);
            }
        }
    }

    fn check_rootfs(&self, manifest: &Manifest, findings: &mut Findings) {
        let rootfs = &self.fields["rootfs"];
        let rootfs_type = rootfs["type"].as_str().unwrap_or_default();
        if !rootfs.is_object() {
            let message = "the config has no rootfs, which lists the layers; build the image again";
            self.find(&codes::ROOTFS, "/rootfs", message.to_owned(), findings);
        } else if rootfs_type != "layers" {
            let found = match rootfs_type {
                "" => "the config has no rootfs.type, which is".to_owned(),
                found => format!("rootfs.type of the config is {}, not", Quoted(found)),
            };
            let message = format!("{found} \"layers\"; build the image again");
            self.find(&codes::ROOTFS_TYPE, "/rootfs/type", message, findings);
        }
        for (index, id) in self.diff_ids().enumerate() {
            if Digest::parse(id).is_err() {
                let message = format!(
                    "diff_id {index} of the config is {}, which is not a digest; build the image \
                     again",
                    Quoted(id)
                );
                self.find(&codes::ROOTFS, &format!("/rootfs/diff_ids/{index}"), message, findings);
            }
        }
        let (ids, layers) = (self.diff_ids().len(), manifest.layers().count());
        if !fit(ids, manifest) {
            let message = format!(
                "the config lists {} in rootfs.diff_ids, but the manifest has {layers}; push the \
                 config and the layers of one build",
                layers_of(ids)
            );
            self.find(&codes::DIFF_ID_COUNT, "/rootfs/diff_ids", message, findings);
        }
    }

    fn check_history(&self, manifest: &Manifest, findings: &mut Findings) {
        let steps = self.history();
        let with_layer = steps.iter().filter(|step| step["empty_layer"] != true).count();
        if !steps.is_empty() && !fit(with_layer, manifest) {
            let message = format!(
                "the config's history describes {}, but the manifest has {}; tools show the wrong \
                 build step for a layer",
                layers_of(with_layer),
                manifest.layers().count()
            );
            self.find(&codes::HISTORY, "/history", message, findings);
        }
    }

    fn check_times(&self, findings: &mut Findings) {
        let steps = self.history().iter().enumerate();
        let steps = steps.map(|(i, step)| (format!("/history/{i}/created"), &step["created"]));
        for (pointer, time) in
            [("/created".to_owned(), &self.fields["created"])].into_iter().chain(steps)
        {
            let Some(text) = time.as_str() else { continue };
            if !is_time(text) {
                let message = format!(
                    "{} of the config is {}, which is not a valid time; write it as \
                     2026-01-31T12:00:00Z",
                    &pointer[1..],
                    Quoted(text)
                );
                self.find(&codes::TIME, &pointer, message, findings);
            }
        }
    }

    fn history(&self) -> &[Value] {
        self.fields["history"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Tells of something in it.
    pub(crate) fn find(
        &self,
        code: &roadstead_plugin_sdk::Code,
        pointer: &str,
        message: String,
        findings: &mut Findings,
    ) {
        findings.add(code, Place::part(&self.digest, pointer), message);
    }
}

/// Runtimes count either all layers or those that they can unpack. What is neither has a finding
/// of its own.
fn fit(count: usize, manifest: &Manifest) -> bool {
    let unpacked = manifest.layers().filter(|layer| media::layer_family(layer).is_some());
    count == manifest.layers().count() || count == unpacked.count()
}

/// A number of layers, for a message.
fn layers_of(count: usize) -> String {
    if count == 1 { "1 layer".to_owned() } else { format!("{count} layers") }
}

/// RFC 3339, as Go reads it.
fn is_time(text: &str) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok()
}
