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
        if is_full(&source) {
            return Self::Full { key: key.to_owned() };
        }
        Self::Unavailable { key: key.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn io(key: &str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::Full { key: key.to_owned() };
        }
        Self::Unavailable { key: key.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn corrupt(key: &str, why: impl ToString) -> Self {
        Self::Corrupt { key: key.to_owned(), why: why.to_string() }
    }
}

/// `object_store` wraps the io error a few levels deep.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::StorageFull;
        }
        cause = error.source();
    }
    false
}

/// What every operation of the store answers.
pub type Result<T> = std::result::Result<T, Error>;
