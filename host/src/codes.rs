//! The codes of findings that are the host's own. Those of failures are the engine's, and those of
//! plugins stand in the plugins.

use roadstead_engine::FAILURES;
pub use roadstead_engine::HostCode as Code;

/// An artifact is none of those that a rule accepts.
pub const NOT_ACCEPTED: &str = "RSA001";
/// A layer that a rule reviews is not stored here.
pub const LAYER_ABSENT: &str = "RSA002";
/// A manifest leads to more than can be judged with its tags.
pub const TOO_MANY_BELOW: &str = "RSA003";
/// A part of what is pushed can't be read, so that nobody can judge it.
pub const BELOW_UNREADABLE: &str = "RSA004";

/// A rule denies whatever it is about.
pub const DENIED: &str = "RSA005";

/// What rules find; a policy can change their severity.
pub const OF_RULES: [Code; 5] = [
    Code {
        id: NOT_ACCEPTED,
        summary: "the artifact is none of those that are accepted in this repository",
        explanation: "A rule with `acceptOnly` says what this repository takes. A kind takes \
                      what is of that kind and of no other: an image that carries a chart's \
                      media types is no chart. A type has to be both the artifact's and the \
                      config's, and every layer has to be of a type that is allowed beside it. \
                      Push it elsewhere, or have the rule extended; `roadstead policy explain` \
                      shows what the artifact is taken for.",
    },
    Code {
        id: LAYER_ABSENT,
        summary: "a layer that a rule reviews is not stored here",
        explanation: "Foreign layers, and the layers of sparse images, may be elsewhere; then \
                      nobody can review them, and what they hold now is not what they will hold. \
                      Push the layer, or let the rule pass it with \
                      `severity: { RSA002: warning }`.",
    },
    Code {
        id: TOO_MANY_BELOW,
        summary: "a manifest leads to too many others to judge them with its tags",
        explanation: "Rules about tags hold for what an index wraps as well, and rules about \
                      charts for whatever helm follows from what it pulls, so that wrapping is no \
                      way round them; of more than 32768 manifests that is not tried. Split the \
                      index.",
    },
    Code {
        id: BELOW_UNREADABLE,
        summary: "a part of what is pushed is not there or can't be read",
        explanation: "A rule about tags holds for what an index wraps as well, and one about \
                      charts for what helm follows, and this part of it is not stored (a manifest \
                      among layers, with `manifests.allow_sparse_indexes`), is damaged, or is of \
                      another media type than its descriptor says. Push it first, or correct the \
                      descriptor. Where the store could not read something now, pushing again \
                      helps.",
    },
    Code {
        id: DENIED,
        summary: "a rule denies this artifact here",
        explanation: "A rule with `deny` rejects whatever its `match` is about, and says in its \
                      `message` what to do instead. `roadstead policy explain` shows which rules \
                      are about an artifact, and why. An operator can leave something out of the \
                      rule with `match: { except: … }`.",
    },
];

/// The known code that a text spells otherwise: `rsh25` is `RSH025`. Another number is another
/// code, however alike they look.
pub fn spelled<'a>(text: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let parts = |code: &str| {
        let digits = code.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let family = code[..code.len() - digits.len()].trim_end_matches(['-', '_', ' ']);
        Some((family.to_ascii_uppercase(), digits.parse::<u64>().ok()?))
    };
    let wanted = parts(text)?;
    known.find(|code| parts(code).as_ref() == Some(&wanted))
}

/// Every code of the host.
pub fn all() -> impl Iterator<Item = &'static Code> {
    OF_RULES.iter().chain(&FAILURES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_spelled_otherwise_but_is_no_other_code() {
        let known = ["RSH025", "RSH040", "NL001"];
        for (text, code) in [
            ("rsh025", Some("RSH025")),
            ("RSH25", Some("RSH025")),
            ("RSH-040", Some("RSH040")),
            ("nl1", Some("NL001")),
            ("RSI040", None),
            ("RSH041", None),
            ("RSH", None),
            ("\u{e4}1", None),
            ("", None),
        ] {
            assert_eq!(spelled(text, known.into_iter()), code, "{text}");
        }
    }

    #[test]
    fn each_code_stands_for_one_thing() {
        let ids: std::collections::BTreeSet<_> = all().map(|code| code.id).collect();
        assert_eq!(ids.len(), all().count());
    }
}
