//! Compiled code on disk, so that a start need not compile again.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use wasmtime::{Engine, component::Component};

use roadstead_oci::Digest;

/// A folder of compiled components, which only the server can write.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Makes the folder, for this user alone.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The component's code, compiled now or before.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        digest: &Digest,
        bytes: &[u8],
    ) -> wasmtime::Result<Component> {
        let path = self.path(engine, digest);
        if let Some(component) = Self::read(engine, &path) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes)?;
        // a cache that can't be written only costs time
        if let Err(error) = Self::write(&path, &component.serialize()?) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept");
        }
        Ok(component)
    }

    /// By component, and by everything about engine and machine that code depends on.
    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.folder.join(format!("{}-{:016x}.cwasm", digest.hex(), hasher.finish()))
    }

    #[expect(unsafe_code, reason = "wasmtime loads compiled code no other way")]
    fn read(engine: &Engine, path: &Path) -> Option<Component> {
        if !path.exists() {
            return None;
        }
        // SAFETY: the file must be what `Component::serialize` wrote. The folder is created by
        // this process with mode 0700 and lies beside the store, never in it, so no pusher can
        // reach it; whoever can write there can replace the server's binary as well. Files are
        // renamed into place whole. wasmtime itself refuses code of another version or machine.
        match unsafe { Component::deserialize_file(engine, path) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code is not usable");
                None
            }
        }
    }

    fn write(path: &Path, code: &[u8]) -> io::Result<()> {
        let staged = path.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&staged, code)?;
        fs::rename(staged, path)
    }
}
