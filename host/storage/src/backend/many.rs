//! Calls for many keys at once.
//!
//! On local disk they share one blocking job, or a few: handing each file to a thread of its own
//! costs more than the system calls.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{Backend, Fault, Operation, blocking, each_name, injected, is_staging, read_names};
use crate::{Error, Result};

/// Requests to a bucket at a time.
const REQUESTS_AT_ONCE: usize = 64;
/// Reads from a bucket at a time. Each can return a descriptor of some MiB.
const READS_AT_ONCE: usize = 16;
/// Jobs that wait for the disk at a time. The file system commits what they wait for together.
const SYNCS_AT_ONCE: usize = 8;

impl Backend {
    /// Writes empty objects, whose names say everything. All of them are durable when it returns.
    ///
    /// They are written first and synced afterwards: where the file system has a journal, one
    /// commit of it serves nearly all of them.
    pub(crate) async fn put_names(&self, keys: &BTreeSet<String>) -> Result<()> {
        // a hook can fail any of them, as if each had a call of its own
        let (mut now, mut failed) = (Vec::new(), None);
        for key in keys {
            let fault = self.fault(Operation::Put, key);
            if fault != Some(Fault::Before) {
                now.push(key.clone());
            }
            if fault.is_some() {
                failed = Some(injected(key));
                break;
            }
        }
        if let Some(folder) = &self.folder {
            self.put_names_on_disk(folder, now).await?;
        } else {
            let puts = stream::iter(now.iter().map(Ok));
            let put = async |key: &String| self.put_unhooked(key, Bytes::new()).await;
            puts.try_for_each_concurrent(REQUESTS_AT_ONCE, put).await?;
        }
        failed.map_or(Ok(()), Err)
    }

    async fn put_names_on_disk(&self, folder: &Path, keys: Vec<String>) -> Result<()> {
        let Some(first) = keys.first().cloned() else { return Ok(()) };
        let failed = |error| Error::io(&first, error);
        let folder = folder.to_owned();
        let paths = blocking(move || create_empty(&folder, &keys)).await.map_err(failed)?;
        if !self.fsync {
            return Ok(());
        }
        let share = paths.len().div_ceil(SYNCS_AT_ONCE).max(1);
        let shares: Vec<_> = paths.chunks(share).map(<[PathBuf]>::to_vec).collect();
        let syncs = shares.into_iter().map(|share| blocking(move || sync_all(&share)));
        futures::future::try_join_all(syncs).await.map_err(failed)?;
        Ok(())
    }

    /// What is at each of some keys, from the first key on, until `bytes_max` bytes were read.
    /// Answers for at least one key.
    pub(crate) async fn read_some(
        &self,
        keys: Vec<String>,
        bytes_max: usize,
    ) -> Result<Vec<Option<Bytes>>> {
        for key in &keys {
            if self.fault(Operation::Read, key).is_some() {
                return Err(injected(key));
            }
        }
        if let Some(folder) = self.folder.clone() {
            let read = blocking(move || Ok(read_files(&folder, &keys, bytes_max))).await;
            return read.map_err(|error| Error::io("objects", error))?;
        }
        let reads = stream::iter(keys).map(|key| async move { self.read_unhooked(&key).await });
        let mut reads = reads.buffered(READS_AT_ONCE);
        let (mut found, mut bytes) = (Vec::new(), 0);
        while bytes < bytes_max
            && let Some(read) = reads.try_next().await?
        {
            bytes += read.as_ref().map_or(0, Bytes::len);
            found.push(read);
        }
        Ok(found)
    }

    /// The names in each of some folders, in no order.
    pub(crate) async fn names_in_each(&self, folders: Vec<String>) -> Result<Vec<Vec<String>>> {
        for folder in &folders {
            if self.fault(Operation::Names, folder).is_some() {
                return Err(injected(folder));
            }
        }
        if let Some(root) = self.folder.clone() {
            let read =
                move || folders.iter().map(|folder| read_names(&root.join(folder))).collect();
            return blocking(read).await.map_err(|error| Error::io("objects", error));
        }
        let listed =
            stream::iter(folders).map(|folder| async move { self.names_listed(&folder).await });
        listed.buffered(REQUESTS_AT_ONCE).try_collect().await
    }

    /// The first `limit` of what `map` makes of the names directly below `prefix`, in byte order.
    ///
    /// On local disk no more of them than these are in memory, however many names there are.
    pub(crate) async fn first_names(
        &self,
        prefix: &str,
        limit: usize,
        map: impl Fn(String) -> Option<String> + Send + 'static,
    ) -> Result<Vec<String>> {
        let names = async {
            let mut first = First { limit, names: BTreeSet::new() };
            if let Some(folder) = &self.folder {
                let folder = folder.join(prefix);
                let read = move || {
                    each_name(&folder, |name| first.offer(map(name)))?;
                    Ok(first)
                };
                first = blocking(read).await.map_err(|error| Error::io(prefix, error))?;
            } else {
                for name in self.names_listed(prefix).await? {
                    first.offer(map(name));
                }
            }
            Ok(first.names.into_iter().collect())
        };
        self.hooked_call(Operation::Names, prefix, names).await
    }

    /// The keys of all objects below `prefix`, relative to it, in byte order.
    pub(crate) async fn keys_below(&self, prefix: &str) -> Result<Vec<String>> {
        let keys = async {
            let mut keys = Vec::new();
            if let Some(root) = &self.folder {
                let root = root.join(prefix);
                let walk = move || walk(&root, "", &mut keys).map(|()| keys);
                keys = blocking(walk).await.map_err(|error| Error::io(prefix, error))?;
            } else {
                let root = super::path(prefix)?;
                let mut listed = self.store.list(Some(&root));
                while let Some(meta) = listed.next().await {
                    let location = meta.map_err(|error| Error::backend(prefix, error))?.location;
                    let parts = location.prefix_match(&root).into_iter().flatten();
                    let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                    keys.push(parts.join("/"));
                }
            }
            keys.sort_unstable();
            Ok(keys)
        };
        self.hooked_call(Operation::Names, prefix, keys).await
    }
}

/// The first of some names that come in any order.
struct First {
    limit: usize,
    names: BTreeSet<String>,
}

impl First {
    fn offer(&mut self, name: Option<String>) {
        self.names.extend(name);
        if self.names.len() > self.limit {
            self.names.pop_last();
        }
    }
}

/// Makes empty files, and the folders that they lack. Returns whatever has to be synced: the files,
/// since not every file system writes a new inode with its folder, and all folders that lead to
/// them, since another push may have made one and not have synced it yet.
fn create_empty(root: &Path, keys: &[String]) -> io::Result<Vec<PathBuf>> {
    let mut folders = BTreeSet::new();
    for key in keys {
        let path = root.join(key);
        let create = || File::options().write(true).create_new(true).open(&path);
        let above = path.ancestors().skip(1).take_while(|folder| *folder != root);
        match create() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(root))?;
                create()?;
            }
            created => drop(created?),
        }
        for folder in above {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
    }
    folders.insert(root.to_owned());
    Ok(keys.iter().map(|key| root.join(key)).chain(folders).collect())
}

fn sync_all(paths: &[PathBuf]) -> io::Result<()> {
    paths.iter().try_for_each(|path| File::open(path)?.sync_all())
}

fn read_files(root: &Path, keys: &[String], bytes_max: usize) -> Result<Vec<Option<Bytes>>> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    for key in keys {
        let read = match fs::read(root.join(key)) {
            Ok(read) => Some(Bytes::from(read)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io(key, error)),
        };
        bytes += read.as_ref().map_or(0, Bytes::len);
        found.push(read);
        if bytes >= bytes_max {
            break;
        }
    }
    Ok(found)
}

fn walk(folder: &Path, below: &str, keys: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{below}{name}/"), keys)?;
        } else if !is_staging(&name) {
            keys.push(format!("{below}{name}"));
        }
    }
    Ok(())
}
