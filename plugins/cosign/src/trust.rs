//! Which configured keys made the signatures that were found.

use roadstead_plugin_sdk::{Quoted, Report};

use crate::{
    certificate::Certificate,
    codes,
    key::{Message, NamedKey},
    settings::{Accepted, Settings},
};

/// What verifying may cost a review, in units of one signature by P-256, which takes a third of a
/// millisecond in the sandbox: less than half of the time that a plugin has by default.
const COST_MAX: u32 = 1200;
/// What cosign 3 says about a manifest that it signs, in the same form as attestations.
pub(crate) const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 10;

/// What was found in a manifest.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// what can be verified
    pub(crate) claims: Vec<Claim>,
    /// how many there are that clients read and this plugin does not
    pub(crate) unread: usize,
}

/// A signature with what it is over.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// what messages call it
    pub(crate) place: String,
    /// the blob that messages point at
    pub(crate) blob: String,
    /// the digest of the manifest that is signed; none: something else is
    pub(crate) about: Option<String>,
    pub(crate) message: Message,
    pub(crate) signature: Vec<u8>,
    /// that of whoever signed without a key of their own
    pub(crate) certificate: Option<Certificate>,
    /// what is said about the manifest, where it is more than that it is signed
    pub(crate) predicate_type: Option<String>,
}

impl Claim {
    /// What it says about a manifest; none: it is about something else.
    fn says(&self) -> Option<Accepted> {
        self.about.as_ref()?;
        let is_signature = self.predicate_type.as_deref().is_none_or(|is| is == SIGNED);
        Some(if is_signature { Accepted::Signature } else { Accepted::Attestation })
    }

    /// The same in a word.
    fn kind(&self) -> &'static str {
        match self.says() {
            Some(Accepted::Signature) => "signature",
            Some(Accepted::Attestation) => "attestation",
            None => "other",
        }
    }
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
/// should be, or not what they should be. The newest stand last, and are tried first.
pub(crate) fn judge(found: &Found, keys: &[NamedKey], settings: &Settings, report: &mut Report) {
    let claims = &found.claims;
    find_unaccepted(claims, settings, report);
    let mut budget = Budget(COST_MAX);
    let tried = try_keys(claims, keys, settings.require_known_key, &mut budget, report);
    find_forged(claims, &mut budget, report);
    if tried.is_exhausted {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let message = format!(
            "{} and {} are too many to try them all; sign again without the old signatures, or \
             list fewer keys",
            count(claims.len(), "signature"),
            count(keys.len(), "key")
        );
        report.find(&codes::UNTRIED, message);
    }
    let last = claims.last();
    if let Some(about) = last.and_then(|claim| claim.about.as_ref()).filter(|_| !tried.is_known) {
        report.annotate("signature", "unverified").about(about);
    }
    if let Some(claim) = last {
        report.annotate("kind", claim.kind());
    }
    if !settings.require_known_key {
        return;
    }
    if !tried.is_known {
        report.find(&codes::UNKNOWN_KEY, unknown(claims, keys));
    } else if let Some(place) =
        tried.foreign.or((found.unread > 0).then_some("a layer that was too large to read"))
    {
        let message = format!(
            "the signature in {place} was not verified with a known key, unlike another one here; \
             clients that trust another key may accept it"
        );
        report.find(&codes::FOREIGN_KEY, message);
    }
}

/// What trying all keys came to.
#[derive(Debug, Default)]
struct Tried<'a> {
    /// whether a known key made one of the signatures
    is_known: bool,
    /// a signature that no known key made, or that was not tried
    foreign: Option<&'a str>,
    is_exhausted: bool,
}

/// `all`: whether it matters of each signature who made it.
fn try_keys<'a>(
    claims: &'a [Claim],
    keys: &[NamedKey],
    all: bool,
    budget: &mut Budget,
    report: &mut Report,
) -> Tried<'a> {
    let mut tried = Tried::default();
    // a key's newest signature is enough, and bounds what is recorded
    let mut known: Vec<&str> = Vec::new();
    for claim in claims.iter().rev() {
        let mut is_foreign = true;
        for NamedKey { name, key } in keys {
            let is_known = known.contains(&name.as_str());
            if is_known && !(all && is_foreign) {
                continue;
            }
            if !budget.spend(key.cost(&claim.message)) {
                tried.is_exhausted = true;
                break;
            }
            let Some(algorithm) = key.verifies(&claim.message, &claim.signature) else { continue };
            is_foreign = false;
            if !is_known {
                if known.is_empty() {
                    record_predicate(claim, report);
                }
                record(claim, name, algorithm, report);
                known.push(name);
            }
        }
        if is_foreign {
            tried.foreign = Some(&claim.place);
        }
    }
    tried.is_known = !known.is_empty();
    tried
}

/// What the policy does not accept, whoever signed it.
fn find_unaccepted(claims: &[Claim], settings: &Settings, report: &mut Report) {
    let Some(accepted) = &settings.accept else { return };
    let is_accepted = |claim: &&Claim| claim.says().is_some_and(|says| accepted.contains(&says));
    for claim in claims.iter().filter(|claim| !is_accepted(claim)).take(TOLD_MAX) {
        let what = match claim.says() {
            Some(Accepted::Signature) => "a signature",
            Some(Accepted::Attestation) => "an attestation",
            None => "a signature that is not about this manifest's subject",
        };
        let message = format!(
            "{} holds {what}, which the policy does not accept here; push it elsewhere",
            claim.place
        );
        report.find(&codes::UNACCEPTED, message).blob(&claim.blob);
    }
}

fn unknown(claims: &[Claim], keys: &[NamedKey]) -> String {
    let names: Vec<String> = keys.iter().take(3).map(|key| Quoted(&key.name).to_string()).collect();
    let more = if keys.len() > names.len() { " and others" } else { "" };
    let what = match claims.len() {
        0 => "no signature could be read, so none was made by a known key",
        1 => "none of the known keys made the signature",
        _ => "none of the known keys made any of the signatures",
    };
    format!(
        "{what} ({}{more}); sign with one of them, and push the signed content unchanged",
        names.join(", ")
    )
}

/// What is said about the manifest, where it is more than that it is signed.
fn record_predicate(claim: &Claim, report: &mut Report) {
    if let (Some(predicate_type), Some(about)) = (&claim.predicate_type, &claim.about) {
        report.annotate("predicate-type", predicate_type).about(about).authenticated();
    }
}

/// Whoever attests that a scan failed has not signed the image: that is evidence of another name.
fn record(claim: &Claim, key: &str, algorithm: &str, report: &mut Report) {
    let label = match claim.says() {
        Some(Accepted::Signature) => "verified-key",
        Some(Accepted::Attestation) => "attested-key",
        None => return,
    };
    let Some(about) = &claim.about else { return };
    report.annotate(label, key).about(about).authenticated();
    report.annotate("algorithm", algorithm).about(about).authenticated();
}

/// A certificate holds the key that made the signature, whoever issued it.
fn find_forged(claims: &[Claim], budget: &mut Budget, report: &mut Report) {
    let mut told = 0;
    for claim in claims.iter().rev().filter(|claim| claim.about.is_some()) {
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
