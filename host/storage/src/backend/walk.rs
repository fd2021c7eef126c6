//! Walks through the whole store on local disk, each in one thread.
//!
//! Inside the runtime, each file call is handed to a pool thread and its result handed back. That
//! costs more than the call, and the allocator keeps memory for each pool thread. Without a
//! runtime, `object_store` and [`super::blocking`] call the file system in place. So a walk gets a
//! thread without a runtime.

use std::{
    fs::ReadDir,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    vec,
};

use tokio::{runtime::Handle, sync::oneshot, task::yield_now};

use super::{Backend, Operation, is_staging};
use crate::{Error, Result};

/// The names in a folder, unordered and read lazily, so that a walk never holds a long list.
pub(crate) enum Entries {
    Folder(String, ReadDir),
    Listed(vec::IntoIter<String>),
}

impl Backend {
    /// Opens a folder for a walk. On local disk this and each `next` block the thread.
    pub(crate) async fn entries(&self, prefix: &str) -> Result<Entries> {
        let Some(folder) = &self.folder else {
            return Ok(Entries::Listed(self.names(prefix).await?.into_iter()));
        };
        let open = async {
            match folder.join(prefix).read_dir() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(Entries::Listed(Vec::new().into_iter()))
                }
                Err(error) => Err(Error::io(prefix, error)),
                Ok(entries) => Ok(Entries::Folder(prefix.to_owned(), entries)),
            }
        };
        self.hooked_call(Operation::Names, prefix, open).await
    }
}

impl Entries {
    pub(crate) fn next(&mut self) -> Result<Option<String>> {
        let (prefix, entries) = match self {
            Self::Listed(names) => return Ok(names.next()),
            Self::Folder(prefix, entries) => (prefix, entries),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::io(prefix, error))?;
            if let Ok(name) = entry.file_name().into_string()
                && !is_staging(&name)
            {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// Runs a walk in its own thread. If the caller drops this future, the walk stops at its next call.
pub(super) async fn alone<T: Send + 'static>(
    walk: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let failed = |error| Error::io("walk", error);
    let (mut answer, answered) = oneshot::channel();
    let walk = async move {
        let result = tokio::select! {
            biased;
            () = answer.closed() => return,
            result = walk => result,
        };
        // the caller may have been dropped by now
        drop(answer.send(result));
    };
    thread::Builder::new().name("walk".into()).spawn(|| block_on(walk)).map_err(failed)?;
    answered.await.map_err(|_| failed(io::Error::other("its thread ended early")))?
}

/// Yields inside a walk, so that it notices that its caller was dropped.
pub(super) async fn pause() {
    if is_outside() {
        yield_now().await;
    }
}

/// Returns whether this thread has no runtime, and so may block.
pub(super) fn is_outside() -> bool {
    Handle::try_current().is_err()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future in this thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
