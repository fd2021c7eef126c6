//! Where a signature stands, and what it is made of.

use roadstead_plugin_cosign::Cosign;
use roadstead_plugin_sdk::{oci::media_type, testing::Scene};
use serde_json::json;

use crate::push::{PAYLOAD, Push, Signer, codes, facts, only, payload, signed, tag};

const OTHER: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn a_signature_under_its_tag_is_taken() {
    let report = Push::signed_by(&Signer::new(1)).review();
    assert_eq!((codes(&report), facts(&report)), (vec![], vec![("signature", "unverified")]));
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
    for tag in ["latest", &format!("sha256-{hex}.att"), &format!("sha256-{hex}")] {
        assert_eq!(only(&push().tag(tag).review()).0, "RSC002", "{tag}");
    }
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
    assert_eq!(only(&push().other(rootfs).review()).0, "RSC005");
    let attested = push().other("application/vnd.dsse.envelope.v1+json").review();
    assert!(!attested.rejects());
    assert_eq!(only(&attested).0, "RSC006");
    let none = Push::tagged().set("/artifactType", json!(PAYLOAD));
    assert_eq!(only(&none.review()).0, "RSC005");
}

#[test]
fn the_config_is_an_image_s_and_lists_the_layers() {
    let signer = Signer::new(1);
    let push = || Push::signed_by(&signer);
    assert_eq!(only(&push().config("application/json", b"{}").review()).0, "RSC007");
    for bytes in [&b"{}"[..], b"", b"[", br#"{"rootfs":{"diff_ids":["sha256:00"]}}"#] {
        let report = push().config(media_type::OCI_CONFIG, bytes).review();
        assert!(!report.rejects());
        assert_eq!(only(&report).0, "RSC008");
    }
    let own = "application/vnd.dev.cosign.artifact.sig.v1+json";
    assert_eq!(codes(&push().config(own, b"{}").subject(&signed()).review()), [""; 0]);
    assert_eq!(only(&push().config(own, b"{}").review()).0, "RSC007");
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
    let both = Push::signed_by(&Signer::new(1)).other("application/vnd.dev.sigstore.bundle.v0.3");
    assert_eq!(only(&both.review()).0, "RSC001");
}

#[test]
fn what_is_no_signature_is_left_alone() {
    let mut scene = Scene::new();
    let image = scene
        .manifest("image")
        .config(media_type::OCI_CONFIG, b"{}")
        .layer("application/vnd.oci.image.layer.v1.tar+gzip", b"")
        .tag(&tag())
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
