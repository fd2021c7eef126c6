//! Where a signature stands, and what it is made of.

use roadstead_plugin_cosign::Cosign;
use roadstead_plugin_sdk::{oci::media_type, testing::Scene};
use serde_json::json;

use crate::push::{PAYLOAD, Push, Signer, codes, facts, only, payload, signed, tag};

const OTHER: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn a_signature_under_its_tag_is_taken() {
    let report = Push::signed_by(&Signer::new(1)).review();
    assert_eq!(
        (codes(&report), facts(&report)),
        (vec![], vec![("signature", "unverified"), ("kind", "signature")])
    );
}

#[test]
fn a_signature_for_another_manifest_is_refused() {
    let signer = Signer::new(1);
    let push = Push::tagged().signature(&signer, &payload(OTHER));
    assert_eq!(
        only(&push.review()),
        (
            "RSC003",
            "layer 0 signs \"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\", but its tag is for \
             \"sha256:44136fa355b3678a1146ad16f7e864...\"; sign again with cosign"
        )
    );
    let second = Push::signed_by(&signer).signature(&signer, &payload(OTHER));
    assert_eq!(only(&second.review()).0, "RSC003");
    let subject = Push::signed_by(&signer).by_digest().subject(OTHER);
    assert_eq!(only(&subject.review()).0, "RSC003");
    let tag_and_subject = Push::signed_by(&signer).subject(OTHER);
    assert_eq!(codes(&tag_and_subject.review()), ["RSC003", "RSC003"]);
}

/// There is no tag to compare with; but no manifest can be for two others.
#[test]
fn what_is_pushed_by_digest_is_for_one_manifest() {
    let signer = Signer::new(1);
    let push = Push::signed_by(&signer).by_digest();
    assert_eq!(codes(&push.review()), [""; 0]);
    assert_eq!(only(&push.clone().signature(&signer, &payload(OTHER)).review()).0, "RSC003");
    assert_eq!(codes(&push.signature(&signer, &payload(&signed())).review()), [""; 0]);
}

#[test]
fn cosign_looks_under_no_other_tag() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer);
    let hex = &signed()["sha256:".len()..];
    assert_eq!(codes(&push().tag(&format!("teamsha256-{hex}.sig")).review()), [""; 0]);
    for tag in ["latest", &format!("sha256-{hex}.cosign"), &format!("sha256-{hex}")] {
        for push in [push().by_digest(), push()] {
            let report = push.tag(tag).review();
            assert!(!report.rejects(), "mirrors copy it: {tag}");
            assert_eq!(codes(&report)[0], "RSC002", "{tag}");
        }
        let other = Push::tagged().signature(&signer, &payload(OTHER)).tag(tag);
        assert_eq!(codes(&other.review()), ["RSC002", "RSC003"], "{tag}");
    }
    let attested = push().tag(&format!("sha256-{hex}.att")).review();
    assert_eq!(only(&attested).0, "RSC050", "where it hides an attestation");
    let other = format!("{}.sig", OTHER.replace(':', "-"));
    assert_eq!(only(&push().tag(&other).review()).0, "RSC003");
}

#[test]
fn what_is_signed_should_be_there() {
    let push = Push::signed_by(&Signer::new(1)).early();
    let report = push.review();
    assert!(!report.rejects());
    assert_eq!(only(&report).0, "RSC004");
    assert_eq!(codes(&push.by_digest().review()), [""; 0], "so that it can be remembered");
}

#[test]
fn there_are_payloads_and_nothing_else() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer);
    let rootfs = "application/vnd.oci.image.layer.v1.tar+gzip";
    let unpacked = push().other(rootfs).review();
    let (code, message) = only(&unpacked);
    assert_eq!(code, "RSC005");
    assert!(message.contains("nothing but signatures; push the image"), "{message}");
    let docker = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    assert_eq!(only(&push().other(docker).by_digest().review()).0, "RSC005");
    let plain = push().other("text/plain").review();
    assert!(!plain.rejects(), "cosign passes it over");
    assert_eq!(only(&plain).0, "RSC011");
    let attested = push().other("application/vnd.dsse.envelope.v1+json").review();
    assert!(!attested.rejects());
    assert_eq!(only(&attested).0, "RSC006");
    let none = Push::tagged().other("text/plain");
    assert_eq!(only(&none.review()).0, "RSC005");
    let empty = Push::tagged().review();
    assert!(!empty.rejects(), "cosign can leave it so");
    assert_eq!((only(&empty).0, facts(&empty)), ("RSC012", vec![]));
}

#[test]
fn the_config_is_an_image_s_and_lists_the_layers() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer);
    for other in ["application/json", media_type::OCI_EMPTY] {
        let report = push().config(other, b"{}").review();
        assert!(!report.rejects(), "cosign does not look");
        assert_eq!(only(&report).0, "RSC007");
    }
    let large = vec![b' '; 2 << 20];
    for bytes in [&b"{}"[..], b"", b"[", br#"{"rootfs":{"diff_ids":["sha256:00"]}}"#, &large] {
        let report = push().config(media_type::OCI_CONFIG, bytes).review();
        assert!(!report.rejects());
        assert_eq!(only(&report).0, "RSC008");
    }
    let own = "application/vnd.dev.cosign.artifact.sig.v1+json";
    assert_eq!(codes(&push().config(own, b"{}").subject(&signed()).review()), [""; 0]);
    assert_eq!(only(&push().config(own, b"{}").review()).0, "RSC007");
    let empty = push().config(media_type::OCI_EMPTY, b"{}").subject(&signed());
    assert_eq!(codes(&empty.review()), [""; 0], "as a referrer");
    let docker = push()
        .set("/mediaType", json!(media_type::DOCKER_MANIFEST))
        .set("/config/mediaType", json!(media_type::DOCKER_CONFIG));
    assert_eq!(codes(&docker.review()), [""; 0], "as cosign writes it when told to");
}

#[test]
fn an_index_or_two_forms_at_once_are_no_signature() {
    let index = Push::tagged()
        .without("config")
        .without("layers")
        .set("/mediaType", json!(media_type::OCI_INDEX))
        .set("/manifests", json!([]))
        .set("/artifactType", json!(PAYLOAD));
    assert_eq!(only(&index.review()).0, "RSC001");
    let index = index.without("artifactType").set("/manifests", json!([]));
    assert_eq!(only(&index.review()).0, "RSC001", "by its tag");
    assert_eq!(index.by_digest().reviewed(), None);
    let both = Push::signed_by(&Signer::new(1)).other("application/vnd.dev.sigstore.bundle.v0.3");
    assert_eq!(only(&both.review()).0, "RSC011");
}

#[test]
fn what_is_no_signature_is_left_alone() {
    let mut scene = Scene::new();
    let image = scene
        .manifest("image")
        .config(media_type::OCI_CONFIG, b"{}")
        .layer("application/vnd.oci.image.layer.v1.tar+gzip", b"")
        .tag("latest")
        .build();
    assert_eq!(scene.review::<Cosign>(&image, "{}"), Ok(None));
    let about = scene.manifest("unknown").subject(PAYLOAD, &signed(), 2).build();
    assert_eq!(scene.review::<Cosign>(&about, "{}"), Ok(None), "anything may refer to one");
    let blob = scene.blob_target(PAYLOAD, b"{}");
    assert_eq!(scene.review::<Cosign>(&blob, "{}"), Ok(None));
}

/// As a failure it would be tried again for ever.
#[test]
fn a_part_that_is_not_there_is_found() {
    let signer = Signer::new(1);
    let bytes = payload(&signed()).to_string();
    let report = Push::signed_by(&signer).absent(bytes.as_bytes()).review();
    assert_eq!(
        only(&report),
        ("RSC010", "the payload in layer 0 is not stored here; push it before the manifest")
    );
    let config = Push::signed_by(&signer).config(media_type::OCI_CONFIG, b"x").absent(b"x");
    assert_eq!(only(&config.review()).0, "RSC010");
}

/// cosign goes by the tag, and verifies whatever lies there.
#[test]
fn what_lies_under_a_tag_is_read_whatever_its_type() {
    let (known, unknown) = (Signer::new(1), Signer::new(2));
    let keys = [("release", &*known.pem())];
    for other in ["text/plain", "Application/vnd.dev.cosign.simplesigning.v1+json", "x/y; a=b"] {
        let by = |signer| Push::signed_by(signer).typed(other).known(&keys).required();
        let report = by(&known).review();
        assert!(!report.rejects(), "{other}: {:?}", report.findings());
        assert_eq!(facts(&report)[0], ("verified-key", "release"));
        assert_eq!(codes(&by(&unknown).review()).last(), Some(&"RSC060"), "{other}");
        let elsewhere = by(&unknown).by_digest().reviewed();
        assert!(other.starts_with('A') || elsewhere.is_none(), "{other}: no client reads it");
        let about_other = Push::tagged().signature(&known, &payload(OTHER)).typed(other).review();
        assert!(codes(&about_other).contains(&"RSC003"), "{other}");
    }
}

#[test]
fn an_image_hides_no_signature() {
    for (config, layer) in [
        (media_type::OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+gzip"),
        (media_type::DOCKER_CONFIG, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
        ("application/octet-stream", "application/vnd.docker.image.rootfs.diff.tar.gzip"),
        (media_type::OCI_EMPTY, "application/vnd.oci.image.layer.v1.tar"),
        ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart"),
    ] {
        let image = Push::tagged().other(layer).config(config, b"{}");
        let report = image.review();
        assert!(report.rejects() && codes(&report).contains(&"RSC005"), "{layer}");
        let attestation = image.by_digest().tag(&tag().replace(".sig", ".att")).review();
        assert!(attestation.rejects(), "{layer}");
        let elsewhere = Push::tagged().other(layer).config(config, b"{}").by_digest();
        assert_eq!(elsewhere.clone().tag("latest").reviewed(), None, "{layer}");
        let sbom = elsewhere.tag(&tag().replace(".sig", ".sbom"));
        assert_eq!(sbom.reviewed(), None, "a file of any type: {layer}");
    }
}

/// cosign verifies what it can, and passes the rest over.
#[test]
fn beside_a_good_signature_a_broken_one_is_a_warning() {
    let signer = Signer::new(1);
    let payload = payload(&signed());
    let bytes = payload.to_string();
    for broken in [None, Some("aGVsbG8="), Some("no base64")] {
        let push = Push::tagged().layer(bytes.as_bytes(), broken);
        assert!(push.review().rejects(), "alone");
        for push in [
            push.clone().signature(&signer, &payload),
            Push::signed_by(&signer).layer(bytes.as_bytes(), broken),
        ] {
            let report = push.known(&[("release", &signer.pem())]).required().review();
            assert!(!report.rejects(), "{broken:?}");
            assert_eq!(only(&report).0, "RSC023");
        }
        let lies = push.signature(&signer, &crate::push::payload(OTHER)).review();
        assert!(lies.rejects(), "no good one is beside it");
        assert!(codes(&lies).contains(&"RSC023"));
    }
    let unreadable = ("dev.sigstore.cosign/certificate", "no PEM");
    let push = Push::signed_by(&signer).annotated(unreadable.0, unreadable.1);
    assert_eq!(only(&push.review()).0, "RSC030");
    let report = push.signature(&signer, &payload).review();
    assert!(!report.rejects());
    assert_eq!(only(&report).0, "RSC030");
}
