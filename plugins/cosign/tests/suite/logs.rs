//! Entries of transparency logs beside a signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use roadstead_plugin_sdk::oci::{Algorithm, Digest};
use serde_json::{Value, json};

use crate::push::{Push, Signer, codes, only, payload, signed};

const ENTRY: &str = "dev.sigstore.cosign/bundle";

/// The body of an entry about a signature of `signer`.
fn body(signer: &Signer) -> Value {
    let payload = payload(&signed()).to_string();
    let hash = Digest::of(Algorithm::Sha256, payload.as_bytes());
    json!({
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hash.hex() } },
            "signature": {
                "content": STANDARD.encode(signer.sign(payload.as_bytes())),
                "publicKey": { "content": STANDARD.encode(signer.pem()) },
            },
        },
    })
}

/// The entry as cosign 2 writes it.
fn entry(body: &Value) -> Value {
    json!({
        "SignedEntryTimestamp": "MEQCIA==",
        "Payload": {
            "body": STANDARD.encode(body.to_string()),
            "integratedTime": 1_722_500_000,
            "logIndex": 7,
            "logID": "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d",
        },
    })
}

fn with(entry: &str) -> Push {
    Push::signed_by(&Signer::new(1)).annotated(ENTRY, entry)
}

#[test]
fn an_entry_is_about_this_signature() {
    let signer = Signer::new(1);
    assert_eq!(codes(&with(&entry(&body(&signer)).to_string()).review()), [""; 0]);
    let other = entry(&body(&Signer::new(2))).to_string();
    assert_eq!(
        only(&with(&other).review()),
        (
            "RSC033",
            "the log entry in the annotation dev.sigstore.cosign/bundle of layer 0 is about \
             another signature; sign with cosign"
        )
    );
    let mut hashed = body(&signer);
    hashed["spec"]["data"]["hash"]["value"] = "00".into();
    assert_eq!(only(&with(&entry(&hashed).to_string()).review()).0, "RSC033");
    let mut dsse = json!({ "kind": "dsse", "spec": { "signatures": [{ "signature": "aGk=" }] } });
    assert_eq!(only(&with(&entry(&dsse).to_string()).review()).0, "RSC033");
    dsse["spec"] = json!({});
    assert_eq!(codes(&with(&entry(&dsse).to_string()).review()), [""; 0]);
}

#[test]
fn an_entry_is_whole() {
    let good = entry(&body(&Signer::new(1)));
    for (pointer, value) in [
        ("/SignedEntryTimestamp", json!("")),
        ("/SignedEntryTimestamp", json!("!")),
        ("/Payload", json!([])),
        ("/Payload/integratedTime", json!(0)),
        ("/Payload/logIndex", json!(-1)),
        ("/Payload/logIndex", json!("7")),
        ("/Payload/logID", json!("log")),
        ("/Payload/logID", json!("")),
        ("/Payload/body", json!("e30")),
        ("/Payload/body", json!("aGk=")),
        ("/Payload/body", json!("e30=")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(only(&with(&bad.to_string()).review()).0, "RSC032", "{pointer} {value}");
    }
    assert_eq!(only(&with("[1").review()).0, "RSC032");
    assert_eq!(codes(&with("").review()), [""; 0], "to cosign it is not there");
}
