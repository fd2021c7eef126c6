//! Image indexes and docker's manifest lists.

use std::collections::BTreeMap;

use roadstead_plugin_sdk::{Descriptor, Manifest, Platform, Quoted, Role, oci::media_type};

use crate::{
    codes,
    findings::{Findings, Place},
    manifest,
    media::{self, Family},
    platform,
};

/// Children of one platform that differ in this are meant for different clients: podman pushes
/// gzip and zstd side by side.
const COMPRESSION: &str = "io.github.containers.compression.zstd";

/// What a client selects a child by.
type Choice<'a> = (&'a str, &'a str, &'a str, &'a str, Vec<&'a str>, Option<&'a str>);

/// The children.
pub(crate) fn children(manifest: &Manifest) -> impl Iterator<Item = &Descriptor> {
    manifest.descriptors.iter().filter(|part| part.role == Role::Manifest)
}

/// Whether clients select it by its platform: what says that it is another artifact they pass
/// over, and so they do an attestation, whose platform is unknown.
pub(crate) fn is_image(child: &Descriptor) -> bool {
    let is_other = child.artifact_type.as_deref().is_some_and(|artifact_type| {
        !matches!(artifact_type, media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
    });
    !is_other && !child.platform.as_ref().is_some_and(platform::is_unknown)
}

/// Checks what the index alone tells: its children were judged when they were pushed.
pub(crate) fn check(manifest: &Manifest, findings: &mut Findings) {
    manifest::check_own_type(manifest, findings);
    check_types(manifest, findings);
    check_platforms(manifest, findings);
    check_unique(manifest, findings);
}

fn check_types(index: &Manifest, findings: &mut Findings) {
    let own = media::manifest_family(&index.media_type);
    for child in children(index).filter(|child| !media_type::is_manifest(&child.media_type)) {
        let message = format!(
            "child {} has the type {}, which is not a manifest, so clients skip it; list only \
             manifests",
            child.index,
            Quoted(&child.media_type)
        );
        let pointer = format!("/manifests/{}/mediaType", child.index);
        findings.add(&codes::CHILD_TYPE, Place::manifest(&pointer), message);
    }
    let is_mixed = |child: &&Descriptor| {
        let family = media::manifest_family(&child.media_type);
        family.is_some() && family != own
    };
    if let Some(child) = children(index).find(is_mixed) {
        let message = format!(
            "child {} and the index mix types of docker and OCI, which old clients can't read; \
             push the image with types of one kind",
            child.index
        );
        let pointer = format!("/manifests/{}/mediaType", child.index);
        findings.add(&codes::MIXED, Place::manifest(&pointer), message);
    }
}

/// docker selects by platform alone.
fn check_platforms(list: &Manifest, findings: &mut Findings) {
    if media::manifest_family(&list.media_type) != Some(Family::Docker) {
        return;
    }
    let names_one =
        |platform: &Platform| !platform.os.is_empty() && !platform.architecture.is_empty();
    for child in children(list).filter(|child| !child.platform.as_ref().is_some_and(names_one)) {
        let message = format!(
            "child {} of the manifest list has no platform, by which docker selects; add its os \
             and architecture",
            child.index
        );
        let pointer = format!("/manifests/{}/platform", child.index);
        findings.add(&codes::CHILD_PLATFORM, Place::manifest(&pointer), message);
    }
}

fn check_unique(index: &Manifest, findings: &mut Findings) {
    let mut first: BTreeMap<Choice<'_>, &Descriptor> = BTreeMap::new();
    for child in children(index).filter(|child| is_image(child)) {
        let Some(platform) = &child.platform else { continue };
        let other = *first.entry(choice(child, platform)).or_insert(child);
        if other.digest != child.digest {
            let shown = platform::shown(platform);
            let message = format!(
                "children {} and {} are both for {}, so clients may run either; list only one of \
                 them",
                other.index,
                child.index,
                Quoted(&shown)
            );
            let pointer = format!("/manifests/{}/platform", child.index);
            findings.add(&codes::PLATFORM_TWICE, Place::manifest(&pointer), message);
        }
    }
}

fn choice<'a>(child: &'a Descriptor, platform: &'a Platform) -> Choice<'a> {
    let mut features: Vec<_> = platform.os_features.iter().map(String::as_str).collect();
    features.sort_unstable();
    let (os, architecture, variant) = platform::parts(platform);
    let version = platform.os_version.as_deref().unwrap_or_default();
    (os, architecture, variant, version, features, child.annotation(COMPRESSION))
}
