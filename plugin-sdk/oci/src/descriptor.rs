//! Descriptors (image-spec `descriptor.md`).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::{Digest, invalid::InvalidManifest, json::mistaken_for, media_type};

/// A reference to content: what it is, how long, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// as written, with its parameters
    pub media_type: String,
    /// of the content
    pub digest: Digest,
    /// bytes
    pub size: u64,
    /// what kind of artifact the content is, if it says so
    pub artifact_type: Option<String>,
    /// key and value
    pub annotations: BTreeMap<String, String>,
    /// of a child of an index
    pub platform: Option<Platform>,
    /// where the content can be had elsewhere
    pub urls: Vec<String>,
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
    pub os_features: Vec<String>,
}

const FIELDS: [&str; 8] =
    ["mediaType", "digest", "size", "artifactType", "annotations", "platform", "urls", "data"];
const PLATFORM_FIELDS: [&str; 5] = ["architecture", "os", "os.version", "os.features", "variant"];

impl Descriptor {
    pub(crate) fn read(value: &Value, at: &str) -> Result<Self, InvalidManifest> {
        let object = Object::of(value, at, &FIELDS)?;
        let digest = Digest::parse(object.required_text("digest")?)
            .map_err(|invalid| object.invalid("digest", invalid.to_string()))?;
        let size = match object.value("size") {
            Some(value) => value.as_i64().and_then(|size| u64::try_from(size).ok()),
            None => None,
        };
        let size = size.ok_or_else(|| {
            object.invalid("size", "must be a whole number of bytes, from 0 to 2^63 - 1".into())
        })?;
        let descriptor = Self {
            media_type: object.media_type("mediaType")?.ok_or_else(|| {
                object.invalid("mediaType", "is missing; name the type of the content".into())
            })?,
            artifact_type: object.media_type("artifactType")?,
            annotations: object.annotations()?,
            platform: object.value("platform").map(|v| Platform::read(v, at)).transpose()?,
            urls: object.urls()?,
            data: object.data(&digest, size)?,
            digest,
            size,
        };
        Ok(descriptor)
    }

    /// Whether a registry need not hold the content.
    pub fn is_foreign_layer(&self) -> bool {
        media_type::is_foreign_layer(&self.media_type)
    }
}

impl Platform {
    fn read(value: &Value, at: &str) -> Result<Self, InvalidManifest> {
        let at = format!("{at}/platform");
        let object = Object::of(value, &at, &PLATFORM_FIELDS)?;
        let text = |key| Ok(object.text(key)?.map(ToOwned::to_owned));
        Ok(Self {
            os: text("os")?.unwrap_or_default(),
            architecture: text("architecture")?.unwrap_or_default(),
            variant: text("variant")?,
            os_version: text("os.version")?,
            os_features: object.texts("os.features")?,
        })
    }
}

/// An object of the specification, with the place where it stands.
pub(crate) struct Object<'a> {
    at: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// Refuses a key that a Go client would take for one of `known`.
    pub(crate) fn of(
        value: &'a Value,
        at: &'a str,
        known: &[&str],
    ) -> Result<Self, InvalidManifest> {
        let Value::Object(fields) = value else {
            return Err(InvalidManifest::new(at, "must be an object"));
        };
        for key in fields.keys() {
            if let Some(field) = mistaken_for(key, known) {
                let what =
                    format!("has a key {key:?}, which clients take for {field:?}; rename it");
                return Err(InvalidManifest::new(at, what));
            }
        }
        Ok(Self { at, fields })
    }

    pub(crate) fn invalid(&self, key: &str, what: String) -> InvalidManifest {
        InvalidManifest::new(&format!("{}/{}", self.at, key.replace('~', "~0")), what)
    }

    /// A field that is there and not null: to Go's decoder null is as good as nothing.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there at all, null or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, InvalidManifest> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(key, "must be a string".into())),
        }
    }

    fn required_text(&self, key: &str) -> Result<&'a str, InvalidManifest> {
        self.text(key)?.ok_or_else(|| self.invalid(key, "is missing".into()))
    }

    pub(crate) fn list(&self, key: &str) -> Result<&'a [Value], InvalidManifest> {
        match self.value(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.invalid(key, "must be a list".into())),
        }
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, InvalidManifest> {
        let text = |item: &Value| item.as_str().map(ToOwned::to_owned);
        let texts: Option<_> = self.list(key)?.iter().map(text).collect();
        texts.ok_or_else(|| self.invalid(key, "must be a list of strings".into()))
    }

    /// An empty one is none: that is how Go writes it.
    pub(crate) fn media_type(&self, key: &str) -> Result<Option<String>, InvalidManifest> {
        let Some(text) = self.text(key)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        if !media_type::is_valid(text) {
            let text: String = text.chars().take(80).collect();
            return Err(self.invalid(key, format!("is {text:?}, which is no media type")));
        }
        Ok(Some(text.to_owned()))
    }

    pub(crate) fn annotations(&self) -> Result<BTreeMap<String, String>, InvalidManifest> {
        let invalid = || self.invalid("annotations", "must map strings to strings".into());
        let pairs = match self.value("annotations") {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(pairs)) => pairs,
            Some(_) => return Err(invalid()),
        };
        let pair =
            |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        pairs.iter().map(pair).collect::<Option<_>>().ok_or_else(invalid)
    }

    fn urls(&self) -> Result<Vec<String>, InvalidManifest> {
        let urls = self.texts("urls")?;
        let web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if urls.iter().all(web) {
            Ok(urls)
        } else {
            Err(self.invalid("urls", "may only hold http and https URLs".into()))
        }
    }

    fn data(&self, digest: &Digest, size: u64) -> Result<Option<Vec<u8>>, InvalidManifest> {
        let Some(text) = self.text("data")?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let data = STANDARD
            .decode(text)
            .map_err(|error| self.invalid("data", format!("must be base64 ({error})")))?;
        if data.len() as u64 != size || !digest.verifies(&data) {
            let what = "holds other content than size and digest say";
            return Err(self.invalid("data", what.into()));
        }
        Ok(Some(data))
    }
}
