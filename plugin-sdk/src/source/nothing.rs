//! Natively, without the feature `testing`: there is nothing to read, and nobody to tell.

use crate::{
    Descriptor,
    bindings::roadstead::admission::{content::ReadError, log::Level, types::Annotation},
};

/// None can be opened.
#[derive(Debug)]
pub(crate) enum Blob {}

/// None can be opened.
#[derive(Debug)]
pub(crate) enum Decoded {}

impl Blob {
    pub(crate) fn size(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn read(&self, _offset: u64, _len: u32) -> Result<Vec<u8>, ReadError> {
        match *self {}
    }
}

impl Decoded {
    pub(crate) fn read(&self, _len: u32) -> Result<Vec<u8>, ReadError> {
        match *self {}
    }

    pub(crate) fn skip(&self, _len: u64) -> Result<u64, ReadError> {
        match *self {}
    }
}

pub(crate) fn open(digest: &str) -> Result<Blob, ReadError> {
    Err(ReadError::NotNamed(digest.to_owned()))
}

pub(crate) fn open_decoded(digest: &str) -> Result<Decoded, ReadError> {
    Err(ReadError::NotNamed(digest.to_owned()))
}

pub(crate) fn decoded_digest(digest: &str) -> Result<String, ReadError> {
    Err(ReadError::NotNamed(digest.to_owned()))
}

pub(crate) fn now() -> u64 {
    0
}

pub(crate) fn manifest(_digest: &str) -> Option<Descriptor> {
    None
}

pub(crate) fn referrers(_subject: &str, _artifact_type: Option<&str>) -> Vec<Descriptor> {
    Vec::new()
}

pub(crate) fn annotations(_manifest: &str, _plugin: &str) -> Vec<Annotation> {
    Vec::new()
}

pub(crate) fn log(_level: Level, _message: &str) {}

pub(crate) fn tags() -> Vec<String> {
    Vec::new()
}

pub(crate) fn has_other_tag(_than: &str) -> bool {
    false
}

pub(crate) fn principal() -> Option<String> {
    None
}
