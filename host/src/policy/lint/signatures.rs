//! Rules that verify signatures by known keys, and let others past: cosign 3 writes signatures and
//! attestations alike as bundles, which are of a kind of their own.

use serde_json::Value;

use super::{
    Whole,
    language::Effort,
    pairs::{enforces, is_within_but_for_kinds, rejects},
};
use crate::{
    kind::Kind,
    policy::{
        document::{Action, Written},
        problem::Problem,
    },
};

const BUNDLE: Kind = Kind::SIGSTORE_BUNDLE;

/// What a rule may mean: a kind, and what `accept` calls it.
const SIGNATURE: (Kind, &str) = (Kind::COSIGN_SIGNATURE, "signature");
const ATTESTATION: (Kind, &str) = (Kind::ATTESTATION, "attestation");

/// Warns of signatures that a rule about known keys does not see, and of what it takes for them.
pub(super) fn check(whole: &Whole<'_>, effort: &mut Effort, warnings: &mut Vec<Problem>) {
    for rule in whole.rules {
        let (Some(kinds), Some(plugin)) =
            (&rule.what.about.of.kinds, verifier(whole, rule).filter(|_| enforces(rule)))
        else {
            continue;
        };
        let Some(places) = rule.what.about.places.get("kinds") else { continue };
        for ((kind, what), (other, is)) in [(SIGNATURE, ATTESTATION), (ATTESTATION, SIGNATURE)] {
            if !kinds.contains(&kind) {
                continue;
            }
            let name = &rule.name.value;
            if !kinds.contains(&BUNDLE) {
                if !is_seen(whole, rule, BUNDLE) && !is_rejected(whole, rule, effort) {
                    let message = format!(
                        "rule {name:?} verifies the kind {}, but not {}, which cosign 3 uses for \
                         {what}s",
                        kind.name(),
                        BUNDLE.name()
                    );
                    let help = format!("add {} to its `kinds`", BUNDLE.name());
                    warnings.push(Problem::warning(&places.key, message).help(help));
                }
                break;
            }
            if !kinds.contains(&other) && !plugin.accepts && !is_seen(whole, rule, other) {
                let message = format!(
                    "rule {name:?} leaves out the kind {}, but accepts bundles that hold {is}s by \
                     a known key",
                    other.name()
                );
                let help = format!(
                    "set `accept: [{what}]` in plugin {:?}, or add {} to `kinds`",
                    plugin.name,
                    other.name()
                );
                warnings.push(Problem::warning(&places.key, message).help(help));
            }
        }
    }
}

/// A plugin that rejects what no known key signed.
struct Verifier<'a> {
    /// what the policy calls it
    name: &'a str,
    /// whether it says what may be signed
    accepts: bool,
}

/// The plugin of a rule that verifies signatures by known keys, if one does.
fn verifier<'a>(whole: &Whole<'_>, rule: &'a Written) -> Option<Verifier<'a>> {
    let Action::Check(plugins) = &rule.verb else { return None };
    plugins.iter().find_map(|plugin| {
        let installed = whole.plugins.get(&plugin.value)?;
        if installed.plugin.metadata().name != "cosign" {
            return None;
        }
        let settings: Value = serde_json::from_str(&installed.settings).ok()?;
        let (requires, accepts) = (&settings["requireKnownKey"], !settings["accept"].is_null());
        (*requires == true).then_some(Verifier { name: &plugin.value, accepts })
    })
}

/// Whether another rule verifies a kind, in whatever repositories.
fn is_seen(whole: &Whole<'_>, rule: &Written, kind: Kind) -> bool {
    whole.rules.iter().filter(|other| !std::ptr::eq(*other, rule)).any(|other| {
        let kinds = other.what.about.of.kinds.as_ref();
        kinds.is_none_or(|kinds| kinds.contains(&kind)) && verifier(whole, other).is_some()
    })
}

/// Whether other rules let no bundle into the rule's repositories.
fn is_rejected(whole: &Whole<'_>, rule: &Written, effort: &mut Effort) -> bool {
    whole.rules.iter().any(|other| {
        let about = &other.what.about;
        let of_bundles = about.of.kinds.as_ref().is_none_or(|kinds| kinds.contains(&BUNDLE));
        of_bundles
            && rejects(other, BUNDLE, effort)
            && is_within_but_for_kinds(&rule.what.about, about, effort)
    })
}
