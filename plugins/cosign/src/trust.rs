//! Which configured keys made the signatures that were found.

use roadstead_plugin_sdk::{Quoted, Report};

use crate::{
    certificate::Certificate,
    codes,
    key::{Message, NamedKey},
};

/// What verifying may cost a review, in units of one signature by P-256, which takes a third of a
/// millisecond in the sandbox: less than half of the time that a plugin has by default.
const COST_MAX: u32 = 1200;
/// What cosign 3 says about a manifest that it signs, in the same form as attestations.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 10;

/// A signature with what it is over.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// what messages call it
    pub(crate) place: String,
    /// the blob that messages point at
    pub(crate) blob: String,
    /// the digest of the manifest that is signed
    pub(crate) about: String,
    pub(crate) message: Message,
    pub(crate) signature: Vec<u8>,
    /// that of whoever signed without a key of their own
    pub(crate) certificate: Option<Certificate>,
    /// what is said about the manifest, where it is more than that it is signed
    pub(crate) predicate_type: Option<String>,
}

/// What verifying may still cost.
#[derive(Debug)]
struct Budget(u32);

impl Budget {
    fn spend(&mut self, cost: u32) -> bool {
        let left = self.0.checked_sub(cost);
        self.0 = left.unwrap_or_default();
        left.is_some()
    }
}

/// Verifies the signatures, records what was found, and finds those that are not by whom they
/// should be. The newest stand last, and are tried first.
pub(crate) fn judge(claims: &[Claim], keys: &[NamedKey], is_required: bool, report: &mut Report) {
    let mut budget = Budget(COST_MAX);
    // a key's newest signature is enough, and bounds what is recorded
    let mut known: Vec<&str> = Vec::new();
    let mut is_exhausted = false;
    for claim in claims.iter().rev() {
        for NamedKey { name, key } in keys {
            if known.contains(&name.as_str()) {
                continue;
            }
            if !budget.spend(key.cost(&claim.message)) {
                is_exhausted = true;
                break;
            }
            if let Some(algorithm) = key.verifies(&claim.message, &claim.signature) {
                if known.is_empty() {
                    record_predicate(claim, report);
                }
                record(claim, name, algorithm, report);
                known.push(name);
            }
        }
    }
    find_forged(claims, &mut budget, report);
    if is_exhausted {
        let message = format!(
            "there are {} signatures and {} keys, too many to try all; sign anew without the old \
             signatures",
            claims.len(),
            keys.len()
        );
        report.find(&codes::UNTRIED, message);
    }
    if !known.is_empty() {
        return;
    }
    if let Some(claim) = claims.last() {
        report.annotate("signature", "unverified").about(&claim.about);
    }
    if is_required {
        report.find(&codes::UNKNOWN_KEY, unknown(claims, keys));
    }
}

fn unknown(claims: &[Claim], keys: &[NamedKey]) -> String {
    let names: Vec<String> = keys.iter().take(3).map(|key| Quoted(&key.name).to_string()).collect();
    let more = if keys.len() > names.len() { " and others" } else { "" };
    let what = match claims.len() {
        0 => "no signature could be read",
        1 => "the signature is by none of the known keys",
        _ => "none of the signatures is by a known key",
    };
    format!(
        "{what} ({}{more}); sign with one of them, and push what was signed unaltered",
        names.join(", ")
    )
}

/// What is said about the manifest, where it is more than that it is signed.
fn record_predicate(claim: &Claim, report: &mut Report) {
    if let Some(predicate_type) = &claim.predicate_type {
        report.annotate("predicate-type", predicate_type).about(&claim.about).authenticated();
    }
}

/// Whoever attests that a scan failed has not signed the image: that is evidence of another name.
fn record(claim: &Claim, key: &str, algorithm: &str, report: &mut Report) {
    let is_signature = claim.predicate_type.as_deref().is_none_or(|is| is == SIGNED);
    let label = if is_signature { "verified-key" } else { "attested-key" };
    report.annotate(label, key).about(&claim.about).authenticated();
    report.annotate("algorithm", algorithm).about(&claim.about).authenticated();
}

/// A certificate holds the key that made the signature, whoever issued it.
fn find_forged(claims: &[Claim], budget: &mut Budget, report: &mut Report) {
    let mut told = 0;
    for claim in claims.iter().rev() {
        let Some(key) = claim.certificate.as_ref().and_then(Certificate::key) else { continue };
        if !budget.spend(key.cost(&claim.message)) {
            return;
        }
        if key.verifies(&claim.message, &claim.signature).is_none() && told < TOLD_MAX {
            told += 1;
            let message = format!(
                "the signature in {} was not made by the key of its certificate; sign again with \
                 cosign",
                claim.place
            );
            report.find(&codes::FORGED, message).blob(&claim.blob);
        }
    }
}
