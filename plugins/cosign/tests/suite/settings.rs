//! What a policy may set.

use roadstead_plugin_cosign::Cosign;
use roadstead_plugin_sdk::testing::Scene;
use serde_json::{Value, json};

use crate::push::Signer;

/// Where something is wrong, and what.
fn problems(settings: &Value) -> Vec<(String, String)> {
    let problems = Scene::new().validate_settings::<Cosign>(&settings.to_string());
    problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

fn key(name: &str, key: &str) -> Value {
    json!({ "name": name, "key": key })
}

#[test]
fn keys_have_names_of_their_own() {
    let pem = Signer::new(1).pem();
    assert_eq!(problems(&json!({})), []);
    let keys = json!([key("release", &pem), key("ci builds", &pem)]);
    assert_eq!(problems(&json!({ "keys": keys, "requireKnownKey": true })), []);
    let twice = json!([key("a", &pem), key("b", &pem), key("a", &pem)]);
    let message = "two keys have the name \"a\"; rename one of them".to_owned();
    assert_eq!(problems(&json!({ "keys": twice })), [("/keys/2/name".to_owned(), message)]);
    for bad in ["", " a", "a\n", "\u{e4}", &"x".repeat(129)] {
        let found = problems(&json!({ "keys": [key(bad, &pem)] }));
        assert_eq!(found.len(), 1, "{bad:?}");
        assert_eq!(found[0].0, "/keys/0/name");
    }
    let many: Vec<Value> = (0..25).map(|i| key(&i.to_string(), &pem)).collect();
    assert_eq!(problems(&json!({ "keys": many }))[0].0, "/keys");
}

#[test]
fn a_key_that_does_not_parse_is_refused() {
    let whole = Signer::new(1).pem();
    let begin = "-----BEGIN PUBLIC KEY-----\n";
    for (text, why) in [
        ("", "is not PEM"),
        ("cosign.pub", "is not PEM"),
        ("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", "is not PEM"),
        (&format!("{whole}{whole}"), "holds 2 PEM blocks"),
        (&format!("{begin}aGk=\n-----END PUBLIC KEY-----"), "is damaged"),
        (include_str!("../real/leaf.pem"), "is a certificate"),
        ("-----BEGIN RSA PUBLIC KEY-----\naGk=\n-----END RSA PUBLIC KEY-----", "is an RSA key in"),
        (
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\naGk=\n-----END PGP PUBLIC KEY BLOCK-----",
            "is the wrong kind of PEM",
        ),
        // the curve secp256k1
        (
            &format!(
                "{begin}MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZWfKB\n\
                 WxZ4Xeg+OuYPa0YQYVmgQvvnrWSEk4cWn9OaLvrKVmcYEwEAAA==\n-----END PUBLIC KEY-----"
            ),
            "has an unsupported curve",
        ),
        // an RSA key of 1024 bits
        (
            &format!(
                "{begin}MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6{}QIDAQAB\n\
                 -----END PUBLIC KEY-----",
                "x".repeat(165)
            ),
            "is ",
        ),
    ] {
        let found = problems(&json!({ "keys": [key("release", text)] }));
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].0, "/keys/0/key");
        let begins = format!("the key \"release\" {why}");
        assert!(found[0].1.starts_with(&begins), "{}", found[0].1);
    }
}

#[test]
fn a_private_key_is_told_as_one_and_not_repeated() {
    for label in [
        "ENCRYPTED SIGSTORE PRIVATE KEY",
        "ENCRYPTED COSIGN PRIVATE KEY",
        "EC PRIVATE KEY",
        "PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let text = format!("-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----");
        let found = problems(&json!({ "keys": [key("release", &text)] }));
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("is a private key, which must never be in a policy"));
        assert!(!found[0].1.contains("c2VjcmV0"), "{}", found[0].1);
    }
}

#[test]
fn keys_that_nothing_requires_are_warned_of() {
    let pem = Signer::new(1).pem();
    let warned = |settings: Value| {
        let warnings = Scene::new().settings_warnings::<Cosign>(&settings.to_string());
        warnings.into_iter().map(|warning| warning.pointer).collect::<Vec<_>>()
    };
    let keys = json!([key("release", &pem)]);
    assert_eq!(warned(json!({ "keys": keys })), ["/keys"]);
    assert_eq!(warned(json!({ "keys": keys, "requireKnownKey": false })), ["/keys"]);
    assert!(warned(json!({ "keys": keys, "requireKnownKey": true })).is_empty());
    assert!(warned(json!({})).is_empty());
    assert!(warned(json!({ "keys": [] })).is_empty());
}

#[test]
fn a_known_key_can_t_be_required_while_there_are_none() {
    let found = problems(&json!({ "requireKnownKey": true }));
    assert_eq!((found.len(), found[0].0.as_str()), (1, "/requireKnownKey"));
    assert_eq!(problems(&json!({ "requireKnownKey": false })), []);
    assert_eq!(problems(&json!({ "requireKnownKeys": true })).len(), 1);
    assert_eq!(problems(&json!({ "keys": [{ "name": "a" }] }))[0].0, "/keys/0");
}

#[test]
fn what_is_accepted_is_a_list_of_known_words() {
    for good in [json!(["signature"]), json!(["attestation", "signature"]), json!(null)] {
        assert_eq!(problems(&json!({ "accept": good })), []);
    }
    for bad in [json!([]), json!(["sbom"]), json!("signature")] {
        let found = problems(&json!({ "accept": bad }));
        assert!(found.len() == 1 && found[0].0.starts_with("/accept"), "{bad}: {found:?}");
    }
}
