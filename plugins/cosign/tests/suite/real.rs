//! What real clients made: `../real/make` says how.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_plugin_sdk::oci::{Algorithm, Digest};
use serde_json::Value;

use crate::{
    envelopes::SIGN,
    push::{Push, codes, fact, facts, kind, only},
};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/real")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// A certificate's bytes.
pub(crate) fn der(name: &str) -> Vec<u8> {
    pem::parse(text(name)).unwrap().into_contents()
}

/// A manifest of cosign's with its blobs.
pub(crate) fn stored(case: &str) -> Push {
    let files = fs::read_dir(folder().join(case)).unwrap();
    let blobs = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    Push::stored(text(&format!("{case}/manifest.json")).as_bytes(), blobs)
}

/// What a bundle of cosign's, or one of its payloads, says is signed.
fn signed(push: &Push) -> String {
    let subject = push.manifest["subject"]["digest"].as_str();
    subject.map_or_else(|| payload_of(push), ToOwned::to_owned)
}

fn payload_of(push: &Push) -> String {
    let report = push.clone().by_digest().review();
    assert_eq!(facts(&report), [("signature", "unverified"), ("kind", "signature")]);
    let about = report.annotations()[0].clone();
    let digests = fs::read_dir(folder()).unwrap().flat_map(|case| {
        let case = case.unwrap().path();
        let files = case.is_dir().then(|| fs::read_dir(case).unwrap());
        files.into_iter().flatten().filter_map(|file| {
            let payload = fs::read(file.unwrap().path()).unwrap();
            let payload: Value = serde_json::from_slice(&payload).ok()?;
            let digest = &payload["critical"]["image"]["docker-manifest-digest"];
            digest.as_str().map(ToOwned::to_owned)
        })
    });
    let is_about = |digest: &String| about == fact("signature", "unverified", digest, false);
    digests.into_iter().find(is_about).unwrap()
}

/// A bundle that the public services signed, and the digest that it is about.
pub(crate) fn public(name: &str) -> (Value, String) {
    let bundle: Value = serde_json::from_str(&text(&format!("sigstore-go/{name}"))).unwrap();
    let decoded = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let about = if bundle["dsseEnvelope"]["payload"].is_string() {
        let payload = decoded(&bundle["dsseEnvelope"]["payload"]);
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        format!("sha512:{}", statement["subject"][0]["digest"]["sha512"].as_str().unwrap())
    } else {
        let digest = decoded(&bundle["messageSignature"]["messageDigest"]["digest"]);
        Digest::from_bytes(Algorithm::Sha256, &digest).to_string()
    };
    (bundle, about)
}

#[test]
fn cosign_s_signatures_are_verified_by_each_kind_of_key() {
    for (key, algorithm) in [
        ("p256", "ecdsa-p256-sha256"),
        ("p384", "ecdsa-p384-sha384"),
        ("p521", "ecdsa-p521-sha512"),
        ("rsa", "rsa-pkcs1v15-sha256"),
        ("ed25519", "ed25519ph"),
    ] {
        let pem = text(&format!("{key}.pub"));
        let push = stored(&format!("sign-tag-{key}"));
        let about = signed(&push);
        let tag = format!("{}.sig", about.replace(':', "-"));
        let report = push.tag(&tag).known(&[(key, &pem)]).required().review();
        assert_eq!(codes(&report), [""; 0]);
        let expected = [("verified-key", key), ("algorithm", algorithm)]
            .map(|(name, value)| fact(name, value, &about, true));
        assert_eq!(report.annotations()[..2], expected);
        assert_eq!(report.annotations()[2..], [kind("signature")]);

        let push = stored(&format!("sign-bundle-{key}"));
        let about = signed(&push);
        let report = push.clone().known(&[(key, &pem)]).required().review();
        assert_eq!(codes(&report), [""; 0]);
        let expected = [("predicate-type", SIGN), ("verified-key", key), ("algorithm", algorithm)]
            .map(|(name, value)| fact(name, value, &about, true));
        assert_eq!(report.annotations()[..3], expected);
        assert_eq!(report.annotations()[3..], [kind("signature")]);

        let others = ["p256", "p384", "p521", "rsa", "ed25519"]
            .into_iter()
            .filter(|other| *other != key)
            .map(|other| (other, text(&format!("{other}.pub"))))
            .collect::<Vec<_>>();
        let others: Vec<_> = others.iter().map(|(name, pem)| (*name, pem.as_str())).collect();
        let report = push.known(&others).required().review();
        assert_eq!(only(&report).0, "RSC060", "{key}");
    }
}

#[test]
fn of_two_signatures_each_by_its_key_both_count() {
    let (p256, rsa) = (text("p256.pub"), text("rsa.pub"));
    let push = stored("twice-tag");
    let report = push.clone().known(&[("one", &p256), ("two", &rsa)]).required().review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        facts(&report),
        [
            ("verified-key", "two"),
            ("algorithm", "rsa-pkcs1v15-sha256"),
            ("verified-key", "one"),
            ("algorithm", "ecdsa-p256-sha256"),
            ("kind", "signature"),
        ]
    );
    for key in [&p256, &rsa] {
        let report = push.clone().known(&[("one", key)]).required().review();
        assert_eq!((only(&report).0, facts(&report)[0]), ("RSC063", ("verified-key", "one")));
    }
}

#[test]
fn a_signature_with_a_subject_is_verified() {
    let push = stored("experimental").known(&[("one", &text("p256.pub"))]).required();
    let report = push.review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(facts(&report)[0], ("verified-key", "one"));
}

#[test]
fn cosign_s_attestations_are_told_from_signatures() {
    let push = stored("attest-bundle").known(&[("ci", &text("p256.pub"))]).required();
    let report = push.review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        facts(&report),
        [
            ("predicate-type", "https://cosign.sigstore.dev/attestation/v1"),
            ("attested-key", "ci"),
            ("algorithm", "ecdsa-p256-sha256"),
            ("kind", "attestation"),
        ]
    );
}

#[test]
fn signatures_with_certificates_are_taken_and_nobody_is_trusted() {
    let unverified = [("signature", "unverified"), ("kind", "signature")];
    for case in ["certificate-tag", "certificate-bundle"] {
        let report = stored(case).review();
        assert_eq!((codes(&report), facts(&report)), (vec![], unverified.to_vec()), "{case}");
    }
    let report = stored("chain-bundle").review();
    assert!(!report.rejects(), "cosign writes it");
    assert_eq!((only(&report).0, facts(&report)), ("RSC047", unverified.to_vec()));
}

#[test]
fn bundles_of_the_public_services_are_read() {
    for (name, expected) in [
        // with a root in its chain
        ("dsse.sigstore.json", &["RSC047"][..]),
        ("dsse-2sigs.sigstore.json", &["RSC050"]),
        ("othername.sigstore.json", &[]),
        ("public-key-validity.sigstore.json", &[]),
        ("sigstore.js@2.0.0-provenance.sigstore.json", &[]),
    ] {
        let (bundle, about) = public(name);
        let report = Push::bundle(&bundle, &about).review();
        assert_eq!(codes(&report), expected, "{name}: {:?}", report.findings());
    }
}

/// The payload is one that nobody but openssl signed.
#[test]
fn all_paddings_and_hashes_are_tried() {
    let payload = fs::read(folder().join("openssl/payload")).unwrap();
    let about = format!("sha256:{}", "a".repeat(64));
    for (file, key, algorithm) in [
        ("rsa-pkcs1v15-sha256", "rsa", Some("rsa-pkcs1v15-sha256")),
        ("rsa-pkcs1v15-sha384", "rsa", Some("rsa-pkcs1v15-sha384")),
        ("rsa-pkcs1v15-sha512", "rsa", Some("rsa-pkcs1v15-sha512")),
        ("rsa-pss-sha256", "rsa", Some("rsa-pss-sha256")),
        ("rsa-pss-sha256-short", "rsa", Some("rsa-pss-sha256")),
        ("rsa-pss-sha384", "rsa", Some("rsa-pss-sha384")),
        ("rsa-pss-sha512", "rsa", Some("rsa-pss-sha512")),
        ("ecdsa-p384-sha256", "p384", Some("ecdsa-p384-sha256")),
        ("ecdsa-p384-sha384", "p384", Some("ecdsa-p384-sha384")),
        ("ecdsa-p384-sha512", "p384", None),
        ("ecdsa-p521-sha256", "p521", Some("ecdsa-p521-sha256")),
        ("ecdsa-p521-sha384", "p521", None),
        ("ecdsa-p521-sha512", "p521", Some("ecdsa-p521-sha512")),
        ("ed25519", "ed25519", Some("ed25519")),
    ] {
        let signature = fs::read(folder().join(format!("openssl/{file}.sig"))).unwrap();
        let push = Push::tagged().by_digest().layer(&payload, Some(&STANDARD.encode(signature)));
        let report = push.known(&[("k", &text(&format!("{key}.pub")))]).review();
        let expected = match algorithm {
            Some(algorithm) => vec![
                fact("verified-key", "k", &about, true),
                fact("algorithm", algorithm, &about, true),
                kind("signature"),
            ],
            None => vec![fact("signature", "unverified", &about, false), kind("signature")],
        };
        assert_eq!((codes(&report), report.annotations()), (vec![], &*expected), "{file}");
    }
}
