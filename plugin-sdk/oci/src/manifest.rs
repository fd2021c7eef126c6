//! Manifests (image-spec `manifest.md`, `image-index.md`, and docker's schema 2), read strictly
//! where clients could disagree and openly where the specification is open: unknown fields and
//! unknown media types are fine.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::{Map, Value, json};

use crate::{
    Annotations, Descriptor, Digest, InvalidManifest, Texts,
    descriptor::{AsDescriptor, annotations, filled, no_object, skip},
    media_type,
    read::{AsAnnotations, AsScalar, By, Entries, Key, Read, Scalar, Skip, Wrong},
};

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
    pub annotations: Annotations,
}

/// An image manifest or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Manifest {
    /// Rejects a `Content-Type` that no manifest has, whatever its body says.
    pub fn check_content_type(content_type: &str) -> Result<(), InvalidManifest> {
        match media_type::essence(content_type) {
            "" => Ok(()),
            text => known_type("Content-Type", text).map(drop),
        }
    }

    /// Reads a manifest. `content_type` is the header it came with, if it did. Takes no more than
    /// some five times as much memory as there are bytes, whatever they say.
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, InvalidManifest> {
        let invalid = |error: serde_json::Error| {
            let what = match error.to_string() {
                deep if deep.starts_with("recursion limit exceeded") => {
                    "is nested more than 127 levels deep, which readers reject; flatten it"
                        .to_owned()
                }
                error => format!("is not valid JSON: {error}"),
            };
            InvalidManifest::new("", what)
        };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let written = By(AsWritten).deserialize(&mut json).map_err(invalid)?;
        json.end().map_err(invalid)?;
        written?.check(content_type)
    }

    /// `artifactType`, else the media type of an image manifest's config.
    pub fn effective_artifact_type(&self) -> Option<&str> {
        match (&self.artifact_type, &self.content) {
            (Some(artifact_type), _) => Some(artifact_type.as_str()),
            (None, Content::Image { config, .. }) => {
                Some(config.media_type.as_str()).filter(|text| !text.is_empty())
            }
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

    /// The manifest as a list shows it, such as that of its subject's referrers (D-40). `digest`
    /// and `size` are those of its bytes.
    pub fn listed(&self, digest: &Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            digest: digest.clone(),
            size,
            artifact_type: self.effective_artifact_type().map(ToOwned::to_owned),
            annotations: self.annotations.clone(),
            platform: None,
            urls: Texts::default(),
            data: None,
        }
    }

    /// The same as JSON.
    pub fn referrer_descriptor(&self, digest: &Digest, size: u64) -> Value {
        let Descriptor { media_type, artifact_type, annotations, .. } = self.listed(digest, size);
        let mut descriptor = Map::new();
        descriptor.insert("mediaType".into(), json!(media_type));
        descriptor.insert("digest".into(), json!(digest));
        descriptor.insert("size".into(), json!(size));
        if let Some(artifact_type) = artifact_type {
            descriptor.insert("artifactType".into(), json!(artifact_type));
        }
        if !annotations.is_empty() {
            descriptor.insert("annotations".into(), json!(annotations));
        }
        Value::Object(descriptor)
    }
}

fn numbered(role: Role, list: &[Descriptor]) -> impl Iterator<Item = (Role, usize, &Descriptor)> {
    list.iter().enumerate().map(move |(index, descriptor)| (role, index, descriptor))
}

/// Reads the fields of a manifest.
struct AsWritten;

impl<'de> Read<'de> for AsWritten {
    type Value = Result<Written, InvalidManifest>;

    fn other(self) -> Self::Value {
        Err(no_object())
    }

    fn object<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(entries, &FIELDS);
        let mut written = Written::default();
        let mut mistaken = None;
        while let Some(key) = entries.next()? {
            if let Key::Known(key) = key {
                written.keys.push(key);
            }
            match key {
                Key::Known("schemaVersion") => written.schema_version = entries.value(AsScalar)?,
                Key::Known("mediaType") => written.media_type = entries.value(AsScalar)?,
                Key::Known("artifactType") => written.artifact_type = entries.value(AsScalar)?,
                Key::Known("config") => written.config = entries.value(AsDescriptor)?,
                Key::Known("layers") => written.layers = entries.value(AsList)?,
                Key::Known("manifests") => written.manifests = entries.value(AsList)?,
                Key::Known("subject") => written.subject = entries.value(AsDescriptor)?,
                Key::Known("annotations") => written.annotations = entries.value(AsAnnotations)?,
                Key::Known(_) => entries.value(Skip)?,
                other => skip(other, &mut entries, &mut mistaken)?,
            }
        }
        Ok(mistaken.map_or(Ok(written), Err))
    }
}

/// Reads a list of descriptors; null is an empty one.
struct AsList;

impl<'de> Read<'de> for AsList {
    type Value = Result<Vec<Descriptor>, InvalidManifest>;

    fn other(self) -> Self::Value {
        Err(InvalidManifest::new("", "must be a list"))
    }

    fn null(self) -> Self::Value {
        Ok(Vec::new())
    }

    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Ok(Vec::new());
        let mut index = 0_usize;
        while let Some(item) = items.next_element_seed(By(AsDescriptor))? {
            let item = item.and_then(|item| item.ok_or_else(no_object));
            list = match (list, item) {
                (Ok(mut list), Ok(item)) => {
                    list.push(item);
                    Ok(list)
                }
                (Ok(_), Err(invalid)) => Err(invalid.below(&format!("/{index}"))),
                (Err(first), _) => Err(first),
            };
            index += 1;
        }
        Ok(list)
    }
}

/// The fields of a manifest, before anything is asked of them: which may be there hangs on one of
/// them, wherever that stands.
struct Written {
    /// those of the specification that are there, null or not
    keys: Vec<&'static str>,
    schema_version: Scalar,
    media_type: Scalar,
    artifact_type: Scalar,
    config: Result<Option<Descriptor>, InvalidManifest>,
    layers: Result<Vec<Descriptor>, InvalidManifest>,
    manifests: Result<Vec<Descriptor>, InvalidManifest>,
    subject: Result<Option<Descriptor>, InvalidManifest>,
    annotations: Result<Annotations, Wrong>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            schema_version: Scalar::Nothing,
            media_type: Scalar::Nothing,
            artifact_type: Scalar::Nothing,
            config: Ok(None),
            layers: Ok(Vec::new()),
            manifests: Ok(Vec::new()),
            subject: Ok(None),
            annotations: Ok(Annotations::default()),
        }
    }
}

impl Written {
    fn check(mut self, content_type: Option<&str>) -> Result<Manifest, InvalidManifest> {
        let media_type = self.media_type(content_type)?;
        if !matches!(self.schema_version, Scalar::Number(2)) {
            return Err(InvalidManifest::at_key("schemaVersion", "must be 2"));
        }
        let is_image = matches!(media_type, media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST);
        let foreign = if is_image { &["manifests"][..] } else { &["config", "layers"] };
        if let Some(key) = foreign.iter().find(|key| self.keys.contains(key)) {
            // some clients would take it for an image and others for an index
            let what = "does not belong in a manifest of this media type; remove it";
            return Err(InvalidManifest::at_key(key, what));
        }
        let content = if is_image {
            let config = self.config.map_err(|invalid| invalid.below("/config"))?;
            let config = config.ok_or_else(|| InvalidManifest::at_key("config", "is missing"))?;
            let layers = self.layers.map_err(|invalid| invalid.below("/layers"))?;
            Content::Image { config, layers }
        } else {
            let manifests = self.manifests.map_err(|invalid| invalid.below("/manifests"))?;
            Content::Index { manifests }
        };
        Ok(Manifest {
            media_type: media_type.to_owned(),
            content,
            artifact_type: filled("artifactType", self.artifact_type)?,
            subject: self.subject.map_err(|invalid| invalid.below("/subject"))?,
            annotations: annotations(self.annotations)?,
        })
    }

    /// The type of the manifest: header and body must agree, and one of them is enough (D-27).
    fn media_type(&mut self, content_type: Option<&str>) -> Result<&'static str, InvalidManifest> {
        if ["fsLayers", "history", "signatures"].iter().any(|key| self.keys.contains(key)) {
            return Err(schema1());
        }
        let header = content_type.map(media_type::essence).filter(|header| !header.is_empty());
        let body = filled("mediaType", std::mem::take(&mut self.media_type))?;
        let body = body.as_deref();
        if let (Some(header), Some(body)) = (header, body)
            && header != body
        {
            let what = format!(
                "is {:?} in the body but {:?} in Content-Type; make them equal",
                shown(body),
                shown(header)
            );
            return Err(InvalidManifest::at_key("mediaType", what));
        }
        let Some(text) = header.or(body) else {
            let what = "is missing; send it as Content-Type";
            return Err(InvalidManifest::at_key("mediaType", what));
        };
        known_type("/mediaType", text)
    }
}

/// The media type of a manifest; `place` names it where it is none.
fn known_type(place: &str, text: &str) -> Result<&'static str, InvalidManifest> {
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
        let what = format!(
            "is {:?}, which is not a manifest type; use an OCI image manifest or index, or docker \
             schema 2",
            shown(text)
        );
        InvalidManifest::new(place, what)
    })
}

/// As much of a media type as a message shows.
fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}

fn schema1() -> InvalidManifest {
    let what = "is a docker schema 1 manifest, which runtimes no longer accept; push it again with \
                a current client";
    InvalidManifest::new("", what)
}
