//! Reviews that were made already.
//!
//! The key is the hash of every input that a review gets; only reviews that depend on nothing
//! else are kept, and failures that are properties of the content: pushing it again would fail in
//! the same way and cost as much.

use moka::sync::Cache;

use roadstead_engine::{Location, Report, ReviewError};
use roadstead_oci::{Algorithm, Digest};

use super::{Candidate, plan::Part};
use crate::policy::Installed;

/// What a review came to.
pub(super) type Outcome = Result<Option<Report>, ReviewError>;

/// The contract and the decoders that a review was made with.
const VERSION: &str = "roadstead:admission@0.1.0 decoder 1";
const BYTES_MAX: u64 = 16 << 20;
const ENTRY_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct Memo(Cache<Digest, Outcome>);

impl Memo {
    pub(super) fn new() -> Self {
        let weigh = |_: &Digest, outcome: &Outcome| {
            let bytes = match outcome {
                Ok(Some(report)) => bytes_of(report),
                Ok(None) => 0,
                Err(error) => error.to_string().len(),
            };
            u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }

    /// Everything that a review's outcome depends on. A digest covers the bytes, and so a
    /// manifest's annotations and descriptors.
    pub(super) fn key(installed: &Installed, part: &Part, candidate: &Candidate) -> Digest {
        let Installed { plugin, settings_digest, limits, .. } = installed;
        let plugin = plugin.digest();
        let by = format!("{VERSION}\n{plugin}\n{settings_digest}\n{limits:?}");
        let text = match part {
            Part::Manifest => {
                let Candidate { repository, digest, tags, manifest, principal, .. } = candidate;
                let (media_type, kind) = (&manifest.media_type, candidate.kind().name());
                format!(
                    "{by}\nmanifest\n{digest}\n{media_type}\n{kind}\n{repository}\n{tags:?}\n\
                     {principal:?}"
                )
            }
            Part::Layer(layer) => {
                format!("{by}\nblob\n{}\n{}\n{}", layer.digest, layer.media_type, layer.size)
            }
        };
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }

    pub(super) fn get(&self, key: &Digest) -> Option<Outcome> {
        self.0.get(key)
    }

    pub(super) fn keep(&self, key: Digest, outcome: Outcome) {
        self.0.insert(key, outcome);
    }
}

fn bytes_of(report: &Report) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let findings = report.findings.iter().map(|finding| {
        let Location { blob, path, pointer, .. } = &finding.location;
        let place = text(blob) + text(path) + text(pointer);
        let more = finding.properties.iter().map(|(key, value)| key.len() + value.len());
        ENTRY_BYTES + finding.code.len() + finding.message.len() + place + more.sum::<usize>()
    });
    let facts =
        report.annotations.iter().map(|fact| ENTRY_BYTES + fact.key.len() + fact.value.len());
    findings.chain(facts).sum()
}
