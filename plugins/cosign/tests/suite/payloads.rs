//! What a payload says, and what stands beside it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::push::{Push, SIGNATURE, Signer, codes, facts, only, payload, signed};

/// What is found where a payload has this text.
fn found(payload: &str) -> Vec<String> {
    let signature = STANDARD.encode(Signer::new(1).sign(payload.as_bytes()));
    let report = Push::tagged().layer(payload.as_bytes(), Some(&signature)).review();
    codes(&report).into_iter().map(ToOwned::to_owned).collect()
}

/// What is found where a part of a payload is another.
fn changed(pointer: &str, value: Value) -> Vec<String> {
    let mut payload = payload(&signed());
    *payload.pointer_mut(pointer).unwrap() = value;
    found(&payload.to_string())
}

#[test]
fn a_payload_names_a_manifest_and_a_reference() {
    assert_eq!(changed("/optional", json!({ "creator": "skopeo", "timestamp": 1 })), [""; 0]);
    assert_eq!(changed("/critical/identity/docker-reference", json!("")), [""; 0]);
    for (pointer, value) in [
        ("/critical", json!(null)),
        ("/critical/image", json!([])),
        ("/critical/image/docker-manifest-digest", json!("sha256:00")),
        ("/critical/image/docker-manifest-digest", json!(1)),
        ("/critical/identity", json!("")),
        ("/critical/identity/docker-reference", json!(7)),
        ("/critical/image/docker-manifest-digest", json!(null)),
        ("/critical/type", json!({})),
        ("/optional", json!([])),
    ] {
        assert_eq!(changed(pointer, value.clone()), ["RSC020"], "{pointer} {value}");
    }
    let untyped = {
        let mut payload = payload(&signed());
        payload["critical"]["type"] = Value::Null;
        Push::tagged().signature(&Signer::new(1), &payload).review()
    };
    assert_eq!(
        only(&untyped).1,
        "the payload in layer 0 has no type, which cosign never writes and podman rejects; sign \
         with cosign"
    );
    for (pointer, value, code) in [
        ("/critical/type", json!("something else"), "RSC021"),
        ("/critical/type", json!(null), "RSC021"),
        ("/critical/identity", json!(null), "RSC024"),
        ("/critical/identity", json!({}), "RSC024"),
        ("/critical/identity/docker-reference", json!(null), "RSC024"),
    ] {
        assert_eq!(changed(pointer, value.clone()), [code], "{pointer} {value}");
    }
    assert_eq!(changed("/critical/type", json!("atomic container signature")), ["RSC022"]);
}

#[test]
fn nobody_reads_another_payload() {
    let payload = payload(&signed()).to_string();
    for (from, to) in [
        ("\"optional\"", "\"critical\":{},\"optional\""),
        ("\"optional\"", "\"Critical\":{},\"optional\""),
        ("\"image\"", "\"Image\":{},\"image\""),
        (
            "\"docker-manifest-digest\"",
            "\"DOCKER-manifest-digest\":\"\",\"docker-manifest-digest\"",
        ),
        ("\"type\"", "\"Type\":\"\",\"type\""),
        ("null}", "null} "),
        ("null}", "null}}"),
        ("null}", "null"),
    ] {
        let hostile = payload.replacen(from, to, 1);
        assert_ne!(hostile, payload);
        let expected: &[&str] = if to == "null} " { &[] } else { &["RSC020"] };
        assert_eq!(found(&hostile), expected, "{hostile}");
    }
    assert_eq!(found(&"[".repeat(5000)), ["RSC020"]);
    assert_eq!(found(&format!("[{}0]", "0,".repeat(20_000))), ["RSC020"]);
}

#[test]
fn each_payload_has_a_signature() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer);
    let bytes = payload(&signed()).to_string();
    assert_eq!(only(&Push::tagged().layer(bytes.as_bytes(), None).review()).0, "RSC023");
    for (bad, why) in [
        ("", "has none"),
        ("no base64", "has \"no base64\", which is not base64"),
        ("aGVsbG8=", "has 5 bytes, which fits no algorithm that cosign supports"),
    ] {
        let report = push().annotated(SIGNATURE, bad).review();
        let expected = format!(
            "layer 0 needs a signature in its annotation {SIGNATURE}, but {why}; sign with cosign"
        );
        assert_eq!(only(&report), ("RSC023", expected.as_str()));
        assert_eq!(facts(&report), []);
        assert!(report.rejects());
    }
}

#[test]
fn certificates_and_timestamps_can_be_read() {
    let signer = Signer::new(1);
    let certificate = include_str!("../real/leaf.pem");
    let root = include_str!("../real/root.pem");
    let both = format!("{certificate}\n{root}");
    let found = |key: &str, value: &str| {
        let report = Push::signed_by(&signer).annotated(key, value).review();
        codes(&report).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let (leaf, chain) = ("dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain");
    // it is another key's
    assert_eq!(found(leaf, certificate), ["RSC035"]);
    let damaged = certificate.replacen("MII", "AII", 1);
    assert_eq!(found(leaf, &both), ["RSC035"], "cosign takes the first");
    for bad in ["no PEM", &damaged, &signer.pem()] {
        assert_eq!(found(leaf, bad), ["RSC030"], "{bad}");
    }
    assert_eq!(found(leaf, ""), [""; 0], "to cosign it is not there");
    assert_eq!(found(chain, root), [""; 0]);
    assert_eq!(found(chain, "no PEM"), ["RSC030"]);
    let report = Push::signed_by(&signer).annotated(leaf, root).annotated(chain, certificate);
    assert_eq!(codes(&report.review()), ["RSC031", "RSC035"]);

    let time = "dev.sigstore.cosign/rfc3161timestamp";
    assert_eq!(found(time, r#"{"SignedRFC3161Timestamp":"MAMCAQE="}"#), [""; 0]);
    for bad in ["{}", "[]", "x", r#"{"SignedRFC3161Timestamp":"aGk="}"#] {
        assert_eq!(found(time, bad), ["RSC034"], "{bad}");
        assert!(!Push::signed_by(&signer).annotated(time, bad).review().rejects());
    }
}
