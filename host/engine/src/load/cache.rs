//! Compiled code on disk, so that a start need not compile again.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use wasmtime::{Engine, component::Component};

use roadstead_oci::Digest;

/// What files of compiled code are called; those that are being written end in [`STAGED`].
const COMPILED: &str = "cwasm";
const STAGED: &str = "new";

/// A folder of compiled components, which only the server can write.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// everything about engine and machine that code depends on
    engine: String,
}

impl Cache {
    /// Makes the folder, for this user alone, and removes what this engine can't use.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let cache = Self { folder: folder.to_owned(), engine: format!("{:016x}", hasher.finish()) };
        cache.check_owner()?;
        cache.sweep()?;
        Ok(cache)
    }

    /// The component, if its code is here and usable.
    pub(crate) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(digest);
        let unusable = |error: &dyn std::fmt::Display| {
            tracing::warn!(path = %path.display(), %error, "compiled code is not usable");
        };
        match fs::metadata(&path) {
            Ok(_) => component(engine, Code::File(&path)).inspect_err(|e| unusable(e)).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                unusable(&error);
                None
            }
        }
    }

    /// A component's code, if it is here.
    pub(crate) fn code(&self, digest: &Digest) -> Option<Vec<u8>> {
        fs::read(self.path(digest)).ok()
    }

    /// Keeps a component's code, and answers whether it is kept. A cache that can't be written
    /// only costs time and memory.
    pub(crate) fn keep(&self, digest: &Digest, code: &[u8]) -> bool {
        let path = self.path(digest);
        let kept = Self::write(&path, code);
        if let Err(error) = &kept {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be cached");
        }
        kept.is_ok()
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{}.{COMPILED}", digest.hex(), self.engine))
    }

    fn write(path: &Path, code: &[u8]) -> io::Result<()> {
        let staged = staged(path);
        let written = File::create_new(&staged).and_then(|mut file| {
            file.write_all(code)?;
            file.sync_all()?;
            fs::rename(&staged, path)
        });
        if written.is_err() {
            // it may not even exist
            drop(fs::remove_file(&staged));
        }
        written
    }

    /// A folder of somebody else's would let him choose what this process runs.
    fn check_owner(&self) -> io::Result<()> {
        let probe = staged(&self.folder.join("owner"));
        let ours = File::create_new(&probe).and_then(|file| file.metadata()).map(|m| m.uid());
        drop(fs::remove_file(&probe));
        if ours? == fs::symlink_metadata(&self.folder)?.uid() {
            return Ok(());
        }
        let what = format!("{} belongs to another user", self.folder.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
    }

    /// What an interrupted write left, and code for another engine. Others may be writing now.
    fn sweep(&self) -> io::Result<()> {
        const WRITTEN_WITHIN: Duration = Duration::from_hours(1);
        let current = format!("-{}.{COMPILED}", self.engine);
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let left = || path.metadata().and_then(|found| found.modified()).ok();
            let left =
                || left().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > WRITTEN_WITHIN);
            let useless = name.ends_with(COMPILED) && !name.ends_with(&current);
            if useless || (name.ends_with(STAGED) && left()) {
                drop(fs::remove_file(&path));
            }
        }
        Ok(())
    }
}

/// Compiled code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code<'a> {
    /// in memory, of which a copy is made
    Bytes(&'a [u8]),
    /// in a file, of which only what is used comes into memory
    File(&'a Path),
}

/// The component that was compiled to this code.
#[expect(unsafe_code, reason = "wasmtime loads compiled code no other way")]
pub(crate) fn component(engine: &Engine, code: Code<'_>) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime's compiler must have made the code, and nobody may change the file while it
    // is mapped. The code comes from one of four places:
    // - this process compiled it;
    // - the same binary compiled it in a child process, and only we hold the pipe to that;
    // - the binary carries it behind its own end, with a checksum;
    // - it is in the cache's folder, which belongs to the user that this process runs as and has
    //   mode 0700. The folder is beside the store, not in it.
    // A pusher can reach none of these. Whoever can write to the folder, or stop and change our
    // processes, can also replace the server's binary. A file is synced before it is renamed into
    // place, and nobody writes to it afterwards, so a crash leaves no partial file. wasmtime itself
    // refuses code of another version or machine.
    unsafe {
        match code {
            Code::Bytes(bytes) => Component::deserialize(engine, bytes),
            Code::File(path) => Component::deserialize_file(engine, path),
        }
    }
}

/// A name that nobody else writes to, not even another load of the same component.
fn staged(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_added_extension(format!("{}-{count}.{STAGED}", std::process::id()))
}
