//! Descriptors (image-spec `descriptor.md`).

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use serde::de::{DeserializeSeed, MapAccess};

use crate::{
    Annotations, Digest, Texts,
    invalid::InvalidManifest,
    media_type,
    read::{AsAnnotations, AsScalar, AsTexts, By, Entries, Key, Read, Scalar, Skip, Wrong},
};

/// A reference to content: what it is, how long, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// as written, whatever that is; empty where nothing is
    pub media_type: String,
    /// of the content
    pub digest: Digest,
    /// bytes
    pub size: u64,
    /// what kind of artifact the content is, if it says so
    pub artifact_type: Option<String>,
    /// key and value
    pub annotations: Annotations,
    /// of a child of an index
    pub platform: Option<Box<Platform>>,
    /// where the content can be had elsewhere, as written
    pub urls: Texts,
    /// the embedded content, decoded and verified
    pub data: Option<Vec<u8>>,
}

/// What a child of an index runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// such as `linux`
    pub os: String,
    /// such as `arm64`
    pub architecture: String,
    /// such as `v8`
    pub variant: Option<String>,
    /// such as `10.0.14393.1066`
    pub os_version: Option<String>,
    /// such as `win32k`
    pub os_features: Texts,
}

const FIELDS: [&str; 8] =
    ["mediaType", "digest", "size", "artifactType", "annotations", "platform", "urls", "data"];
const PLATFORM_FIELDS: [&str; 5] = ["architecture", "os", "os.version", "os.features", "variant"];

/// Go's decoder takes base64 whose last bits are no zeros.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

impl Descriptor {
    /// Reads a descriptor that stands alone, such as one that [`Manifest::referrer_descriptor`]
    /// wrote. `None` if it is not one.
    ///
    /// [`Manifest::referrer_descriptor`]: crate::Manifest::referrer_descriptor
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = By(AsDescriptor).deserialize(&mut json).ok()?;
        json.end().ok()?;
        read.ok()?
    }

    /// Whether a registry need not hold the content.
    pub fn is_foreign_layer(&self) -> bool {
        media_type::is_foreign_layer(&self.media_type)
    }
}

/// Reads a descriptor. Null is none, which only a subject may be.
pub(crate) struct AsDescriptor;

impl<'de> Read<'de> for AsDescriptor {
    type Value = Result<Option<Descriptor>, InvalidManifest>;

    fn other(self) -> Self::Value {
        Err(no_object())
    }

    fn null(self) -> Self::Value {
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(entries, &FIELDS);
        let mut written = Written::default();
        let mut mistaken = None;
        while let Some(key) = entries.next()? {
            match key {
                Key::Known("mediaType") => written.media_type = entries.value(AsScalar)?,
                Key::Known("digest") => written.digest = entries.value(AsScalar)?,
                Key::Known("size") => written.size = entries.value(AsScalar)?,
                Key::Known("artifactType") => written.artifact_type = entries.value(AsScalar)?,
                Key::Known("annotations") => written.annotations = entries.value(AsAnnotations)?,
                Key::Known("platform") => written.platform = entries.value(AsPlatform)?,
                Key::Known("urls") => written.urls = entries.value(AsTexts)?,
                Key::Known(_) => written.data = entries.value(AsScalar)?,
                other => skip(other, &mut entries, &mut mistaken)?,
            }
        }
        Ok(mistaken.map_or_else(|| written.check().map(Some), Err))
    }
}

/// The fields of a descriptor, before anything is asked of them.
struct Written {
    media_type: Scalar,
    digest: Scalar,
    size: Scalar,
    artifact_type: Scalar,
    annotations: Result<Annotations, Wrong>,
    platform: Result<Option<Box<Platform>>, InvalidManifest>,
    urls: Result<Texts, Wrong>,
    data: Scalar,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            media_type: Scalar::Nothing,
            digest: Scalar::Nothing,
            size: Scalar::Nothing,
            artifact_type: Scalar::Nothing,
            annotations: Ok(Annotations::default()),
            platform: Ok(None),
            urls: Ok(Texts::default()),
            data: Scalar::Nothing,
        }
    }
}

impl Written {
    fn check(self) -> Result<Descriptor, InvalidManifest> {
        let digest = text("digest", self.digest)?
            .ok_or_else(|| InvalidManifest::at_key("digest", "is missing"))?;
        let digest = Digest::parse(&digest)
            .map_err(|invalid| InvalidManifest::at_key("digest", invalid.to_string()))?;
        let size = match self.size {
            Scalar::Number(size) if i64::try_from(size).is_ok() => size,
            _ => {
                let what = "must be a whole number of bytes, from 0 to 2^63 - 1";
                return Err(InvalidManifest::at_key("size", what));
            }
        };
        Ok(Descriptor {
            media_type: text("mediaType", self.media_type)?.unwrap_or_default(),
            artifact_type: filled("artifactType", self.artifact_type)?,
            annotations: annotations(self.annotations)?,
            platform: self.platform?,
            urls: texts("urls", self.urls)?,
            data: data(filled("data", self.data)?, &digest, size)?,
            digest,
            size,
        })
    }
}

fn data(
    text: Option<String>,
    digest: &Digest,
    size: u64,
) -> Result<Option<Vec<u8>>, InvalidManifest> {
    let Some(mut text) = text else { return Ok(None) };
    // as Go's decoder does
    text.retain(|letter| !matches!(letter, '\r' | '\n'));
    let data = BASE64
        .decode(text)
        .map_err(|error| InvalidManifest::at_key("data", format!("must be base64 ({error})")))?;
    if data.len() as u64 != size || !digest.verifies(&data) {
        let what = "has content that does not match its size and digest";
        return Err(InvalidManifest::at_key("data", what));
    }
    Ok(Some(data))
}

/// Reads a platform; null is none.
struct AsPlatform;

impl<'de> Read<'de> for AsPlatform {
    type Value = Result<Option<Box<Platform>>, InvalidManifest>;

    fn other(self) -> Self::Value {
        Err(no_object().below("/platform"))
    }

    fn null(self) -> Self::Value {
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(entries, &PLATFORM_FIELDS);
        let (mut os, mut architecture, mut variant, mut os_version) = Default::default();
        let mut os_features = Ok(Texts::default());
        let mut mistaken = None;
        while let Some(key) = entries.next()? {
            match key {
                Key::Known("os") => os = entries.value(AsScalar)?,
                Key::Known("architecture") => architecture = entries.value(AsScalar)?,
                Key::Known("variant") => variant = entries.value(AsScalar)?,
                Key::Known("os.version") => os_version = entries.value(AsScalar)?,
                Key::Known(_) => os_features = entries.value(AsTexts)?,
                other => skip(other, &mut entries, &mut mistaken)?,
            }
        }
        let checked = || {
            mistaken.map_or(Ok(()), Err)?;
            Ok(Some(Box::new(Platform {
                os: text("os", os)?.unwrap_or_default(),
                architecture: text("architecture", architecture)?.unwrap_or_default(),
                variant: text("variant", variant)?,
                os_version: text("os.version", os_version)?,
                os_features: texts("os.features", os_features)?,
            })))
        };
        Ok(checked().map_err(|invalid: InvalidManifest| invalid.below("/platform")))
    }
}

/// Passes over a field that is none of the specification's, and notes one that a client in Go
/// takes for one.
pub(crate) fn skip<'de, A: MapAccess<'de>>(
    key: Key,
    entries: &mut Entries<A>,
    mistaken: &mut Option<InvalidManifest>,
) -> Result<(), A::Error> {
    if let Key::Mistaken(key, field) = key {
        let what = format!("has a key {key:?}, which clients read as {field:?}; rename it");
        mistaken.get_or_insert(InvalidManifest::new("", what));
    }
    entries.value(Skip)
}

pub(crate) fn no_object() -> InvalidManifest {
    InvalidManifest::new("", "must be an object")
}

/// A text, if there is one.
pub(crate) fn text(key: &str, written: Scalar) -> Result<Option<String>, InvalidManifest> {
    match written {
        Scalar::Nothing => Ok(None),
        Scalar::Text(text) => Ok(Some(text)),
        _ => Err(InvalidManifest::at_key(key, "must be a string")),
    }
}

/// A text, if there is one. An empty one is none: that is how Go writes it.
pub(crate) fn filled(key: &str, written: Scalar) -> Result<Option<String>, InvalidManifest> {
    Ok(text(key, written)?.filter(|text| !text.is_empty()))
}

fn texts(key: &str, written: Result<Texts, Wrong>) -> Result<Texts, InvalidManifest> {
    written.map_err(|Wrong| InvalidManifest::at_key(key, "must be a list of strings"))
}

pub(crate) fn annotations(
    written: Result<Annotations, Wrong>,
) -> Result<Annotations, InvalidManifest> {
    let what = "must map strings to strings";
    written.map_err(|Wrong| InvalidManifest::at_key("annotations", what))
}
