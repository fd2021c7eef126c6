//! A chart's provenance: Chart.yaml and the archive's hash, in a text signed by `OpenPGP`.

mod keyring;
mod message;
mod packet;
mod verify;

use pgp::crypto::hash::HashAlgorithm;
use roadstead_chart::Metadata;
use roadstead_plugin_sdk::{
    Code, Descriptor, Failure, Quoted, Report, Severity,
    content::{self, ReadError},
};

use crate::{absent, codes, compare, settings::Settings, text::hex};
use message::{Broken, Message};

pub(crate) use keyring::Keyring;

/// Bytes of a provenance: Chart.yaml, which has as many at most, and little more.
const BYTES_MAX: u64 = 1 << 20;

/// Bytes of a layer that are hashed at once.
const CHUNK_BYTES: u32 = 256 << 10;

/// What a provenance belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// what the chart says
    pub(crate) metadata: &'a Metadata,
    /// of the chart's layer
    pub(crate) digest: &'a str,
}

/// Looks at a provenance. With a keyring it answers the fingerprint of the key that signed.
pub(crate) fn check(
    part: &Descriptor,
    signed: Option<Signed<'_>>,
    settings: &Settings,
    report: &mut Report,
) -> Result<Option<String>, Failure> {
    let keyring = settings.keyring.as_deref();
    let mut find = |code: &Code, message: String| {
        report.find(code, message).blob(&part.digest);
    };
    let parsed = match content::read(&part.digest, BYTES_MAX) {
        Ok(bytes) => Message::parse(&bytes),
        Err(ReadError::TooLarge(_)) => Err(Broken::NotSigned("has more than 1 MiB".to_owned())),
        Err(ReadError::Absent(_)) => {
            absent::find(part, report);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let message = match parsed {
        Ok(message) => message,
        Err(broken) => {
            let (code, why) = match broken {
                Broken::NotSigned(why) => (codes::NOT_SIGNED_TEXT, why),
                Broken::Unreadable(why) => (codes::PROVENANCE_UNREADABLE, why),
            };
            // to helm it is as good as none, which is fine unless the policy asks for one
            let is_wanted = keyring.is_some() || settings.require_provenance;
            let severity = if is_wanted { Severity::Error } else { code.severity };
            let what = format!("the provenance {why}; push the .prov file of helm package --sign");
            find(&Code { severity, ..code }, what);
            return Ok(None);
        }
    };
    if let Some(signed) = signed {
        compare_archive(&message, signed, &mut find)?;
        compare_chart(&message, signed.metadata, &mut find);
    }
    let Some(keyring) = keyring else { return Ok(None) };
    let keyring = Keyring::parse(keyring).map_err(Failure::Internal)?;
    match verify::signer(&message, &keyring) {
        Ok(fingerprint) => Ok(Some(fingerprint)),
        Err(why) => {
            let what = format!("the provenance {why}; sign the chart with a key of the keyring");
            find(&codes::NOT_VERIFIED, what);
            Ok(None)
        }
    }
}

/// Finds a hash that is another archive's.
fn compare_archive(
    message: &Message,
    signed: Signed<'_>,
    find: &mut impl FnMut(&Code, String),
) -> Result<(), Failure> {
    let (name, version) = (signed.metadata.name(), signed.metadata.text("version"));
    let file = format!("{name}-{version}.tgz");
    let what = match message.hash(&file) {
        None => format!("does not name the file {}; sign the archive that you push", Quoted(&file)),
        Some(hash) if hash == sha256(signed.digest)? => return Ok(()),
        Some(hash) => format!(
            "signs a different {} ({}); sign the archive that you push",
            Quoted(&file),
            Quoted(hash)
        ),
    };
    find(&codes::OTHER_ARCHIVE, format!("the provenance {what}"));
    Ok(())
}

/// A layer's sha256, which most often is its digest.
fn sha256(digest: &str) -> Result<String, Failure> {
    if digest.starts_with("sha256:") {
        return Ok(digest.to_owned());
    }
    let failed = |why: String| Failure::Internal(why);
    let hasher = HashAlgorithm::Sha256.new_hasher();
    let mut hasher = hasher.map_err(|error| failed(error.to_string()))?;
    let blob = content::open(digest)?;
    let mut offset = 0;
    while offset < blob.size() {
        let chunk = blob.read_at(offset, CHUNK_BYTES)?;
        hasher.update(&chunk);
        offset += u64::from(CHUNK_BYTES);
    }
    Ok(format!("sha256:{}", hex(&hasher.finalize())))
}

/// Compares what was signed with the chart: helm does not. What was left out contradicts nothing.
fn compare_chart(message: &Message, metadata: &Metadata, find: &mut impl FnMut(&Code, String)) {
    let compared = compare::compare(metadata, &message.chart.to_json());
    if let Some(names) = compared.unsaid_names() {
        let what = format!(
            "the provenance lacks {names}, which Chart.yaml has; sign the chart that you push"
        );
        find(&codes::PROVENANCE_DIFFERS, what);
    }
    if compared.has_other_order {
        let what = "the provenance lists the dependencies in a different order than Chart.yaml; \
                    sign the chart that you push";
        find(&codes::PROVENANCE_DIFFERS, what.to_owned());
    }
    for (name, found) in compared.contradicted {
        let code = match name {
            "name" | "version" | "apiVersion" | "type" | "dependencies" => &codes::OTHER_CHART,
            _ => &codes::PROVENANCE_DIFFERS,
        };
        let told = found.told(name, ("the provenance", &found.other), ("Chart.yaml", &found.chart));
        find(code, format!("{told}; sign the chart that you push"));
    }
}
