//! What a plugin reads natively: the scene that runs it on this thread.

use std::{cell::RefCell, fmt, io::Read, rc::Rc};

use roadstead_oci::{Algorithm, Hasher};

use super::{Scene, decode};
use crate::{
    Descriptor,
    bindings::roadstead::admission::{content::ReadError, log::Level, types::Annotation},
};

thread_local! {
    static SCENE: RefCell<Option<Rc<Scene>>> = const { RefCell::new(None) };
}

/// Runs `work` in a scene.
pub(super) fn with<T>(scene: &Scene, work: impl FnOnce() -> T) -> T {
    /// also after a panic
    struct Leave(Option<Rc<Scene>>);
    impl Drop for Leave {
        fn drop(&mut self) {
            SCENE.set(self.0.take());
        }
    }
    let _leave = Leave(SCENE.replace(Some(Rc::new(scene.clone()))));
    work()
}

fn scene() -> Option<Rc<Scene>> {
    SCENE.with_borrow(Clone::clone)
}

fn asked() -> Option<Rc<Scene>> {
    let scene = scene()?;
    assert!(scene.view.is_manifest, "context is for the review of a manifest, not of a blob");
    scene.asked_context.set(true);
    Some(scene)
}

/// Bytes that can be read anywhere.
#[derive(Debug)]
pub(crate) struct Blob {
    bytes: Rc<[u8]>,
    read_bytes_max: usize,
}

impl Blob {
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn read(&self, offset: u64, len: u32) -> Result<Vec<u8>, ReadError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let len = (len as usize).min(self.read_bytes_max);
        let end = start.saturating_add(len).min(self.bytes.len());
        Ok(self.bytes[start..end].to_vec())
    }
}

/// Bytes that are decoded as they are read.
pub(crate) struct Decoded {
    decoder: decode::Decoder,
    read_bytes_max: usize,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").finish_non_exhaustive()
    }
}

impl Decoded {
    pub(crate) fn read(&mut self, len: u32) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let len = u64::from(len).min(self.read_bytes_max as u64);
        (&mut self.decoder)
            .take(len)
            .read_to_end(&mut bytes)
            .map_err(|error| decode::error(&error))?;
        Ok(bytes)
    }

    pub(crate) fn skip(&mut self, len: u64) -> Result<u64, ReadError> {
        let mut rest = (&mut self.decoder).take(len);
        std::io::copy(&mut rest, &mut std::io::sink()).map_err(|error| decode::error(&error))
    }
}

fn find(digest: &str) -> Result<(Rc<Scene>, Rc<[u8]>), ReadError> {
    let named = scene().filter(|scene| scene.view.named.contains(digest));
    let scene = named.ok_or_else(|| ReadError::NotNamed(digest.to_owned()))?;
    let bytes = scene.blobs.get(digest).cloned();
    Ok((scene, bytes.ok_or_else(|| ReadError::Absent(digest.to_owned()))?))
}

pub(crate) fn open(digest: &str) -> Result<Blob, ReadError> {
    let (scene, bytes) = find(digest)?;
    Ok(Blob { bytes, read_bytes_max: scene.read_bytes_max })
}

pub(crate) fn open_decoded(digest: &str) -> Result<Decoded, ReadError> {
    let (scene, bytes) = find(digest)?;
    Ok(Decoded { decoder: decode::Decoder::new(&bytes), read_bytes_max: scene.read_bytes_max })
}

pub(crate) fn decoded_digest(digest: &str) -> Result<String, ReadError> {
    let (_, bytes) = find(digest)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut decoder = decode::Decoder::new(&bytes);
    let mut chunk = vec![0; 1 << 16];
    loop {
        match decoder.read(&mut chunk).map_err(|error| decode::error(&error))? {
            0 => return Ok(hasher.finish().to_string()),
            len => hasher.update(&chunk[..len]),
        }
    }
}

pub(crate) fn now() -> u64 {
    asked().map_or(0, |scene| scene.now)
}

pub(crate) fn manifest(digest: &str) -> Option<Descriptor> {
    let scene = asked()?;
    let found = scene.stored.iter().find(|stored| stored.descriptor.digest == digest)?;
    Some(found.descriptor.clone())
}

pub(crate) fn referrers(subject: &str, artifact_type: Option<&str>) -> Vec<Descriptor> {
    let Some(scene) = asked() else { return Vec::new() };
    let wanted = |descriptor: &Descriptor| {
        artifact_type.is_none() || artifact_type == descriptor.artifact_type.as_deref()
    };
    let of_subject =
        scene.stored.iter().filter(|stored| stored.subject.as_deref() == Some(subject));
    of_subject.map(|stored| stored.descriptor.clone()).filter(wanted).collect()
}

pub(crate) fn annotations(manifest: &str, plugin: &str) -> Vec<Annotation> {
    let Some(scene) = asked() else { return Vec::new() };
    let found = scene.stored.iter().filter(|stored| stored.descriptor.digest == manifest);
    let annotations = found.flat_map(|stored| &stored.annotations);
    annotations.filter(|(by, _)| by == plugin).map(|(_, annotation)| annotation.clone()).collect()
}

pub(crate) fn log(level: Level, message: &str) {
    let Some(scene) = scene() else { return };
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    scene.log.borrow_mut().push(format!("{level}: {message}"));
}

// A test's manifest brings the answers along, so nobody comes here.

pub(crate) fn tags() -> Vec<String> {
    Vec::new()
}

pub(crate) fn has_other_tag(_than: &str) -> bool {
    false
}

pub(crate) fn principal() -> Option<String> {
    None
}
