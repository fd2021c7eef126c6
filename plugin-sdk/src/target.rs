//! Short ways through what is pushed.

use crate::{
    Asked, BlobTarget, Descriptor, Property, Role, bindings::roadstead::admission::types, source,
};

/// What is reviewed.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// a manifest, with all that it names
    Manifest(Manifest),
    /// one layer or config
    Blob(BlobTarget),
}

/// A manifest, after all its blobs are stored and before it becomes visible.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// verified by the host
    pub digest: String,
    /// its media type
    pub media_type: String,
    /// `artifactType`, else the config's media type
    pub artifact_type: Option<String>,
    /// what the host takes it for, such as `helm-chart`
    pub kind: String,
    /// the exact bytes pushed, at most 4 MiB
    pub bytes: Vec<u8>,
    /// As the host parsed them: read these rather than `bytes`, so that nobody sees two manifests
    /// in one.
    pub annotations: Vec<Property>,
    /// everything that it names
    pub descriptors: Vec<Descriptor>,
    /// repository name, without host
    pub repository: String,
    /// The tags being pushed; empty for a push by digest. The host remembers a review that looks
    /// at them for these tags alone; [`has_other_tag`](Self::has_other_tag) asks for less.
    pub tags: Asked<Vec<String>>,
    /// who pushes, if authenticated; a review that looks is remembered for this answer alone
    pub principal: Asked<Option<String>>,
    /// open-ended
    pub properties: Vec<Property>,
}

impl From<types::Target> for Target {
    fn from(target: types::Target) -> Self {
        match target {
            types::Target::Manifest(manifest) => Self::Manifest(manifest.into()),
            types::Target::Blob(blob) => Self::Blob(blob),
        }
    }
}

impl From<types::Manifest> for Manifest {
    fn from(manifest: types::Manifest) -> Self {
        Self {
            digest: manifest.digest,
            media_type: manifest.media_type,
            artifact_type: manifest.artifact_type,
            kind: manifest.kind,
            bytes: manifest.bytes,
            annotations: manifest.annotations,
            descriptors: manifest.descriptors,
            repository: manifest.repository,
            tags: Asked::later(source::tags),
            principal: Asked::later(source::principal),
            properties: manifest.properties,
        }
    }
}

impl Manifest {
    /// Whether any tag being pushed is not this one. The host remembers a review that asks this
    /// under all tags with the same answer.
    pub fn has_other_tag(&self, than: &str) -> bool {
        match self.tags.known() {
            Some(tags) => tags.iter().any(|tag| tag != than),
            None => source::has_other_tag(than),
        }
    }

    /// The config, if it has one.
    pub fn config(&self) -> Option<&Descriptor> {
        self.descriptors.iter().find(|descriptor| descriptor.role == Role::Config)
    }

    /// The layers, in their order.
    pub fn layers(&self) -> impl Iterator<Item = &Descriptor> {
        self.descriptors.iter().filter(|descriptor| descriptor.role == Role::Layer)
    }

    /// What it refers to, if anything.
    pub fn subject(&self) -> Option<&Descriptor> {
        self.descriptors.iter().find(|descriptor| descriptor.role == Role::Subject)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(&self.annotations, key)
    }
}

impl Descriptor {
    /// The media type without parameters, in lower case.
    pub fn media_type_essence(&self) -> String {
        roadstead_oci::media_type::essence(&self.media_type).to_ascii_lowercase()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(&self.annotations, key)
    }
}

fn value<'a>(properties: &'a [Property], key: &str) -> Option<&'a str> {
    properties.iter().find(|property| property.key == key).map(|property| property.value.as_str())
}
