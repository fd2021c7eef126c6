//! What a bundle's signature is over.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::push::{Push, Signer, codes, fact, facts, kind, only, signed};

pub(crate) const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A statement as cosign 3 writes it.
pub(crate) fn statement(predicate_type: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": &signed()[7..] }, "annotations": {} }],
        "predicateType": predicate_type,
        "predicate": {},
    })
}

/// A bundle around a statement.
pub(crate) fn bundle(signer: &Signer, statement: &[u8]) -> Value {
    let payload_type = "application/vnd.in-toto+json";
    let mut message =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), statement.len()).into_bytes();
    message.extend(statement);
    json!({
        "mediaType": crate::push::BUNDLE,
        "verificationMaterial": { "publicKey": { "hint": "whatever" } },
        "dsseEnvelope": {
            "payload": STANDARD.encode(statement),
            "payloadType": payload_type,
            "signatures": [{ "sig": STANDARD.encode(signer.sign(&message)) }],
        },
    })
}

/// A bundle around the signature of a message, the signed manifest.
fn message(signature: &[u8]) -> Value {
    let digest: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&signed()[7 + 2 * at..9 + 2 * at], 16).unwrap())
        .collect();
    json!({
        "mediaType": crate::push::BUNDLE,
        "verificationMaterial": { "publicKey": {} },
        "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": STANDARD.encode(digest) },
            "signature": STANDARD.encode(signature),
        },
    })
}

fn found(bundle: &Value) -> String {
    only(&Push::bundle(bundle, &signed()).review()).0.to_owned()
}

fn found_in(statement: &str) -> String {
    found(&bundle(&Signer::new(1), statement.as_bytes()))
}

#[test]
fn a_statement_about_the_subject_is_taken() {
    let signer = Signer::new(1);
    let text = statement(SIGN).to_string();
    let push = Push::bundle(&bundle(&signer, text.as_bytes()), &signed());
    let report = push.clone().known(&[("release", &signer.pem())]).review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        report.annotations(),
        [
            fact("predicate-type", SIGN, &signed(), true),
            fact("verified-key", "release", &signed(), true),
            fact("algorithm", "ecdsa-p256-sha256", &signed(), true),
            kind("signature"),
        ]
    );
    let unknown = push.known(&[("release", &Signer::new(2).pem())]);
    let unverified = [fact("signature", "unverified", &signed(), false), kind("signature")];
    assert_eq!(unknown.review().annotations(), unverified);
    assert_eq!(only(&unknown.required().review()).0, "RSC060");
}

/// Or a failed scan would let an image through that wants a signature.
#[test]
fn an_attestation_is_no_signature() {
    let signer = Signer::new(1);
    let text = statement("https://cosign.sigstore.dev/attestation/vuln/v1").to_string();
    let push = Push::bundle(&bundle(&signer, text.as_bytes()), &signed());
    let push = push.known(&[("scanner", &signer.pem())]).required();
    assert_eq!(only(&push.clone().accepting(&["signature"]).review()).0, "RSC062");
    assert_eq!(codes(&push.clone().accepting(&["attestation"]).review()), [""; 0]);
    let report = push.review();
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        facts(&report),
        [
            ("predicate-type", "https://cosign.sigstore.dev/attestation/vuln/v1"),
            ("attested-key", "scanner"),
            ("algorithm", "ecdsa-p256-sha256"),
            ("kind", "attestation"),
        ]
    );
}

#[test]
fn a_statement_is_clear_and_about_the_subject() {
    let good = statement(SIGN);
    let about_more = {
        let mut about_more = good.clone();
        about_more["subject"] =
            json!([{ "name": "x" }, { "digest": { "sha1": "00", "sha256": &signed()[7..] } }]);
        about_more["_type"] = "https://in-toto.io/Statement/v0.1".into();
        bundle(&Signer::new(1), about_more.to_string().as_bytes())
    };
    assert_eq!(codes(&Push::bundle(&about_more, &signed()).review()), [""; 0]);
    for (pointer, value, code) in [
        ("/_type", json!("https://in-toto.io/Statement/v2"), "RSC051"),
        ("/_type", json!(1), "RSC051"),
        ("/predicateType", json!(""), "RSC051"),
        ("/predicateType", json!("x".repeat(2000)), "RSC051"),
        ("/subject", json!({}), "RSC051"),
        ("/subject", json!(vec![json!({}); 1025]), "RSC051"),
        ("/subject", json!([]), "RSC003"),
        ("/subject/0/digest", json!({}), "RSC003"),
        ("/subject/0/digest", json!({ "sha256": OTHER }), "RSC003"),
        ("/subject/0/digest", json!({ "sha512": &signed()[7..] }), "RSC003"),
        ("/subject/0/digest", json!({ "sha256": 7 }), "RSC051"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(found_in(&bad.to_string()), code, "{pointer} {value}");
    }
    let text = good.to_string();
    for (from, to) in [
        ("\"predicateType\"", "\"predicateType\":\"x\",\"predicateType\""),
        ("\"sha256\"", "\"sha256\":\"00\",\"sha256\""),
        ("}]}", "}]"),
        ("}]}", "}]}x"),
    ] {
        let hostile = text.replacen(from, to, 1);
        assert_ne!(hostile, text);
        assert_eq!(found_in(&hostile), "RSC051", "{hostile}");
    }
    assert_eq!(found_in(&"[".repeat(9000)), "RSC051");
}

#[test]
fn an_envelope_has_one_signature_of_a_statement() {
    let good = bundle(&Signer::new(1), statement(SIGN).to_string().as_bytes());
    for (pointer, value, code) in [
        ("/payloadType", json!("text/plain"), "RSC055"),
        ("/signatures", json!([]), "RSC050"),
        ("/signatures", json!([{ "sig": "" }, { "sig": "" }]), "RSC050"),
        ("/signatures/0/sig", json!("aGk="), "RSC023"),
        ("/signatures/0/sig", json!("!"), "RSC043"),
        ("/signatures/0", json!({ "cert": "x" }), "RSC043"),
        ("/payload", json!(""), "RSC051"),
    ] {
        let mut bad = good.clone();
        *bad["dsseEnvelope"].pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(found(&bad), code, "{pointer} {value}");
    }
}

#[test]
fn annotations_say_what_is_in_the_bundle() {
    let bundle = bundle(&Signer::new(1), statement(SIGN).to_string().as_bytes());
    let with = |key: &str, value: &str| {
        let push = Push::bundle(&bundle, &signed());
        let report = push.set("/annotations", json!({ key: value })).review();
        codes(&report).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(with("dev.sigstore.bundle.content", "dsse-envelope"), [""; 0]);
    assert_eq!(with("dev.sigstore.bundle.predicateType", SIGN), [""; 0]);
    assert_eq!(with("dev.sigstore.bundle.content", "message-signature"), ["RSC052"]);
    assert_eq!(with("dev.sigstore.bundle.predicateType", "x"), ["RSC052"]);
    let other = Push::bundle(&bundle, &signed())
        .set("/annotations", json!({ "dev.sigstore.bundle.predicateType": "x" }));
    assert!(!other.review().rejects(), "cosign does not look");
}

#[test]
fn a_message_is_the_signed_manifest() {
    let signer = Signer::new(1);
    let push = Push::bundle(&message(&signer.sign(b"{}")), &signed());
    let known = push.known(&[("release", &signer.pem())]).required();
    // the manifest that is signed is `{}`, as the config's content is
    for push in [known.clone(), known.absent(b"{}")] {
        let report = push.review();
        assert_eq!(codes(&report), [""; 0]);
        let expected = [
            ("verified-key", "release"),
            ("algorithm", "ecdsa-p256-sha256"),
            ("kind", "signature"),
        ];
        assert_eq!(facts(&report), expected);
    }
    let altered = Push::bundle(&message(&signer.sign(b"{ }")), &signed());
    let report = altered.known(&[("release", &signer.pem())]).required().review();
    assert_eq!(only(&report).0, "RSC060");
}

#[test]
fn a_message_by_ed25519_is_verified_with_the_manifest() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let mut der = vec![0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
    der.extend(key.verifying_key().as_bytes());
    let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der));
    let plain = ed25519_dalek::Signer::sign(&key, b"{}").to_bytes();
    let hashed = <sha2::Sha512 as sha2::Digest>::new_with_prefix(b"{}");
    let hashed = key.sign_prehashed(hashed, None).unwrap().to_bytes();
    for (signature, algorithm) in [(plain, "ed25519"), (hashed, "ed25519ph")] {
        let push = Push::bundle(&message(&signature), &signed()).known(&[("release", &pem)]);
        let expected =
            [("verified-key", "release"), ("algorithm", algorithm), ("kind", "signature")];
        assert_eq!(facts(&push.review()), expected);
        let unverified = [("signature", "unverified"), ("kind", "signature")];
        assert_eq!(facts(&push.absent(b"{}").review()), unverified);
    }
}

#[test]
fn a_message_names_its_digest() {
    let good = message(&Signer::new(1).sign(b"{}"));
    for (pointer, value, code) in [
        ("/messageDigest", json!(null), "RSC053"),
        ("/messageDigest/digest", json!("AAAA"), "RSC053"),
        ("/messageDigest/digest", json!(STANDARD.encode([7; 32])), "RSC055"),
        ("/messageDigest/digest", json!(STANDARD.encode([7; 48])), "RSC055"),
        ("/signature", json!(""), "RSC023"),
    ] {
        let mut bad = good.clone();
        *bad["messageSignature"].pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(found(&bad), code, "{pointer} {value}");
    }
    // clients go by the bytes
    for algorithm in [json!(1), json!("SHA2_512"), json!(null)] {
        let mut named = good.clone();
        named["messageSignature"]["messageDigest"]["algorithm"] = algorithm;
        assert_eq!(codes(&Push::bundle(&named, &signed()).review()), [""; 0]);
    }
}

#[test]
fn a_large_statement_is_read_and_a_larger_bundle_is_not() {
    let signer = Signer::new(1);
    let with = |len: usize| {
        let mut statement = statement("https://spdx.dev/Document");
        statement["predicate"] = "x".repeat(len).into();
        let bundle = bundle(&signer, statement.to_string().as_bytes());
        Push::bundle(&bundle, &signed()).known(&[("ci", &signer.pem())])
    };
    let report = with(6_000_000).review();
    assert_eq!(codes(&report), [""; 0]);
    assert!(facts(&report).contains(&("attested-key", "ci")));
    let report = with(6_400_000).review();
    assert!(!report.rejects() && facts(&report).is_empty());
    assert_eq!(only(&report).0, "RSC054");
    assert_eq!(codes(&with(6_400_000).required().review()), ["RSC054", "RSC060"]);
}

/// `cosign sign-blob` and `cosign attest-blob` make these, and `oras attach` stores them beside
/// anything.
#[test]
fn what_is_about_a_file_claims_nothing_about_the_manifest() {
    let signer = Signer::new(1);
    let file = b"a file";
    let mut of_file = message(&signer.sign(file));
    let digest = <sha2::Sha256 as sha2::Digest>::digest(file);
    of_file["messageSignature"]["messageDigest"]["digest"] = STANDARD.encode(digest).into();
    let mut about_file = statement("https://slsa.dev/provenance/v1");
    about_file["subject"][0]["digest"]["sha256"] = OTHER.into();
    let about_file = bundle(&signer, about_file.to_string().as_bytes());
    for bundle in [of_file, about_file] {
        let push = Push::bundle(&bundle, &signed());
        let report = push.review();
        assert!(!report.rejects());
        assert_eq!((only(&report).0, facts(&report)), ("RSC055", vec![("kind", "other")]));
        let known = push.clone().known(&[("release", &signer.pem())]).required().review();
        assert_eq!((only(&known).0, facts(&known)), ("RSC055", vec![("kind", "other")]));
        let unknown = push.clone().known(&[("release", &Signer::new(2).pem())]).required();
        assert_eq!(codes(&unknown.review()), ["RSC055", "RSC060"]);
        let accepted = push.clone().accepting(&["signature", "attestation"]).review();
        assert_eq!(codes(&accepted), ["RSC055", "RSC062"]);
        // whoever announces it by cosign's annotations says that it is about the subject
        let announced = json!({ "dev.sigstore.bundle.content": "x" });
        let announced = push.set("/annotations", announced).review();
        assert!(announced.rejects());
        let (code, message) = only(&announced);
        let claim = "although the annotations dev.sigstore.bundle.* say that it signs its subject";
        assert!(code == "RSC003" && message.contains(claim), "{message}");
        assert!(message.starts_with("the bundle signs \"sha256:"), "{message}");
    }
    // what cosign writes about images alone
    let mut moved = statement(SIGN);
    moved["subject"][0]["digest"]["sha256"] = OTHER.into();
    assert_eq!(found(&bundle(&signer, moved.to_string().as_bytes())), "RSC003");
}
