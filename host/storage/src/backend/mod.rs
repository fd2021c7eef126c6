//! The one place that calls the object store.
//!
//! On local disk names are read from the folder itself: `LocalFileSystem::list` stats each entry
//! after it read the folder and drops what vanished meanwhile, so a tag that always existed would
//! be absent now and then while it moves.

mod file;
mod many;
pub(crate) mod segment;
pub(crate) mod walk;

use std::{collections::BTreeMap, fmt, io, ops::Range, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::StreamExt;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    PutPayload, path::Path,
};
use tracing::Instrument;

use crate::{Error, Result};

/// What a call does to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Writes a whole object.
    Put,
    /// Writes a whole object unless it exists.
    Create,
    /// Begins a large object, which leaves a staging file on local disk.
    Begin,
    /// Writes a part of a large object that nobody sees yet.
    Part,
    /// Makes a large object visible.
    Complete,
    /// Deletes an object.
    Delete,
    /// Reads an object, or a range of it.
    Read,
    /// Reads the names below a prefix.
    Names,
}

/// What a hook wants of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and did nothing.
    Before,
    /// The call did its work, and the answer is lost.
    After,
}

/// Sees each call to the store, and can make it fail. For tests of what faults leave behind.
pub type Hook = Arc<dyn Fn(Operation, &str) -> Option<Fault> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Backend {
    store: Arc<dyn ObjectStore>,
    /// where the objects lie on local disk
    folder: Option<Arc<PathBuf>>,
    fsync: bool,
    hook: Option<Hook>,
}

impl Backend {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None, fsync: false, hook: None }
    }

    pub(crate) fn on_disk(store: Arc<dyn ObjectStore>, folder: PathBuf, fsync: bool) -> Self {
        Self { store, folder: Some(Arc::new(folder)), fsync, hook: None }
    }

    pub(crate) fn hooked(self, hook: Hook) -> Self {
        Self { hook: Some(hook), ..self }
    }

    /// Writes an object whole, durably. No key is written twice.
    pub(crate) async fn put(&self, key: &str, body: impl Into<PutPayload> + Send) -> Result<()> {
        self.hooked_call(Operation::Put, key, self.put_unhooked(key, body)).await
    }

    async fn put_unhooked(&self, key: &str, body: impl Into<PutPayload> + Send) -> Result<()> {
        self.store.put(&path(key)?, body.into()).await.map_err(|e| Error::backend(key, e))?;
        Ok(())
    }

    /// Writes an object whole unless it exists; false when it does.
    pub(crate) async fn create(&self, key: &str, body: Bytes) -> Result<bool> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let create = async {
            match self.store.put_opts(&path(key)?, body.into(), options).await {
                Ok(_) => Ok(true),
                Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(Error::backend(key, error)),
            }
        };
        self.hooked_call(Operation::Create, key, create).await
    }

    /// What stands at a key, or else is put there. Reads first, so that a store opens on a full
    /// disk.
    pub(crate) async fn made_once(&self, key: &str, fresh: Bytes) -> Result<Bytes> {
        if let Some(stored) = self.read(key).await? {
            return Ok(stored);
        }
        if self.create(key, fresh.clone()).await? {
            return Ok(fresh);
        }
        Ok(self.read(key).await?.unwrap_or_default())
    }

    /// Begins a large object, which nobody sees before it is complete.
    pub(crate) async fn begin(&self, key: &str) -> Result<Box<dyn MultipartUpload>> {
        let begin = async {
            self.store.put_multipart(&path(key)?).await.map_err(|e| Error::backend(key, e))
        };
        self.hooked_call(Operation::Begin, key, begin).await
    }

    /// An object, whole.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<Bytes>> {
        self.hooked_call(Operation::Read, key, self.read_unhooked(key)).await
    }

    async fn read_unhooked(&self, key: &str) -> Result<Option<Bytes>> {
        match self.store.get(&path(key)?).await {
            Ok(got) => Ok(Some(got.bytes().await.map_err(|error| Error::backend(key, error))?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::backend(key, error)),
        }
    }

    /// What is known of an object without reading it.
    pub(crate) async fn stamp(&self, key: &str) -> Result<Option<Stamp>> {
        let stamp = async {
            match self.store.head(&path(key)?).await {
                Ok(meta) => {
                    let tag = meta.e_tag.unwrap_or_else(|| meta.last_modified.to_rfc3339());
                    Ok(Some(Stamp { size: meta.size, tag }))
                }
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(Error::backend(key, error)),
            }
        };
        self.hooked_call(Operation::Read, key, stamp).await
    }

    /// Opens a range of an object. Its key exists, or the store is damaged.
    pub(crate) async fn open(&self, key: &str, range: Range<u64>) -> Result<Opened> {
        let options =
            GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let open = async {
            match self.store.get_opts(&path(key)?, options).await {
                Ok(got) if got.range == range => Ok(got.payload),
                Ok(_) => Err(Error::corrupt(key, "it is shorter than its record says")),
                Err(object_store::Error::NotFound { .. }) => {
                    Err(Error::corrupt(key, "it is missing"))
                }
                Err(error) => Err(Error::backend(key, error)),
            }
        };
        self.hooked_call(Operation::Read, key, open).await
    }

    /// Deletes an object, durably. One that is gone already is fine.
    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        let delete = async {
            match self.store.delete(&path(key)?).await {
                Ok(()) => self.sync_parent(key).await,
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(Error::backend(key, error)),
            }
        };
        self.hooked_call(Operation::Delete, key, delete).await
    }

    /// Deletes litter: nobody sees it, so neither a failure nor its return after a crash matters.
    pub(crate) async fn discard(&self, key: &str) {
        let delete = async {
            match self.store.delete(&path(key)?).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(Error::backend(key, error)),
            }
        };
        if let Err(error) = self.hooked_call(Operation::Delete, key, delete).await {
            let message =
                "an object could not be deleted; it stays as litter until it is collected";
            tracing::debug!(key, %error, message);
        }
    }

    /// The last components of what lies directly below `prefix`, in byte order.
    pub(crate) async fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let names = async {
            let mut names = match &self.folder {
                Some(folder) => names_on_disk(folder.join(prefix)).await,
                None => self.names_listed(prefix).await,
            }?;
            names.sort_unstable();
            Ok(names)
        };
        self.hooked_call(Operation::Names, prefix, names).await
    }

    /// What lies in the folders of a folder: for each of them its name and the names in it, in no
    /// order, as far as `map` wants them.
    pub(crate) async fn names_below<T: Send + 'static>(
        &self,
        prefix: &str,
        map: impl Fn(String, Vec<String>) -> Option<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        let names = async {
            if let Some(folder) = &self.folder {
                return names_below_on_disk(folder.join(prefix), map).await;
            }
            let root = path(prefix)?;
            let mut folders = BTreeMap::<String, Vec<String>>::new();
            let mut listed = self.store.list(Some(&root));
            while let Some(meta) = listed.next().await {
                let meta = meta.map_err(|error| Error::backend(prefix, error))?;
                let parts = meta.location.prefix_match(&root).map(Iterator::collect::<Vec<_>>);
                if let Some([folder, name]) = parts.as_deref() {
                    let names = folders.entry(folder.as_ref().to_owned()).or_default();
                    names.push(name.as_ref().to_owned());
                }
            }
            Ok(folders.into_iter().filter_map(|(folder, names)| map(folder, names)).collect())
        };
        self.hooked_call(Operation::Names, prefix, names).await
    }

    /// Removes a folder that nothing is in any more, and that nobody puts anything into now.
    pub(crate) async fn discard_folder(&self, prefix: &str) {
        let Some(folder) = &self.folder else { return };
        let path = folder.join(prefix);
        if let Err(error) = blocking(move || std::fs::remove_dir(path)).await {
            tracing::debug!(prefix, %error, "a folder could not be removed");
        }
    }

    /// Runs a task that makes very many calls; on local disk it gets a thread of its own.
    pub(crate) async fn walk<T: Send + 'static>(
        &self,
        walk: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match &self.folder {
            Some(_) => walk::alone(walk).await,
            None => walk.await,
        }
    }

    /// Runs several calls one after another. On local disk they all run in one other thread, since
    /// a hand-off between threads for each of them costs as much as most calls do. They must not
    /// wait for a lock, whose holder may wait for one of those threads.
    pub(crate) async fn job<T: Send + 'static>(
        &self,
        calls: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match &self.folder {
            Some(_) if !walk::is_outside() => {
                let calls = calls.in_current_span();
                ::blocking::unblock(|| walk::block_on(calls)).await
            }
            _ => calls.await,
        }
    }

    async fn names_listed(&self, prefix: &str) -> Result<Vec<String>> {
        let listed = self.store.list_with_delimiter(Some(&path(prefix)?)).await;
        let listed = listed.map_err(|error| Error::backend(prefix, error))?;
        let objects = listed.objects.into_iter().map(|meta| meta.location);
        let last = |path: Path| path.filename().map(ToOwned::to_owned);
        Ok(objects.chain(listed.common_prefixes).filter_map(last).collect())
    }

    /// `object_store` syncs the folder of what it writes, but not of what it deletes.
    async fn sync_parent(&self, key: &str) -> Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|_| self.fsync) else { return Ok(()) };
        let mut parent = folder.join(key);
        parent.pop();
        let sync = move || std::fs::File::open(parent)?.sync_all();
        match blocking(sync).await {
            // the folder went with its last entry
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|error| Error::io(key, error)),
        }
    }

    /// What the hook wants of a call.
    fn fault(&self, operation: Operation, key: &str) -> Option<Fault> {
        self.hook.as_ref().and_then(|hook| hook(operation, key))
    }

    /// Runs a call under the hook.
    pub(crate) async fn hooked_call<T>(
        &self,
        operation: Operation,
        key: &str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        walk::pause().await;
        let fault = self.fault(operation, key);
        if fault == Some(Fault::Before) {
            return Err(injected(key));
        }
        let result = call.await?;
        if fault == Some(Fault::After) { Err(injected(key)) } else { Ok(result) }
    }
}

/// What is known of an object without reading it.
pub(crate) struct Stamp {
    /// bytes
    pub(crate) size: u64,
    /// another one after each write
    pub(crate) tag: String,
}

/// What [`Backend::open`] found: a file on local disk, a stream elsewhere.
pub(crate) type Opened = object_store::GetResultPayload;

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backend({})", self.store)
    }
}

fn path(key: &str) -> Result<Path> {
    Path::parse(key).map_err(|error| Error::backend(key, error.into()))
}

fn injected(key: &str) -> Error {
    Error::io(key, io::Error::other("a fault was injected"))
}

/// Runs file system calls off the I/O workers, or in place if this thread has no runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    if walk::is_outside() {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Names in a folder, without the staging files of puts under way (`<key>#<digits>`).
async fn names_on_disk(folder: PathBuf) -> Result<Vec<String>> {
    let shown = folder.display().to_string();
    blocking(move || read_names(&folder)).await.map_err(|error| Error::io(&shown, error))
}

/// The same in each folder of a folder, in one go: a thread's hand-off for each would cost more
/// than the reading.
async fn names_below_on_disk<T: Send + 'static>(
    folder: PathBuf,
    map: impl Fn(String, Vec<String>) -> Option<T> + Send + 'static,
) -> Result<Vec<T>> {
    let shown = folder.display().to_string();
    let read = move || {
        let mut found = Vec::new();
        for name in read_names(&folder)? {
            let names = read_names(&folder.join(&name))?;
            found.extend(map(name, names));
        }
        Ok(found)
    };
    blocking(read).await.map_err(|error| Error::io(&shown, error))
}

/// Blocks.
fn read_names(folder: &std::path::Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    each_name(folder, |name| names.push(name))?;
    Ok(names)
}

/// Blocks.
fn each_name(folder: &std::path::Path, mut see: impl FnMut(String)) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string()
            && !is_staging(&name)
        {
            see(name);
        }
    }
    Ok(())
}

/// Whether a file is one that `object_store` stages a put in.
pub(crate) fn is_staging(name: &str) -> bool {
    name.contains('#')
}
