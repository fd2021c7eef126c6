//! What can go wrong in the store. A miss is `None`, a race lost is an outcome: neither is here.

use std::{io, sync::Arc};

/// A failure of the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the network failed; a retry may cure it.
    #[error("the store failed at {key}")]
    Unavailable {
        /// the key that the call was about
        key: String,
        /// what the backend said
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// No space is left. Nothing that was acknowledged is lost.
    #[error("no space is left for {key}")]
    Full {
        /// the key that could not be written
        key: String,
    },
    /// A stored object does not hold what its key promises.
    #[error("{key} is damaged: {why}")]
    Corrupt {
        /// the damaged key
        key: String,
        /// how it shows
        why: String,
    },
    /// Another process uses the folder.
    #[error("{folder} is in use by another process ({holder})")]
    InUse {
        /// the data folder
        folder: String,
        /// what the lock file says about the holder
        holder: String,
    },
}

impl Error {
    pub(crate) fn backend(key: &str, source: object_store::Error) -> Self {
        Self::of_kind(key, io_kind(&source), source)
    }

    pub(crate) fn io(key: &str, source: io::Error) -> Self {
        Self::of_kind(key, Some(source.kind()), source)
    }

    fn of_kind(
        key: &str,
        kind: Option<io::ErrorKind>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        match kind {
            Some(io::ErrorKind::StorageFull) => Self::Full { key: key.to_owned() },
            // no retry cures that
            Some(io::ErrorKind::IsADirectory) => Self::corrupt(key, "a folder is in its place"),
            _ => Self::Unavailable { key: key.to_owned(), source: Arc::new(source) },
        }
    }

    pub(crate) fn corrupt(key: &str, why: impl ToString) -> Self {
        Self::Corrupt { key: key.to_owned(), why: why.to_string() }
    }
}

/// `object_store` wraps the io error a few levels deep.
fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

/// What every operation of the store answers.
pub type Result<T> = std::result::Result<T, Error>;
