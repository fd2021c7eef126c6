//! The folder on local disk, which one process owns.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use object_store::local::LocalFileSystem;

use crate::{Error, Result, backend::Backend, backend::is_staging};

/// `--data DIR`: `objects/` (the layout, nothing else), `lock`, `socket`, `cache/`.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// held as long as the folder is
    lock: File,
}

impl DataFolder {
    /// Takes the folder, which is made for its owner's eyes only if it is missing. Only one process
    /// may have it.
    pub fn take(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let io = |error| Error::io(&name, error);
        make(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock }),
            Err(TryLockError::Error(error)) => Err(io(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder).map_err(io)?;
                let holder = holder.lines().collect::<Vec<_>>().join(", ");
                Err(Error::InUse { folder: name, holder })
            }
        }
    }

    /// The folder itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says in the lock file who holds the folder, a `key=value` a line, for other commands.
    pub fn announce(&mut self, holder: &[(&str, &str)]) -> Result<()> {
        let lines: Vec<_> = holder.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let text = lines.join("\n") + "\n";
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            lock.write_all(text.as_bytes())
        };
        write(&mut self.lock).map_err(|error| Error::io("lock", error))
    }

    /// What the holder of a folder announced under `key`.
    pub fn announced(path: &Path, key: &str) -> Option<String> {
        let text = fs::read_to_string(path.join("lock")).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.map(ToOwned::to_owned)
    }

    pub(crate) fn backend(&self, fsync: bool) -> Result<Backend> {
        let objects = self.path.join("objects");
        // not before: a start that fails must not leave what looks like an empty registry
        make(&objects).map_err(|error| Error::io("objects", error))?;
        let store = LocalFileSystem::new_with_prefix(&objects)
            .map_err(|error| Error::backend("objects", error))?;
        Ok(Backend::on_disk(Arc::new(store.with_fsync(fsync)), objects, fsync))
    }

    /// Removes the staging files that a killed process left: those older than `started`.
    ///
    /// `object_store` can neither list nor delete them. Blocks; run it off the I/O workers. Answers
    /// how many it removed.
    pub fn sweep(&self, started: SystemTime) -> io::Result<usize> {
        sweep(&self.path.join("objects"), started)
    }
}

/// Makes a folder that only its owner can look into, unless it is there.
fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sweep(folder: &Path, started: SystemTime) -> io::Result<usize> {
    let mut removed = 0;
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let entries = match fs::read_dir(folder) {
        Err(error) if gone(&error) => return Ok(0),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            removed += sweep(&entry.path(), started)?;
        } else if entry.file_name().to_str().is_some_and(is_staging) {
            let modified = entry.metadata().and_then(|meta| meta.modified());
            if modified.is_ok_and(|modified| modified < started) {
                fs::remove_file(entry.path())
                    .or_else(|e| if gone(&e) { Ok(()) } else { Err(e) })?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}
