//! The config beside signatures, which cosign writes and does not read.

use roadstead_plugin_sdk::{
    Failure, Manifest, Quoted, Report,
    oci::{json, media_type},
};
use serde_json::Value;

use crate::{codes, form::SIGNATURE_CONFIG, read};

/// Bytes of the config.
const BYTES_MAX: u64 = 1 << 20;
/// JSON values of the config.
const VALUES_MAX: usize = 32_768;

/// The config is an image's, and lists the layers as an image's does.
pub(crate) fn check(manifest: &Manifest, report: &mut Report) -> Result<(), Failure> {
    let Some(config) = manifest.config() else { return Ok(()) };
    match config.media_type_essence().as_str() {
        SIGNATURE_CONFIG => {
            if manifest.subject().is_none() {
                let message = "a config of cosign's own type needs a subject, and the manifest has \
                               none; sign with cosign";
                report.find(&codes::CONFIG, message).pointer("/config/mediaType");
            }
        }
        // as other tools that use cosign's library write referrers
        media_type::OCI_EMPTY if manifest.subject().is_some() => {}
        media_type::OCI_CONFIG | media_type::DOCKER_CONFIG if config.size > BYTES_MAX => {
            let message = format!(
                "the config has {} bytes, but this plugin reads at most {BYTES_MAX}; sign with \
                 cosign, which writes a small config",
                config.size
            );
            report.find(&codes::DIFF_IDS, message).blob(&config.digest);
        }
        media_type::OCI_CONFIG | media_type::DOCKER_CONFIG => {
            let bytes = read::blob(config, BYTES_MAX, "the config", report)?;
            let layers: Vec<&str> = manifest.layers().map(|layer| layer.digest.as_str()).collect();
            if bytes.is_some_and(|bytes| !lists(&bytes, &layers)) {
                let message = "the config's rootfs.diff_ids are not the digests of the layers; \
                               sign with cosign, which writes them";
                report.find(&codes::DIFF_IDS, message).blob(&config.digest);
            }
        }
        _ => {
            let message = format!(
                "the config of a signature has the type {}, not {}; sign with cosign",
                Quoted(&config.media_type),
                media_type::OCI_CONFIG
            );
            report.find(&codes::CONFIG, message).pointer("/config/mediaType");
        }
    }
    Ok(())
}

fn lists(config: &[u8], layers: &[&str]) -> bool {
    let Ok(config) = json::parse_bounded(config, VALUES_MAX) else { return false };
    let listed = config["rootfs"]["diff_ids"].as_array();
    let wanted = layers.iter().copied().map(Some);
    listed.is_some_and(|listed| listed.iter().map(Value::as_str).eq(wanted))
}
