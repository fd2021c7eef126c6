//! Where cosign looks for a signature, against what the signature says.

use roadstead_plugin_sdk::{Manifest, Quoted, Report, oci::Digest};

use crate::{codes, trust::Claim};

/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 10;

/// Compares tags, subject and payloads, and answers the one manifest that all of them name. What
/// is pushed by digest has no tags to compare, and is judged again when it is tagged.
pub(crate) fn compare(
    manifest: &Manifest,
    claims: &[Claim],
    report: &mut Report,
) -> Option<Digest> {
    let mut expected = manifest.subject().map(|subject| ("its subject", subject.digest.clone()));
    for tag in &manifest.tags {
        let Some(digest) = of_tag(tag) else {
            let message = format!(
                "the tag {} is none under which cosign looks for signatures, such as \
                 sha256-<hex of the signed manifest>.sig",
                Quoted(tag)
            );
            report.find(&codes::TAG, message);
            continue;
        };
        match &expected {
            Some((what, other)) if other != digest.as_str() => {
                let message = format!(
                    "the tag is for {}, but {what} for {}; sign again with cosign",
                    Quoted(digest.as_str()),
                    Quoted(other)
                );
                report.find(&codes::OTHER_DIGEST, message);
            }
            Some(_) => {}
            None => expected = Some(("its tag", digest.to_string())),
        }
    }
    let first = claims.first().map(|claim| ("another signature", claim.about.clone()));
    let (what, expected) = expected.or(first)?;
    let others = claims.iter().filter(|claim| claim.about != expected);
    for claim in others.take(TOLD_MAX) {
        let message = format!(
            "{} signs {}, but {what} is for {}; sign again with cosign",
            claim.place,
            Quoted(&claim.about),
            Quoted(&expected)
        );
        report.find(&codes::OTHER_DIGEST, message).blob(&claim.blob);
    }
    Digest::parse(&expected).ok()
}

/// What a tag says is signed. cosign can be told to put something before it.
fn of_tag(tag: &str) -> Option<Digest> {
    let rest = tag.strip_suffix(".sig")?;
    let (_, hex) = rest.rsplit_once("sha256-")?;
    Digest::parse(&format!("sha256:{hex}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_may_have_a_prefix() {
        let hex = "a".repeat(64);
        let digest = format!("sha256:{hex}");
        let named = |tag: String| of_tag(&tag).map(|digest| digest.to_string());
        assert_eq!(named(format!("sha256-{hex}.sig")), Some(digest.clone()));
        assert_eq!(named(format!("teamsha256-{hex}.sig")), Some(digest));
        for bad in [
            format!("sha256-{hex}.att"),
            format!("sha256-{hex}"),
            format!("sha256-{hex}.sig.sig"),
            format!("sha256-{}.sig", "a".repeat(63)),
            "v1.sig".to_owned(),
        ] {
            assert_eq!(named(bad.clone()), None, "{bad}");
        }
    }
}
