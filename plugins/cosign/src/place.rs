//! Where cosign looks for signatures and attestations, against what they say.

use roadstead_plugin_sdk::{Manifest, Quoted, Report, context, oci::Digest};

use crate::{
    attached::{self, Content},
    codes,
    trust::Claim,
};

/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 10;

/// What a manifest is attached to.
#[derive(Debug)]
pub(crate) struct Place {
    /// what says so, and the digest that it names
    expected: Option<(&'static str, String)>,
}

impl Place {
    /// The digest that everything here has to be about, if it is known.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.expected.as_ref().map(|(_, digest)| digest.as_str())
    }

    /// Whether clients would take the claim for one about what they look at.
    pub(crate) fn is_of(&self, claim: &Claim) -> bool {
        self.digest().is_none_or(|digest| claim.about.as_deref() == Some(digest))
    }
}

/// Reads tags and subject, and compares them. What is pushed by digest has no tags, and is judged
/// again when it is tagged.
pub(crate) fn of(manifest: &Manifest, content: Content, report: &mut Report) -> Place {
    let mut expected = manifest.subject().map(|subject| ("its subject is", subject.digest.clone()));
    for tag in &manifest.tags {
        let digest = match attached::of_tag(tag) {
            Some((found, digest)) if found == content => digest,
            // judged as what is read there
            Some(_) => continue,
            None => {
                find_tag(tag, content, report);
                continue;
            }
        };
        match &expected {
            Some((what, other)) if other != digest.as_str() => {
                let message = format!(
                    "the tag is for {}, but {what} {}; sign again with cosign",
                    Quoted(digest.as_str()),
                    Quoted(other)
                );
                report.find(&codes::OTHER_DIGEST, message);
            }
            Some(_) => {}
            None => expected = Some(("its tag is for", digest.to_string())),
        }
    }
    Place { expected }
}

/// Mirrors copy signatures under other tags, too.
fn find_tag(tag: &str, content: Content, report: &mut Report) {
    if content == Content::Attestations {
        return;
    }
    let message = format!(
        "cosign does not look for signatures under the tag {}; use sha256-<hex of the signed \
         manifest>.sig",
        Quoted(tag)
    );
    report.find(&codes::TAG, message);
}

/// Finds the claims that are about another manifest than they are attached to, and warns where
/// that one is missing.
pub(crate) fn compare(manifest: &Manifest, place: &Place, claims: &[Claim], report: &mut Report) {
    let first = claims.iter().find_map(|claim| claim.about.clone());
    let first = first.map(|about| ("another signature is for", about));
    let Some((what, expected)) = place.expected.clone().or(first) else { return };
    let others = claims.iter().filter(|claim| claim.about.as_deref() != Some(&*expected));
    for claim in others.take(TOLD_MAX) {
        let about = claim.about.as_deref();
        let about = about.map_or_else(|| "no manifest".to_owned(), |it| Quoted(it).to_string());
        let message = format!(
            "{} signs {about}, but {what} {}; sign again with cosign",
            claim.place,
            Quoted(&expected)
        );
        report.find(&codes::OTHER_DIGEST, message).blob(&claim.blob);
    }
    let is_looked_for = !manifest.tags.is_empty() && !claims.is_empty() && !report.rejects();
    if let Ok(signed) = Digest::parse(&expected)
        && is_looked_for
        && context::manifest(signed.as_str()).is_none()
    {
        // cosign and podman sign what was pushed before
        let message = format!(
            "the signed manifest {} is not in this repository; push it, too",
            Quoted(signed.as_str())
        );
        report.find(&codes::SIGNED_ABSENT, message);
    }
}
