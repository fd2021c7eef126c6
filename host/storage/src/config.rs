//! `[storage]` of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[storage]`: how the store keeps things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// The folder that everything is kept in. Default: `roadstead-data`.
    pub folder: PathBuf,
    /// Whether a write is on the disk before it is acknowledged. Without it a power cut may lose
    /// what was pushed last. Default: true.
    pub fsync: bool,
    /// Largest blob, in bytes. Default: 100 GiB.
    pub blob_bytes_max: u64,
    /// Seconds after which an unfinished upload is over. Default: 7 days.
    pub upload_seconds_max: i64,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("roadstead-data"),
            fsync: true,
            blob_bytes_max: 100 << 30,
            upload_seconds_max: 7 * 86_400,
        }
    }
}
