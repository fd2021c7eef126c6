//! Whatever stands in a blob, the plugin answers, and nothing that was changed is verified.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    envelopes::{SIGN, bundle, statement},
    push::{Push, Signer, facts, payload, signed},
    real,
};

/// Text with a byte changed, and cut there, at each so many of its bytes.
fn variants(text: &str, step: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..text.len()).step_by(step).flat_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1 << (at % 7);
        [bytes, text.as_bytes()[..at].to_vec()]
    })
}

/// Whether a known key made it.
fn is_verified(push: Push, signer: &Signer) -> bool {
    let report = push.known(&[("k", &signer.pem())]).review();
    facts(&report).iter().any(|(key, _)| *key == "verified-key")
}

#[test]
fn a_damaged_bundle_has_an_answer() {
    let signer = Signer::new(1);
    for name in ["othername.sigstore.json", "dsse.sigstore.json"] {
        let (bundle, about) = real::public(name);
        for bytes in variants(&bundle.to_string(), 11) {
            assert!(!is_verified(Push::bundle_of(&bytes, &about), &signer));
        }
    }
}

#[test]
fn a_changed_statement_is_never_verified() {
    let signer = Signer::new(1);
    let text = statement(SIGN).to_string();
    let bundle = bundle(&signer, text.as_bytes());
    assert!(is_verified(Push::bundle(&bundle, &signed()), &signer));
    for bytes in variants(&text, 1) {
        let mut changed = bundle.clone();
        changed["dsseEnvelope"]["payload"] = STANDARD.encode(bytes).into();
        assert!(!is_verified(Push::bundle(&changed, &signed()), &signer));
    }
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap();
    let whole = STANDARD.decode(signature).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let mut changed = bundle.clone();
        changed["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(bytes).into();
        assert!(!is_verified(Push::bundle(&changed, &signed()), &signer), "at {at}");
    }
}

#[test]
fn a_changed_payload_is_never_verified() {
    let signer = Signer::new(1);
    let text = payload(&signed()).to_string();
    let signature = STANDARD.encode(signer.sign(text.as_bytes()));
    assert!(is_verified(Push::tagged().layer(text.as_bytes(), Some(&signature)), &signer));
    for bytes in variants(&text, 1) {
        assert!(!is_verified(Push::tagged().layer(&bytes, Some(&signature)), &signer));
    }
}

/// As a certificate and as a key.
#[test]
fn damaged_der_has_an_answer() {
    let der = real::der("leaf.pem");
    for at in 0..der.len() {
        let mut bytes = der.clone();
        bytes[at] ^= 1 << (at % 8);
        for bytes in [&bytes[..], &der[..at]] {
            let pem = pem::encode(&pem::Pem::new("CERTIFICATE", bytes));
            let push = Push::signed_by(&Signer::new(1));
            let report = push.annotated("dev.sigstore.cosign/certificate", &pem).review();
            // a key of an unknown algorithm can't be compared
            assert!(report.rejects() || at_key(&der, at), "at {at}");
        }
    }
}

/// Whether a byte belongs to what says which algorithm a certificate's key is of.
fn at_key(der: &[u8], at: usize) -> bool {
    let algorithm = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8];
    let start = der.windows(9).position(|bytes| bytes == algorithm).unwrap();
    (start..start + 90).contains(&at)
}
