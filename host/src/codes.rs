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
        summary: "this repository does not accept such an artifact",
        explanation: "A rule with `acceptOnly` says what this repository accepts. An accepted kind \
                      matches artifacts of that kind and no other: an image that carries a chart's \
                      media types is not accepted as a chart. An accepted type must be the type of \
                      both the artifact and its config, and every layer must have a type that the \
                      rule allows beside it. Push the artifact elsewhere, or have the rule \
                      extended; `roadstead policy explain` shows its kinds.",
    },
    Code {
        id: LAYER_ABSENT,
        summary: "a layer that a rule reviews is not stored here",
        explanation: "Foreign layers, and the layers of sparse images, may be stored elsewhere. No \
                      plugin can review those, and their content may change later. Push the layer, \
                      or let the rule accept it with `severity: { RSA002: warning }`.",
    },
    Code {
        id: TOO_MANY_BELOW,
        summary: "a manifest leads to too many other manifests to judge",
        explanation: "Rules with `tags` also apply to the manifests in an index, and rules for \
                      charts to everything that helm follows from what it pulls: otherwise an \
                      index could hide an artifact from them. The server does this for at most \
                      32768 manifests. Split the index.",
    },
    Code {
        id: BELOW_UNREADABLE,
        summary: "a manifest that this one leads to is missing or can't be read",
        explanation: "Rules with `tags` also apply to the manifests in an index, and rules for \
                      charts to what helm follows. One of these manifests is not stored (possible \
                      among layers, and with `manifests.allow_sparse_indexes`), is damaged, or \
                      does not have the media type in its descriptor. Push it first, or correct \
                      the descriptor. If the store could not read it now, push again.",
    },
    Code {
        id: DENIED,
        summary: "a rule denies this artifact here",
        explanation: "A rule with `deny` rejects everything that its `match` matches, and its \
                      `message` may say what to do instead. `roadstead policy explain` shows which \
                      rules match an artifact, and why. An operator can exempt artifacts from the \
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
