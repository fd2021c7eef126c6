//! Attestations under a tag that ends in `.att`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    envelopes::{bundle, statement},
    push::{Push, Signer, codes, fact, facts, kind, only, payload, signed, tag},
    real,
};

const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const SCAN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn att() -> String {
    tag().replace(".sig", ".att")
}

/// An envelope as cosign writes it.
fn envelope(signer: &Signer, statement: &Value) -> Value {
    let mut envelope = bundle(signer, statement.to_string().as_bytes())["dsseEnvelope"].take();
    envelope["signatures"][0]["keyid"] = "".into();
    envelope
}

fn push(envelope: &Value) -> Push {
    pushed(&[envelope.to_string().as_bytes()])
}

fn pushed(layers: &[&[u8]]) -> Push {
    let push = Push::tagged().by_digest().tag(&att());
    layers.iter().fold(push, |push, layer| push.layer(layer, Some("")).typed(ENVELOPE))
}

#[test]
fn an_attestation_is_verified_by_its_key() {
    let signer = Signer::new(1);
    let push = push(&envelope(&signer, &statement(SCAN)));
    assert_eq!(
        push.review().annotations(),
        [fact("signature", "unverified", &signed(), false), kind("attestation")]
    );
    let known = push.clone().known(&[("ci", &signer.pem())]).required();
    let report = known.review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        report.annotations(),
        [
            fact("predicate-type", SCAN, &signed(), true),
            fact("attested-key", "ci", &signed(), true),
            fact("algorithm", "ecdsa-p256-sha256", &signed(), true),
            kind("attestation"),
        ]
    );
    assert_eq!(only(&known.accepting(&["signature"]).review()).0, "RSC062");
    let unknown = push.known(&[("ci", &Signer::new(2).pem())]).required();
    assert_eq!(only(&unknown.review()).0, "RSC060");
    // cosign goes by the tag
    assert_eq!(only(&unknown.clone().typed("text/plain").review()).0, "RSC060");
    assert_eq!(unknown.by_digest().tag("latest").reviewed(), None, "no client reads it");
}

#[test]
fn cosign_s_own_attestation_is_verified() {
    let push = real::stored("attest-tag");
    let layer = push.manifest["layers"][0]["digest"].as_str().unwrap();
    let envelope = real::folder().join("attest-tag").join(&layer["sha256:".len()..]);
    let envelope: Value = serde_json::from_slice(&std::fs::read(envelope).unwrap()).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let hex = statement["subject"][0]["digest"]["sha256"].as_str().unwrap();
    let push = push.tag(&format!("sha256-{hex}.att"));
    assert_eq!(codes(&push.review()), [""; 0]);
    let known = push.known(&[("ci", &real::text("p256.pub"))]).required().review();
    assert_eq!(codes(&known), [""; 0]);
    assert!(facts(&known).contains(&("attested-key", "ci")));
}

#[test]
fn an_attestation_is_whole_and_about_what_its_tag_says() {
    let signer = Signer::new(1);
    let good = envelope(&signer, &statement(SCAN));
    for (pointer, value, code) in [
        ("/payloadType", json!("text/plain"), "RSC050"),
        ("/payloadType", json!(null), "RSC050"),
        ("/payload", json!("!"), "RSC050"),
        ("/payload", json!(STANDARD.encode("{}")), "RSC051"),
        ("/signatures", json!([]), "RSC050"),
        ("/signatures", json!(null), "RSC050"),
        ("/signatures/0/sig", json!("aGk="), "RSC023"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.clone();
        let report = push(&bad).review();
        assert!(report.rejects());
        assert_eq!(only(&report).0, code, "{pointer} {value}");
        // cosign passes it over beside one that it can verify
        let both = pushed(&[bad.to_string().as_bytes(), good.to_string().as_bytes()]).review();
        assert!(!both.rejects());
        assert_eq!(only(&both).0, code, "{pointer} {value}");
    }
    let mut about = statement(SCAN);
    about["subject"][0]["digest"]["sha256"] = OTHER.into();
    assert_eq!(only(&push(&envelope(&signer, &about)).review()).0, "RSC003");
    let text = good.to_string();
    for (from, to) in [
        ("\"payload\"", "\"Payload\":\"\",\"payload\""),
        ("\"payload\"", "\"payload\":\"\",\"payload\""),
        ("\"sig\"", "\"Sig\":\"\",\"sig\""),
        ("{", "["),
    ] {
        let hostile = text.replacen(from, to, 1);
        assert_ne!(hostile, text);
        assert_eq!(only(&pushed(&[hostile.as_bytes()]).review()).0, "RSC050", "{hostile}");
    }
    let signature = payload(&signed()).to_string();
    assert_eq!(only(&pushed(&[signature.as_bytes()]).review()).0, "RSC050", "it hides there");
}

#[test]
fn one_of_the_signatures_of_an_envelope_is_enough() {
    let (known, unknown) = (Signer::new(1), Signer::new(2));
    let mut both = envelope(&known, &statement(SCAN));
    let other = envelope(&unknown, &statement(SCAN))["signatures"][0].clone();
    both["signatures"].as_array_mut().unwrap().push(other);
    let report = push(&both).known(&[("ci", &known.pem())]).required().review();
    assert!(!report.rejects());
    assert_eq!(only(&report).0, "RSC063");
    assert!(facts(&report).contains(&("attested-key", "ci")));
}

#[test]
fn attestations_add_up() {
    let signer = Signer::new(1);
    let mut large = statement("https://spdx.dev/Document");
    let mut sized = |bytes: usize| {
        large["predicate"] = "x".repeat(bytes).into();
        envelope(&signer, &large).to_string()
    };
    let (large, larger) = (sized(5_000_000), sized(7_000_000));
    assert_eq!(codes(&pushed(&[large.as_bytes()]).review()), [""; 0]);
    let report = pushed(&[larger.as_bytes()]).review();
    assert!(!report.rejects() && facts(&report).is_empty());
    assert_eq!(only(&report).0, "RSC054");
    let other = sized(5_000_001);
    let third = sized(5_000_002);
    let report = pushed(&[large.as_bytes(), other.as_bytes(), third.as_bytes()]).review();
    assert!(!report.rejects());
    assert_eq!(only(&report).0, "RSC054");
}
