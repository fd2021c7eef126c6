//! Manifests for tests.

use roadstead_oci::{Algorithm, Digest, media_type};
use serde_json::{Map, Value, json};

use super::{Scene, descriptor};
use crate::{Descriptor, Manifest, Property, Role, Target};

/// A manifest in the making. Its parts are stored in the scene as they are named.
#[derive(Debug)]
pub struct ManifestBuilder<'a> {
    scene: &'a mut Scene,
    manifest: Manifest,
    tags: Vec<String>,
}

impl<'a> ManifestBuilder<'a> {
    pub(super) fn new(scene: &'a mut Scene, kind: &str) -> Self {
        let manifest = Manifest {
            digest: String::new(),
            media_type: media_type::OCI_MANIFEST.to_owned(),
            artifact_type: None,
            kind: kind.to_owned(),
            bytes: Vec::new(),
            annotations: Vec::new(),
            descriptors: Vec::new(),
            repository: "example".to_owned(),
            tags: Vec::new().into(),
            principal: None.into(),
            properties: Vec::new(),
        };
        Self { scene, manifest, tags: Vec::new() }
    }

    /// Its config.
    #[must_use]
    pub fn config(self, media_type: &str, bytes: &[u8]) -> Self {
        self.part(Role::Config, media_type, bytes)
    }

    /// Its next layer.
    #[must_use]
    pub fn layer(self, media_type: &str, bytes: &[u8]) -> Self {
        self.part(Role::Layer, media_type, bytes)
    }

    /// The manifest that it refers to, which need not be there.
    #[must_use]
    pub fn subject(mut self, media_type: &str, digest: &str, size: u64) -> Self {
        self.manifest.descriptors.push(descriptor(Role::Subject, media_type, digest, size));
        self
    }

    /// What it says it is.
    #[must_use]
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.manifest.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// One of its annotations.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        let property = Property { key: key.to_owned(), value: value.to_owned() };
        self.manifest.annotations.push(property);
        self
    }

    /// Where it is pushed to.
    #[must_use]
    pub fn repository(mut self, name: &str) -> Self {
        name.clone_into(&mut self.manifest.repository);
        self
    }

    /// A tag that is pushed.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// The target of a review.
    #[must_use]
    pub fn build(mut self) -> Target {
        let manifest = &mut self.manifest;
        manifest.tags = self.tags.into();
        manifest.bytes = to_json(manifest).to_string().into_bytes();
        manifest.digest = Digest::of(Algorithm::Sha256, &manifest.bytes).to_string();
        if manifest.artifact_type.is_none() {
            manifest.artifact_type = manifest.config().map(|config| config.media_type.clone());
        }
        Target::Manifest(self.manifest)
    }

    fn part(mut self, role: Role, media_type: &str, bytes: &[u8]) -> Self {
        let digest = self.scene.blob(bytes);
        let before = self.manifest.descriptors.iter().filter(|part| part.role == role).count();
        let index = u32::try_from(before).unwrap_or(u32::MAX);
        let size = bytes.len() as u64;
        let part = descriptor(role, media_type, &digest, size);
        self.manifest.descriptors.push(Descriptor { index, ..part });
        self
    }
}

fn to_json(manifest: &Manifest) -> Value {
    let part = |part: &Descriptor| {
        let Descriptor { media_type, digest, size, .. } = part;
        json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    let mut body = Map::new();
    body.insert("schemaVersion".into(), 2.into());
    body.insert("mediaType".into(), manifest.media_type.as_str().into());
    if let Some(artifact_type) = &manifest.artifact_type {
        body.insert("artifactType".into(), artifact_type.as_str().into());
    }
    if let Some(config) = manifest.config() {
        body.insert("config".into(), part(config));
    }
    body.insert("layers".into(), manifest.layers().map(part).collect());
    if let Some(subject) = manifest.subject() {
        body.insert("subject".into(), part(subject));
    }
    let annotations = manifest.annotations.iter();
    let annotations: Map<_, _> = annotations
        .map(|property| (property.key.clone(), property.value.as_str().into()))
        .collect();
    if !annotations.is_empty() {
        body.insert("annotations".into(), annotations.into());
    }
    body.into()
}
