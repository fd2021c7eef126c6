//! Which keys made a signature, and what follows.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::push::{Push, SIGNATURE, Signer, codes, fact, facts, kind, only, payload, signed};

#[test]
fn a_known_key_is_recorded_as_proven() {
    let signer = Signer::new(1);
    let keys = [("other", &*Signer::new(2).pem()), ("release", &signer.pem())];
    let push = Push::signed_by(&signer).known(&keys);
    let expected = [
        fact("verified-key", "release", &signed(), true),
        fact("algorithm", "ecdsa-p256-sha256", &signed(), true),
        kind("signature"),
    ];
    assert_eq!(push.review().annotations(), expected);
    assert_eq!(codes(&push.required().review()), [""; 0]);
}

#[test]
fn an_altered_payload_is_by_nobody() {
    let signer = Signer::new(1);
    let altered = payload(&signed()).to_string().replace("example.org/app", "example.org/evil");
    let signature = STANDARD.encode(signer.sign(payload(&signed()).to_string().as_bytes()));
    let push = Push::tagged().layer(altered.as_bytes(), Some(&signature));
    let report = push.clone().known(&[("release", &signer.pem())]).review();
    assert_eq!(
        report.annotations(),
        [fact("signature", "unverified", &signed(), false), kind("signature"),]
    );
    assert_eq!(
        only(&push.known(&[("release", &signer.pem())]).required().review()),
        (
            "RSC060",
            "none of the known keys made the signature (\"release\"); sign with one of them, and \
             push the signed content unchanged"
        )
    );
}

#[test]
fn one_of_several_signatures_is_enough() {
    let (known, unknown) = (Signer::new(1), Signer::new(2));
    let payload = payload(&signed());
    for push in [
        Push::signed_by(&known).signature(&unknown, &payload),
        Push::signed_by(&unknown).signature(&known, &payload),
    ] {
        let push = push.known(&[("release", &known.pem())]);
        assert_eq!(codes(&push.review()), [""; 0]);
        let report = push.required().review();
        assert!(!report.rejects());
        assert_eq!(only(&report).0, "RSC063", "it is told");
        assert_eq!(facts(&report)[0], ("verified-key", "release"));
    }
    let none = Push::signed_by(&unknown).signature(&unknown, &payload);
    let report = none.known(&[("release", &known.pem())]).required().review();
    assert_eq!(only(&report).0, "RSC060");
}

#[test]
fn each_key_counts_once() {
    let (one, two) = (Signer::new(1), Signer::new(2));
    let payload = payload(&signed());
    let push = Push::signed_by(&one).signature(&two, &payload).signature(&one, &payload);
    let report = push.known(&[("one", &one.pem()), ("two", &two.pem())]).review();
    let keys: Vec<_> =
        facts(&report).into_iter().filter(|(key, _)| *key == "verified-key").collect();
    assert_eq!(keys, [("verified-key", "one"), ("verified-key", "two")]);
}

#[test]
fn what_can_t_be_read_is_by_nobody() {
    let signer = Signer::new(1);
    let push = Push::signed_by(&signer).annotated(SIGNATURE, "").known(&[("k", &signer.pem())]);
    assert_eq!(codes(&push.required().review()), ["RSC023", "RSC060"]);
}

#[test]
fn there_is_room_for_the_facts_of_all_keys() {
    let pem = Signer::new(1).pem();
    let names: Vec<String> = (0..24).map(|i| format!("key {i}")).collect();
    let keys: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), &*pem)).collect();
    let report = Push::signed_by(&Signer::new(1)).known(&keys).review();
    assert_eq!(report.annotations().len(), 49);
}

/// cosign reads a thousand.
#[test]
fn of_many_signatures_the_newest_are_tried() {
    let (known, unknown) = (Signer::new(1), Signer::new(2));
    let payload = payload(&signed());
    let bytes = payload.to_string();
    let signature = STANDARD.encode(unknown.sign(bytes.as_bytes()));
    let push = |count: usize| {
        let mut push = Push::signed_by(&unknown);
        let layer = push.manifest["layers"][0].clone();
        let layers = push.manifest["layers"].as_array_mut().unwrap();
        layers.resize(count, layer);
        push.layer(bytes.as_bytes(), Some(&signature))
    };
    let (release, other) = (known.pem(), Signer::new(3).pem());
    let keys = [("release", &*release), ("other", &*other)];
    let many = push(998).signature(&known, &payload).known(&keys[..1]).required();
    assert_eq!(only(&many.review()).0, "RSC063");
    let hopeless = push(999).known(&keys).required().review();
    assert_eq!(codes(&hopeless), ["RSC061", "RSC060"]);
    let all = push(999).known(&keys[..1]).required().review();
    assert_eq!(only(&all).0, "RSC060");
    assert_eq!(only(&push(1000).review()).0, "RSC009");
}

#[test]
fn payloads_are_small() {
    let mut large = payload(&signed());
    let signer = Signer::new(1);
    let sized = |bytes: usize| {
        large["optional"] = serde_json::json!({ "x": "x".repeat(bytes) });
        large.clone()
    };
    let mut sized = sized;
    assert_eq!(codes(&Push::tagged().signature(&signer, &sized(4_000_000)).review()), [""; 0]);
    let too_large = Push::tagged().signature(&signer, &sized(5_000_000));
    let report = too_large.review();
    assert!(!report.rejects(), "cosign reads it");
    assert_eq!(only(&report).0, "RSC054");
    let known = |push: Push| push.known(&[("release", &signer.pem())]).required().review();
    assert_eq!(codes(&known(too_large.clone())), ["RSC054", "RSC060"]);
    let beside = known(too_large.signature(&signer, &payload(&signed())));
    assert_eq!(codes(&beside), ["RSC054", "RSC063"]);
    let many =
        (0..5).fold(Push::tagged(), |push, more| push.signature(&signer, &sized(4_000_000 + more)));
    assert_eq!(only(&many.review()).0, "RSC054");
}

/// sigstore's verifier takes two numbers side by side where it can't read DER.
#[test]
fn numbers_side_by_side_are_a_signature() {
    let signer = Signer::new(1);
    let bytes = payload(&signed()).to_string();
    let good = signer.sign_side_by_side(bytes.as_bytes());
    let push = |signature: &[u8]| {
        let push = Push::tagged().layer(bytes.as_bytes(), Some(&STANDARD.encode(signature)));
        push.known(&[("release", &signer.pem())]).required()
    };
    let report = push(&good).review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        facts(&report)[..2],
        [("verified-key", "release"), ("algorithm", "ecdsa-p256-sha256")]
    );
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(only(&push(&changed).review()).0, "RSC060", "at {at}");
    }
    let mut zero = good.clone();
    zero[..32].fill(0);
    let mut large = good.clone();
    large[32..].fill(0xff);
    for bad in [zero, large] {
        assert_eq!(only(&push(&bad).review()).0, "RSC060");
    }
    for bad in [&good[..63], &good[1..], &[&good[..], &[0]].concat()] {
        assert_eq!(codes(&push(bad).review()), ["RSC023", "RSC060"], "{} bytes", bad.len());
    }
}

#[test]
fn a_policy_says_what_it_accepts() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer).known(&[("release", &signer.pem())]);
    assert_eq!(codes(&push().accepting(&["signature"]).review()), [""; 0]);
    assert_eq!(codes(&push().accepting(&["attestation", "signature"]).review()), [""; 0]);
    assert_eq!(
        only(&push().accepting(&["attestation"]).review()),
        (
            "RSC062",
            "layer 0 holds a signature, which the policy does not accept here; push it elsewhere"
        )
    );
}
