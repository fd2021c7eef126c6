//! The config: what runs, on what, and which layers belong to it.

mod check;
mod shape;

use roadstead_plugin_sdk::{
    Descriptor, Failure, Manifest, Quoted,
    content::{self, ReadError},
    oci::json,
};
use serde_json::Value;

use crate::{
    codes,
    findings::{Findings, Place},
};

/// podman reads 4 MiB, others more.
const BYTES_MAX: u64 = 8 << 20;
/// So that it fits into the sandbox's memory.
const VALUES_MAX: usize = 50_000;

/// A config that runtimes decode, with the fields as they name them.
#[derive(Debug)]
pub(crate) struct Config {
    digest: String,
    fields: Value,
}

impl Config {
    /// Reads it, if it is JSON that all runtimes read alike.
    pub(crate) fn read(
        manifest: &Manifest,
        findings: &mut Findings,
    ) -> Result<Option<Self>, Failure> {
        let Some(part) = manifest.config() else { return Ok(None) };
        let Some(mut fields) = parse(part, findings)? else { return Ok(None) };
        let aliases = match shape::read(&mut fields) {
            Ok(aliases) => aliases,
            Err(misfit) => {
                let message = format!(
                    "the config {} at {}, so no runtime reads it; build the image again",
                    misfit.why,
                    Quoted(&misfit.pointer)
                );
                let place = Place::part(&part.digest, &misfit.pointer);
                findings.add(&codes::CONFIG_FIELD, place, message);
                return Ok(None);
            }
        };
        for alias in aliases {
            let message = format!(
                "runtimes read {} of the config as {}, other programs do not; correct the spelling",
                Quoted(&alias.pointer),
                alias.field
            );
            findings.add(&codes::KEY_CASE, Place::part(&part.digest, &alias.pointer), message);
        }
        Ok(Some(Self { digest: part.digest.clone(), fields }))
    }

    /// A field of text; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap_or_default()
    }

    /// What it says about the process that runs: `User`, `Env` and the like; null if it does not.
    pub(crate) fn execution(&self, name: &str) -> &Value {
        &self.fields["config"][name]
    }

    /// Who runs it; empty if it does not say.
    pub(crate) fn user(&self) -> &str {
        self.execution("User").as_str().unwrap_or_default()
    }

    /// The digests of the layers without compression, bottom first.
    pub(crate) fn diff_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        let listed = self.fields["rootfs"]["diff_ids"].as_array();
        listed
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(|id| id.as_str().unwrap_or_default())
    }
}

fn parse(part: &Descriptor, findings: &mut Findings) -> Result<Option<Value>, Failure> {
    let mut unclear = |why: String| {
        let message = format!("the config {why}; build the image again");
        findings.add(&codes::CONFIG_UNCLEAR, Place::blob(&part.digest), message);
        Ok(None)
    };
    let bytes = match content::read(&part.digest, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(ReadError::TooLarge(_)) => return unclear("has more than 8 MiB".to_owned()),
        Err(ReadError::Absent(_)) => {
            let message = "the config is not stored here; push it before the manifest";
            findings.add(&codes::ABSENT, Place::blob(&part.digest), message);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    match json::parse_bounded(&bytes, VALUES_MAX) {
        Ok(value) if value.is_object() => Ok(Some(value)),
        Ok(_) => unclear("is not a JSON object".to_owned()),
        Err(error) => unclear(format!("can't be read as JSON ({error})")),
    }
}
