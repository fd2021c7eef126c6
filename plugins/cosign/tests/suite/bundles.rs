//! The manifest around a bundle, its JSON, and what a verifier needs besides the signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_plugin_sdk::oci::media_type;
use serde_json::{Value, json};

use crate::{
    envelopes::{SIGN, bundle, statement},
    push::{BUNDLE, Push, Signer, codes, only, signed},
    real,
};

fn good() -> Value {
    bundle(&Signer::new(1), statement(SIGN).to_string().as_bytes())
}

fn push() -> Push {
    Push::bundle(&good(), &signed())
}

fn found(bundle: &Value) -> Vec<String> {
    let report = Push::bundle(bundle, &signed()).review();
    codes(&report).into_iter().map(ToOwned::to_owned).collect()
}

/// What is found where a part of the bundle is another.
fn changed(pointer: &str, value: Value) -> Vec<String> {
    let mut bundle = good();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    bundle.pointer_mut(parent).unwrap()[key] = value;
    found(&bundle)
}

#[test]
fn a_bundle_is_one_layer_with_a_subject() {
    assert_eq!(codes(&push().review()), [""; 0]);
    let layer = push().manifest["layers"][0].clone();
    for (other, code) in [
        (push().without("subject"), "RSC041"),
        (push().set("/layers", json!([layer, layer])), "RSC040"),
        (push().set("/layers", json!([])), "RSC040"),
        (push().set("/layers", json!([layer, layer, layer])), "RSC040"),
        (push().set("/layers/0/mediaType", json!("a/b")), "RSC040"),
        (push().other("text/plain").config(media_type::OCI_EMPTY, b"{}"), "RSC040"),
    ] {
        let report = other.review();
        assert!(!report.rejects(), "cosign passes it over: {code}");
        assert_eq!(codes(&report), [code]);
        let known = other.clone().known(&[("release", &Signer::new(1).pem())]).required().review();
        assert_eq!(known.rejects(), layers_of_bundles(&other) == 0, "{code}: whose it is counts");
        let unknown =
            other.clone().known(&[("release", &Signer::new(2).pem())]).required().review();
        assert_eq!(codes(&unknown), [code, "RSC060"]);
    }
}

#[test]
fn what_is_no_bundle_signs_nothing_unless_the_manifest_says_so() {
    let content = "dev.sigstore.bundle.content";
    let mut later = good();
    later["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.4+json");
    for (bytes, code) in [
        (later.to_string().into_bytes(), "RSC044"),
        (b"junk".to_vec(), "RSC043"),
        (b"{}\n{}".to_vec(), "RSC043"),
    ] {
        let push = Push::bundle_of(&bytes, &signed());
        let report = push.clone().review();
        assert_eq!((codes(&report), report.rejects()), (vec![code], false), "{code}");
        let says_so = push.clone().set("/annotations", json!({ content: "dsse-envelope" }));
        assert!(says_so.review().rejects(), "{code}");
        let known = push.known(&[("release", &Signer::new(1).pem())]).required();
        assert_eq!(codes(&known.review()), [code, "RSC060"]);
    }
    // this one says itself that it signs the subject
    let mut broken = good();
    broken["verificationMaterial"] = json!({});
    assert!(Push::bundle(&broken, &signed()).review().rejects());
}

fn layers_of_bundles(push: &Push) -> usize {
    let layers = push.manifest["layers"].as_array().unwrap();
    layers.iter().filter(|layer| layer["mediaType"] == BUNDLE).count()
}

/// cosign reads these as well.
#[test]
fn other_types_around_a_bundle_are_warned_of() {
    for (pointer, value) in [
        ("/artifactType", "application/vnd.example"),
        ("/config/mediaType", media_type::OCI_CONFIG),
    ] {
        let report = push().set(pointer, json!(value)).review();
        assert!(!report.rejects());
        assert_eq!(only(&report).0, "RSC042");
    }
    let by_config = push().without("artifactType").set("/config/mediaType", json!(BUNDLE));
    assert_eq!(codes(&by_config.review()), [""; 0]);
    let old = json!("application/vnd.dev.sigstore.bundle+json;version=0.3");
    assert_eq!(codes(&push().set("/layers/0/mediaType", old).review()), [""; 0]);
}

#[test]
fn a_bundle_is_of_a_known_version() {
    let prefix = "application/vnd.dev.sigstore.bundle";
    for suffix in [".v0.3+json", ".v0.3.2+json", "+json;version=0.1", "+json;version=0.3"] {
        assert_eq!(changed("/mediaType", json!(format!("{prefix}{suffix}"))), [""; 0], "{suffix}");
    }
    for suffix in ["", ".v0.4+json", ".v1+json", "+json;version=0.30", ".v0.3", ".v+json"] {
        let found = changed("/mediaType", json!(format!("{prefix}{suffix}")));
        assert_eq!(found, ["RSC044"], "{suffix}");
    }
    assert_eq!(changed("/mediaType", json!(null)), ["RSC044"]);
}

#[test]
fn a_bundle_is_read_strictly() {
    assert_eq!(changed("/unknown", json!(1)), ["RSC043"]);
    assert_eq!(changed("/media_type", json!(BUNDLE)), ["RSC043"], "it is there already");
    assert_eq!(changed("/messageSignature", json!(null)), [""; 0], "null is nothing");
    assert_eq!(changed("/messageSignature", json!({})), ["RSC045"]);
    assert_eq!(changed("/dsseEnvelope", json!(null)), ["RSC045"]);
    assert_eq!(changed("/dsseEnvelope", json!(1)), ["RSC043"]);
    let bytes = good().to_string().replacen("\"mediaType\"", "\"mediaType\":\"\",\"mediaType\"", 1);
    for bad in [&*bytes, "", "[", "{}x", "\u{feff}{}", "null"] {
        let push = Push::bundle_of(bad.as_bytes(), &signed());
        assert_eq!(only(&push.review()).0, "RSC043", "{bad}");
    }
}

#[test]
fn a_bundle_says_in_one_way_who_signed() {
    let certificate = json!({ "rawBytes": STANDARD.encode(real::der("leaf.pem")) });
    let root = json!({ "rawBytes": STANDARD.encode(real::der("root.pem")) });
    let material = |value: Value| changed("/verificationMaterial", value);
    assert_eq!(material(json!(null)), ["RSC046"]);
    assert_eq!(material(json!({})), ["RSC046"]);
    assert_eq!(material(json!({ "publicKey": {}, "certificate": certificate })), ["RSC046"]);
    assert_eq!(material(json!({ "publicKey": { "hint": 1 } })), ["RSC043"]);
    // it is another key's
    assert_eq!(material(json!({ "certificate": certificate })), ["RSC035"]);
    assert_eq!(material(json!({ "certificate": { "rawBytes": "aGk=" } })), ["RSC030"]);
    assert_eq!(material(json!({ "certificate": {} })), ["RSC030"]);
    let chain = json!({ "x509CertificateChain": { "certificates": [certificate, root] } });
    assert_eq!(material(chain.clone()), ["RSC047", "RSC035"]);
    assert_eq!(material(json!({ "x509CertificateChain": {} })), ["RSC030"]);
    let mut old = good();
    old["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
    old["verificationMaterial"] = chain;
    assert_eq!(found(&old), ["RSC047", "RSC035"], "with its root");
    let twice = json!({ "certificates": [certificate, certificate] });
    old["verificationMaterial"] = json!({ "x509CertificateChain": twice });
    assert_eq!(found(&old), ["RSC047", "RSC035"], "it did not issue itself");
    old["verificationMaterial"] = json!({
        "x509CertificateChain": { "certificates": [certificate] },
    });
    assert_eq!(found(&old), ["RSC035"]);
}

#[test]
fn timestamps_are_der() {
    let with = |value: Value| changed("/verificationMaterial/timestampVerificationData", value);
    assert_eq!(with(json!({})), [""; 0]);
    let stamp = |text: &str| json!({ "rfc3161Timestamps": [{ "signedTimestamp": text }] });
    assert_eq!(with(stamp("MAMCAQE=")), [""; 0]);
    assert_eq!(with(stamp("aGk=")), ["RSC034"]);
    assert_eq!(with(json!({ "rfc3161Timestamps": vec![json!({}); 33] })), ["RSC034"]);
}

/// Of a bundle that the public log proves.
#[test]
fn log_entries_are_whole_and_proven() {
    let (bundle, subject) = real::public("othername.sigstore.json");
    let with = |pointer: &str, value: Value| {
        let mut bundle = bundle.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
        entry.pointer_mut(parent).unwrap()[key] = value;
        let report = Push::bundle(&bundle, &subject).review();
        codes(&report).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(with("/integratedTime", json!(null)), [""; 0], "as the second log writes it");
    for (pointer, value, code) in [
        ("/logIndex", json!("-1"), "RSC032"),
        ("/logIndex", json!("x"), "RSC043"),
        ("/logId", json!({}), "RSC032"),
        ("/logId", json!(null), "RSC032"),
        ("/kindVersion", json!(null), "RSC032"),
        ("/kindVersion/kind", json!("dsse"), "RSC032"),
        ("/canonicalizedBody", json!(null), "RSC032"),
        ("/canonicalizedBody", json!("e30="), "RSC032"),
        ("/inclusionProof", json!(null), "RSC032"),
        ("/inclusionProof/checkpoint", json!(null), "RSC032"),
        ("/inclusionProof/rootHash", json!("aGk="), "RSC048"),
        ("/inclusionProof/logIndex", json!("1"), "RSC048"),
        ("/inclusionProof/treeSize", json!("0"), "RSC048"),
        ("/inclusionProof/treeSize", json!("-1"), "RSC048"),
        ("/inclusionProof/hashes", json!([]), "RSC048"),
        ("/inclusionProof/hashes", json!(vec!["aGk="; 65]), "RSC048"),
        ("/unknown", json!(1), "RSC043"),
    ] {
        assert_eq!(with(pointer, value.clone()), [code], "{pointer} {value}");
    }
    let mut many = bundle.clone();
    let entry = many["verificationMaterial"]["tlogEntries"][0].clone();
    many["verificationMaterial"]["tlogEntries"] = json!(vec![entry; 33]);
    assert_eq!(only(&Push::bundle(&many, &subject).review()).0, "RSC032");
    let mut unpromised = bundle.clone();
    unpromised["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
    unpromised["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] = json!(null);
    assert_eq!(only(&Push::bundle(&unpromised, &subject).review()).0, "RSC032");
}
