//! What a policy most likely does not mean is a warning with place and cure, and nothing else is.

use super::policies::Policy;

/// A rule, and what is warned of: the place, what is wrong, and the cure.
const MISTAKES: &[(&str, &str, &str)] = &[
    // rules that can never match
    (
        "match: { repositories: [\"Charts/**\"] }, deny: true",
        "can never match: no repository can be",
        "",
    ),
    (
        "match: { repositories: [\"charts/\"] }, deny: true",
        "can never match: no repository can be",
        "",
    ),
    (
        "match: { repositories: [\"a___b\"] }, deny: true",
        "can never match: no repository can be",
        "",
    ),
    (
        "match: { repositories: [\"a/.b/**\"] }, deny: true",
        "can never match: no repository can be",
        "",
    ),
    (
        "match: { mediaTypes: [\"application/json\"] }, deny: true",
        "can never match: no manifest can",
        "",
    ),
    (
        "match: { kinds: [image-index], layerTypes: [\"a/*\"] }, deny: true",
        "an index has no layers",
        "",
    ),
    ("match: { types: [helm] }, deny: true", "no media type can be \"helm\"", ""),
    ("match: { tags: [\"1.0.0+build\"] }, deny: true", "can never match: no tag can be", ""),
    ("match: { tags: [\"-rc*\"] }, deny: true", "can never match: no tag can be", ""),
    ("match: { tags: [\"sha256:*\"] }, deny: true", "can never match: no tag can be", ""),
    ("match: { tags: [\".*\"] }, deny: true", "can never match: no tag can be", ""),
    (
        "match: { kinds: [wasm] }, acceptOnly: [wasm], mode: warn, severity: { RSA001: error }",
        "only warns, so RSA001 stays a warning",
        "mode: enforce",
    ),
    (
        "match: { tags: [v1], except: { repositories: [a] } }, deny: true, mode: warn, severity: { \
         RSA005: error }",
        "only warns, so RSA005 stays a warning",
        "",
    ),
    // a dead glob beside a live one
    (
        "match: { repositories: [\"a/**\", \"B/**\"] }, deny: true",
        "this glob matches nothing: no repository can be called \"B/**\"",
        "policy.yaml:3:48",
    ),
    (
        "match: { tags: [\"v*\", \"+1\"] }, deny: true",
        "this glob matches nothing: no tag can be \"+1\"",
        "correct or remove it",
    ),
    (
        "match: { repositories: [\"a/**\", \"a/*\"] }, deny: true",
        "\"a/*\" adds nothing: \"a/**\" covers it",
        "policy.yaml:3:48",
    ),
    (
        "match: { repositories: [a, \"{a,b}\"] }, deny: true",
        "\"a\" adds nothing: \"{a,b}\" covers it",
        "policy.yaml:3:40",
    ),
    ("match: { tags: [a, a] }, deny: true", "\"a\" adds nothing: \"a\" covers it", "remove one"),
    (
        "match: { layerTypes: [\"text/*\", \"text/plain\"] }, deny: true",
        "\"text/plain\" adds nothing: \"text/*\" covers it",
        "remove one of them",
    ),
    (
        "match: { mediaTypes: [\"*\", \"application/vnd.oci.image.index.v1+json\"] }, deny: true",
        "adds nothing: \"*\" covers it",
        "remove one of them",
    ),
    // exceptions
    (
        "match: { repositories: [a], except: { repositories: [B] } }, deny: true",
        "this exception excludes nothing: no repository can be called \"B\"",
        "",
    ),
    (
        "match: { repositories: [\"a/**\"], except: { repositories: [b/c] } }, deny: true",
        "this exception excludes nothing: the rule matches other repositories",
        "",
    ),
    (
        "match: { kinds: [wasm], except: { kinds: [image] } }, deny: true",
        "this exception excludes nothing: the rule does not match these kinds",
        "",
    ),
    (
        "match: { repositories: [\"a/*\"], except: { repositories: [\"a/**\"] } }, deny: true",
        "can never match: its exception excludes everything",
        "",
    ),
    (
        "match: { except: { tags: [\"dev-*\"] } }, deny: true",
        "a push by digest has no tag, so this exception does not apply to it",
        "policy.yaml:3:35",
    ),
    // rules about tags
    (
        "match: { tags: [\"v*\"] }, acceptOnly: [image]",
        "a push by digest bypasses rule \"r\"",
        "leave `tags` out",
    ),
];

#[test]
fn a_rule_that_misses_what_it_means_is_warned_of() {
    let policy = Policy::new("version: 1");
    for (rule, says, place) in MISTAKES {
        policy.save(&format!("version: 1\nrules:\n  - {{ name: r, {rule} }}"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{rule}\n{told}");
        assert!(told.contains(says) && told.contains(place), "{rule}\n{told}");
        assert!(told.contains("warning: ") && told.contains("policy.yaml:3:"), "{rule}\n{told}");
        assert!(told.ends_with(": 1 rule, 0 plugins, 1 warning\n"), "{rule}\n{told}");
    }
}

/// Plugins and rules, and what is warned of in them together.
const TOGETHER: &[(&str, &str, &str)] = &[
    (
        "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, match: { repositories: \
         [\"c/**\"] }, acceptOnly: [wasm] }\n  - { name: b, match: { repositories: [\"c/x\"], \
         kinds: \
         [helm-chart] }, check: [h] }",
        "rule \"b\" matches the kind helm-chart, which rule \"a\" rejects",
        "add helm-chart to that rule's `acceptOnly`",
    ),
    (
        "plugins: { i: { builtin: image } }\nrules:\n  - { name: a, acceptOnly: [{ type: \
         \"application/vnd.example.*\", layers: [\"text/*\"] }] }\n  - { name: b, match: { kinds: \
         [image] }, check: [i] }",
        "rule \"b\" matches the kind image, which rule \"a\" rejects",
        "policy.yaml:5:33",
    ),
    (
        "include: [builtin:default]\nrules:\n  - { name: soft, match: { repositories: [\"a/**\"], \
         kinds: [helm-chart] }, check: [helm], mode: warn }",
        "rule \"soft\" only warns, but rule \"charts-are-valid\" runs the same checks and rejects",
        "`- { name: charts-are-valid, … }`",
    ),
    (
        "include: [builtin:default]\nrules:\n  - { name: soft, match: { kinds: [helm-chart] }, \
         check: \
         [helm], severity: { RSH025: warning } }",
        "rule \"soft\" lowers severities, but rule \"charts-are-valid\" runs the same checks and \
         rejects",
        "policy.yaml:4:13",
    ),
    (
        "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, check: [h] }\n  - { name: b, \
         match: { \
         repositories: [test] }, check: [h], mode: warn }",
        "rule \"b\" only warns, but rule \"a\" runs the same checks and rejects",
        "`match: { except: … }`",
    ),
    (
        "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, match: { kinds: [image] }, \
         check: [h] }",
        "plugin \"h\" does not read the kind image, so it finds nothing there",
        "it reads application/vnd.cncf.helm",
    ),
    (
        "plugins: { c: { builtin: cosign } }\nrules:\n  - { name: a, match: { kinds: [helm-chart, \
         cosign-signature] }, check: [c] }",
        "plugin \"c\" does not read the kind helm-chart",
        "policy.yaml:4:33",
    ),
    ("plugins: { h: { builtin: helm } }", "no rule uses plugin \"h\"", "or remove it"),
    (
        "plugins: { p: { file: misbehave.wasm, settings: { mode: warn-of-settings } } }\nrules: [{ \
         name: a, check: [p] }]",
        "warning: no\n",
        "policy.yaml:2:51",
    ),
    (
        "plugins: { c: { builtin: cosign, settings: { keys: [{ name: a, keyFile: a.pub }] } } }\n\
         rules: [{ name: a, match: { kinds: [cosign-signature] }, check: [c] }]",
        "these keys reject nothing",
        "policy.yaml:2:46",
    ),
    // a denial of what is not accepted anyway
    (
        "rules:\n  - { name: a, match: { repositories: [\"c/**\"] }, acceptOnly: [wasm] }\n  - { \
         name: b, match: { repositories: [c/x], kinds: [image] }, deny: true }",
        "rule \"b\" matches the kind image, which rule \"a\" rejects",
        "or give it a `message`",
    ),
    (
        "rules:\n  - { name: a, acceptOnly: [wasm] }\n  - { name: b, match: { kinds: [wasm, \
         image], tags: [latest] }, deny: true }",
        "rule \"b\" matches the kind image, which rule \"a\" rejects",
        "policy.yaml:4:39",
    ),
];

/// Rules with the plugin `ours`, which wants a known key, and what is warned of.
const SIGNED: &[(&str, &str, &str)] = &[
    (
        "{ name: a, match: { kinds: [cosign-signature] }, check: [ours] }",
        "rule \"a\" verifies the kind cosign-signature, but not sigstore-bundle, which cosign 3 \
         uses for signatures",
        "add sigstore-bundle to its `kinds`",
    ),
    (
        "{ name: a, match: { kinds: [attestation] }, check: [ours] }",
        "rule \"a\" verifies the kind attestation, but not sigstore-bundle, which cosign 3 uses \
         for attestations",
        "policy.yaml:3:29",
    ),
    (
        "{ name: a, match: { repositories: [\"c/**\"], kinds: [attestation, cosign-signature] }, \
         check: [ours] }, { name: b, match: { repositories: [c/x] }, acceptOnly: \
         [cosign-signature] }",
        "but not sigstore-bundle",
        "add sigstore-bundle",
    ),
    (
        "{ name: a, match: { kinds: [cosign-signature, sigstore-bundle] }, check: [ours] }",
        "rule \"a\" leaves out the kind attestation, but accepts bundles that hold attestations by \
         a known key",
        "set `accept: [signature]` in plugin \"ours\"",
    ),
    (
        "{ name: a, match: { kinds: [sigstore-bundle, attestation] }, check: [ours] }",
        "rule \"a\" leaves out the kind cosign-signature, but accepts bundles that hold signatures \
         by a known key",
        "set `accept: [attestation]` in plugin \"ours\"",
    ),
];

/// Rules with the plugin `ours` that leave nothing to warn of.
const WELL_SIGNED: &[&str] = &[
    "{ name: a, match: { kinds: [attestation, cosign-signature, sigstore-bundle] }, check: \
     [ours] }",
    // it says what it accepts
    "{ name: a, match: { kinds: [cosign-signature, sigstore-bundle] }, check: [picky] }",
    // another rule sees the rest
    "{ name: a, match: { kinds: [cosign-signature, attestation] }, check: [ours] }, { name: b, \
     match: { kinds: [sigstore-bundle] }, check: [ours] }",
    // no bundle gets in
    "{ name: a, match: { repositories: [\"c/*\"], kinds: [cosign-signature] }, check: [ours] }, { \
     name: b, match: { repositories: [\"c/**\"] }, acceptOnly: [cosign-signature, image] }",
    "{ name: a, match: { kinds: [cosign-signature] }, check: [ours] }, { name: b, match: { kinds: \
     [sigstore-bundle] }, deny: true }",
    // it only warns, or wants no known key
    "{ name: a, match: { kinds: [cosign-signature] }, check: [ours], mode: warn }",
    "{ name: a, match: { kinds: [cosign-signature] }, check: [any] }",
    "{ name: a, check: [ours] }",
];

/// A policy with these rules, and the plugins of cosign that they use.
fn signed(rules: &str) -> String {
    let keys = "keys: [{ name: a, keyFile: a.pub }], requireKnownKey: true";
    let plugins = [
        ("ours", keys.to_owned()),
        ("picky", format!("{keys}, accept: [signature]")),
        ("any", String::new()),
    ];
    let used = plugins.iter().filter(|(name, _)| rules.contains(&format!("[{name}]")));
    let declared = used.map(|(name, settings)| {
        format!("{name}: {{ builtin: cosign, settings: {{ {settings} }} }}")
    });
    let declared: Vec<_> = declared.collect();
    format!("version: 1\nplugins: {{ {} }}\nrules: [{rules}]", declared.join(", "))
}

#[test]
fn a_rule_about_known_keys_that_lets_others_past_is_warned_of() {
    let policy = with_key();
    for (rules, says, cure) in SIGNED {
        policy.save(&signed(rules));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{rules}\n{told}");
        assert!(told.contains(says) && told.contains(cure), "{rules}\n{told}");
        assert!(told.ends_with(", 1 warning\n"), "{rules}\n{told}");
    }
    for rules in WELL_SIGNED {
        policy.save(&signed(rules));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{rules}\n{told}");
        assert!(!told.contains("warning"), "{rules}\n{told}");
    }
}

fn with_key() -> Policy {
    let policy = Policy::new("version: 1");
    policy.beside("a.pub", include_bytes!("../../../plugins/cosign/tests/real/p256.pub"));
    policy
}

#[test]
fn rules_and_plugins_that_come_to_nothing_are_warned_of() {
    let policy = with_key();
    for (text, says, cure) in TOGETHER {
        policy.save(&format!("version: 1\n{text}"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{text}\n{told}");
        assert!(told.contains(says) && told.contains(cure), "{text}\n{told}");
        assert!(told.ends_with(", 1 warning\n"), "{text}\n{told}");
    }
}

/// Policies that mean what they say, each next to one that is warned of.
const SENSIBLE: &[&str] = &[
    "rules:\n  - name: r\n    match: { tags: [\"*\"], except: { tags: [\"v*\"] } }\n    deny: true",
    "rules:\n  - { name: r, match: { kinds: [wasm] }, deny: true, mode: warn, severity: { RSA005: \
     warning } }",
    // elsewhere the kind is accepted
    "plugins: { i: { builtin: image } }\nrules:\n  - { name: a, match: { repositories: \
     [\"c/**\"] }, \
     acceptOnly: [helm-chart] }\n  - { name: b, match: { kinds: [image] }, check: [i] }",
    // the built-in rule about it was not written here
    "include: [builtin:default]\nrules: [{ name: a, acceptOnly: [helm-chart] }]",
    // it only warns of what is not accepted
    "plugins: { i: { builtin: image } }\nrules:\n  - { name: a, acceptOnly: [helm-chart], mode: \
     warn }\n  \
     - { name: b, match: { kinds: [image] }, check: [i] }",
    // a type may hold layers of any kind
    "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, acceptOnly: [{ type: \
     \"application/vnd.example.*\" }] }\n  - { name: b, match: { kinds: [helm-chart] }, check: \
     [h] }",
    // stricter settings are tried by warnings
    "include: [builtin:default]\nplugins: { strict: { builtin: helm, settings: { \
     strictReference: true \
     } } }\nrules: [{ name: s, match: { kinds: [helm-chart] }, check: [strict], mode: warn }]",
    // and a wider rule warns where the narrow one does not look
    "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, match: { repositories: \
     [\"p/**\"] }, check: \
     [h] }\n  - { name: b, check: [h], mode: warn }",
    "plugins: { h: { builtin: helm } }\nrules:\n  - { name: a, match: { except: { repositories: \
     [t] } }, \
     check: [h] }\n  - { name: b, match: { repositories: [t] }, check: [h], mode: warn }",
    // the built-in rule is changed itself
    "include: [builtin:default]\nrules: [{ name: charts-are-valid, mode: warn }]",
    "include: [builtin:default]\nrules: [{ name: charts-are-valid, match: { except: { \
     repositories: \
     [\"old/**\"] } } }]",
    // globs that meet, and none is within another
    "rules: [{ name: a, match: { repositories: [\"a/*\", \"*/b\", \"**/c\"] }, deny: true }]",
    "rules: [{ name: a, match: { tags: [latest, \"v*\", \"*-rc\"] }, deny: { message: not here \
     } }]",
    "rules: [{ name: a, match: { tags: [\"sha256-*.sig\"] }, deny: { message: not here } }]",
    "rules: [{ name: a, match: { repositories: [\"a/**\"], except: { repositories: [\"a/b\"] } \
     }, deny: \
     true }]",
    "rules: [{ name: a, match: { kinds: [image, wasm], except: { kinds: [wasm], repositories: \
     [w] } }, \
     deny: true }]",
    // a plugin of one's own may read anything
    "plugins: { p: { file: misbehave.wasm, settings: { mode: find } } }\nrules: [{ name: a, \
     match: { \
     kinds: [image] }, check: [p] }]",
    "plugins: { c: { builtin: cosign, settings: { keys: [{ name: a, keyFile: a.pub }], \
     requireKnownKey: \
     true, accept: [signature] } } }\nrules: [{ name: a, match: { kinds: [cosign-signature, \
     sigstore-bundle] }, check: [c] }]",
    // a denial that says more than that a kind is not accepted, or that is about more
    "rules:\n  - { name: a, acceptOnly: [wasm] }\n  - { name: b, match: { kinds: [image] }, deny: \
     { message: images go elsewhere } }",
    "rules:\n  - { name: a, match: { repositories: [c/x] }, acceptOnly: [wasm] }\n  - { name: b, \
     match: { repositories: [\"c/**\"], kinds: [image] }, deny: true }",
    "rules:\n  - { name: a, acceptOnly: [wasm, image] }\n  - { name: b, match: { kinds: [image], \
     tags: [latest] }, deny: true }",
    "rules:\n  - { name: a, acceptOnly: [wasm], mode: warn }\n  - { name: b, match: { kinds: \
     [image] }, deny: true }",
];

#[test]
fn a_policy_that_means_what_it_says_is_not_warned_of() {
    let policy = with_key();
    for text in SENSIBLE {
        policy.save(&format!("version: 1\n{text}"));
        let (code, told) = policy.check();
        assert_eq!(code, Some(0), "{text}\n{told}");
        assert!(!told.contains("warning"), "{text}\n{told}");
    }
    // plugins for others to use
    policy.beside("shared.yaml", b"version: 1\nplugins: { h: { builtin: helm } }");
    policy.save("version: 1\ninclude: [shared.yaml]");
    let (_, told) = policy.check();
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn many_globs_are_compared_in_bounded_time() {
    let policy = Policy::new("version: 1");
    let hard = |n: usize| format!("\"*a{}{n}*\"", "?".repeat(40));
    let rule = |n: usize| {
        let globs: Vec<_> = (0..60).map(|glob| hard(n * 100 + glob)).collect();
        let globs = globs.join(", ");
        format!("  - {{ name: r{n}, match: {{ repositories: [{globs}] }}, deny: true }}\n")
    };
    let rules: String = (0..60).map(rule).collect();
    policy.save(&format!("version: 1\nrules:\n{rules}"));
    // a check that computes for half a minute is killed
    let (code, told) = policy.check();
    assert_eq!(code, Some(0), "{told}");
}
