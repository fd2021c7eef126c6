//! Manifests (image-spec `manifest.md`, `image-index.md`, and docker's schema 2), read strictly
//! where clients could disagree and openly where the specification is open: unknown fields and
//! unknown media types are fine.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Descriptor, Digest, InvalidManifest, descriptor::Object, json, media_type};

/// A manifest, as every client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// of the manifest itself, without parameters
    pub media_type: String,
    /// what it is made of
    pub content: Content,
    /// as written; see [`Manifest::effective_artifact_type`]
    pub artifact_type: Option<String>,
    /// the manifest that this one is about
    pub subject: Option<Descriptor>,
    /// key and value
    pub annotations: BTreeMap<String, String>,
}

/// An image manifest or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a push has one of these; nobody holds many")]
pub enum Content {
    /// A config and layers, of an image or of any artifact.
    Image {
        /// the configuration
        config: Descriptor,
        /// in their order; may be empty
        layers: Vec<Descriptor>,
    },
    /// A list of manifests.
    Index {
        /// the children, in their order; may be empty
        manifests: Vec<Descriptor>,
    },
}

/// The part that a descriptor plays in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// the configuration of an image manifest
    Config,
    /// a layer of an image manifest
    Layer,
    /// a child of an index
    Manifest,
    /// the manifest that this one is about
    Subject,
}

const FIELDS: [&str; 11] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "fsLayers",
    "history",
    "signatures",
];

/// Most JSON values of a manifest, unknown fields included: room for thousands of layers, and a
/// bound for the memory that a few bytes can take.
const VALUES_MAX: usize = 32_768;

impl Manifest {
    /// Reads a manifest. `content_type` is the header it came with, if it did.
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, InvalidManifest> {
        let value = json::parse_bounded(bytes, VALUES_MAX)
            .map_err(|error| InvalidManifest::new("", format!("is not valid JSON: {error}")))?;
        let object = Object::of(&value, "", &FIELDS)?;
        let media_type = read_media_type(&object, content_type)?;
        if object.value("schemaVersion").and_then(Value::as_u64) != Some(2) {
            return Err(object.invalid("schemaVersion", "must be 2".into()));
        }
        let content = match media_type {
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => read_image(&object)?,
            _ => read_index(&object)?,
        };
        let subject = object.value("subject").map(|v| Descriptor::read(v, "/subject"));
        Ok(Self {
            media_type: media_type.to_owned(),
            content,
            artifact_type: object.media_type("artifactType")?,
            subject: subject.transpose()?,
            annotations: object.annotations()?,
        })
    }

    /// `artifactType`, else the media type of an image manifest's config.
    pub fn effective_artifact_type(&self) -> Option<&str> {
        match (&self.artifact_type, &self.content) {
            (Some(artifact_type), _) => Some(artifact_type),
            (None, Content::Image { config, .. }) => Some(&config.media_type),
            (None, Content::Index { .. }) => None,
        }
    }

    /// Every descriptor, with its role and its position there.
    pub fn descriptors(&self) -> impl Iterator<Item = (Role, usize, &Descriptor)> {
        let (config, layers, manifests) = match &self.content {
            Content::Image { config, layers } => (Some(config), layers.as_slice(), &[][..]),
            Content::Index { manifests } => (None, &[][..], manifests.as_slice()),
        };
        config
            .into_iter()
            .map(|config| (Role::Config, 0, config))
            .chain(numbered(Role::Layer, layers))
            .chain(numbered(Role::Manifest, manifests))
            .chain(self.subject.iter().map(|subject| (Role::Subject, 0, subject)))
    }

    /// The manifest as the list of its subject's referrers shows it (D-40).
    pub fn referrer_descriptor(&self, digest: &Digest, size: u64) -> Value {
        let mut descriptor = Map::new();
        descriptor.insert("mediaType".into(), json!(self.media_type));
        descriptor.insert("digest".into(), json!(digest));
        descriptor.insert("size".into(), json!(size));
        if let Some(artifact_type) = self.effective_artifact_type() {
            descriptor.insert("artifactType".into(), json!(artifact_type));
        }
        if !self.annotations.is_empty() {
            descriptor.insert("annotations".into(), json!(self.annotations));
        }
        Value::Object(descriptor)
    }
}

fn numbered(role: Role, list: &[Descriptor]) -> impl Iterator<Item = (Role, usize, &Descriptor)> {
    list.iter().enumerate().map(move |(index, descriptor)| (role, index, descriptor))
}

/// The type of the manifest: header and body must agree, and one of them is enough (D-27).
fn read_media_type(
    object: &Object<'_>,
    content_type: Option<&str>,
) -> Result<&'static str, InvalidManifest> {
    if ["fsLayers", "history", "signatures"].iter().any(|key| object.has(key)) {
        return Err(schema1());
    }
    let header = content_type.map(media_type::essence).filter(|header| !header.is_empty());
    let body = object.text("mediaType")?;
    if let (Some(header), Some(body)) = (header, body)
        && header != body
    {
        let what =
            format!("is {body:?} in the body and {header:?} in Content-Type; make them equal");
        return Err(object.invalid("mediaType", what));
    }
    let Some(text) = header.or(body) else {
        return Err(object.invalid("mediaType", "is missing; send it as Content-Type".into()));
    };
    if text.starts_with(media_type::DOCKER_SCHEMA1) {
        return Err(schema1());
    }
    let known = [
        media_type::OCI_MANIFEST,
        media_type::OCI_INDEX,
        media_type::DOCKER_MANIFEST,
        media_type::DOCKER_LIST,
    ];
    known.into_iter().find(|known| *known == text).ok_or_else(|| {
        let text: String = text.chars().take(120).collect();
        let what = format!(
            "is {text:?}, which is no manifest; use an OCI image manifest or index, or docker \
             schema 2"
        );
        object.invalid("mediaType", what)
    })
}

fn schema1() -> InvalidManifest {
    let what = "is a docker schema 1 manifest, which no runtime takes any more; push it again with \
                a current client";
    InvalidManifest::new("", what)
}

fn read_image(object: &Object<'_>) -> Result<Content, InvalidManifest> {
    if object.has("manifests") {
        return Err(ambiguous(object, "manifests"));
    }
    let Some(config) = object.value("config") else {
        return Err(object.invalid("config", "is missing".into()));
    };
    Ok(Content::Image {
        config: Descriptor::read(config, "/config")?,
        layers: read_list(object, "layers")?,
    })
}

fn read_index(object: &Object<'_>) -> Result<Content, InvalidManifest> {
    if let Some(key) = ["config", "layers"].into_iter().find(|key| object.has(key)) {
        return Err(ambiguous(object, key));
    }
    Ok(Content::Index { manifests: read_list(object, "manifests")? })
}

/// Some clients would take it for an image and others for an index.
fn ambiguous(object: &Object<'_>, key: &str) -> InvalidManifest {
    let what = "does not belong into a manifest of this media type; remove it".to_owned();
    object.invalid(key, what)
}

fn read_list(object: &Object<'_>, key: &str) -> Result<Vec<Descriptor>, InvalidManifest> {
    if !object.has(key) {
        return Err(object.invalid(key, "is missing; an empty list will do".into()));
    }
    let items = object.list(key)?.iter().enumerate();
    items.map(|(index, item)| Descriptor::read(item, &format!("/{key}/{index}"))).collect()
}
