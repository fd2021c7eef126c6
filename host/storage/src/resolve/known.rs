//! What the process remembers. One process owns the folder, so that needs no proof; whoever
//! changes a name corrects it here, under the name's lock, before the change is acknowledged.

use std::{hash::Hash, sync::Arc, time::Duration};

use bytes::Bytes;
use moka::sync::Cache as Map;

use roadstead_oci::{Digest, Repository, Tag};

use super::{Progress, kept::Kept, named::Named, referrers::Subjects, tag_index::Tags};
use crate::{
    Manifest,
    layout::{Id, Link, TagKey},
};

/// Bytes of all links, of all tags, and of the others that are told by their names alone.
const LINK_BYTES_MAX: u64 = 8 << 20;
const TAG_BYTES_MAX: u64 = 8 << 20;
const NAME_BYTES_MAX: u64 = 2 << 20;
/// Uploads in chunks; each takes about 500 bytes.
const UPLOADS_MAX: u64 = 10_000;
const MANIFEST_BYTES_MAX: u64 = 32 << 20;
const OBJECT_BYTES_MAX: u64 = 8 << 20;
const HASHED_BYTES_MAX: u64 = 8 << 20;
/// How long a hashed blob is believed: a disk can change bytes without a write.
const HASHED_FOR: Duration = Duration::from_hours(1);
/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 512;

#[derive(Debug)]
pub(super) struct Known {
    pub(super) repositories: Map<Repository, ()>,
    pub(super) links: Map<(Repository, Digest), Link>,
    pub(super) all_tags: Kept<Tags>,
    pub(super) named: Kept<Named>,
    pub(super) tags: Map<(Repository, Tag), TagKey>,
    /// visible ones only
    pub(super) manifests: Map<(Repository, Digest), Arc<Manifest>>,
    pub(super) referrers: Subjects,
    /// small objects by key: claims and verdicts
    pub(super) objects: Map<String, Bytes>,
    pub(super) finished_uploads: Map<Id, ()>,
    pub(super) uploads: Map<Id, Progress>,
    /// records of blobs whose bytes were hashed and found right, and what their segments' stamps
    /// said then
    pub(super) hashed: Map<Id, String>,
    /// the same of those that were found wrong
    pub(super) broken: Map<Id, String>,
}

impl Known {
    pub(super) fn new() -> Self {
        Self {
            repositories: names(NAME_BYTES_MAX),
            links: names(LINK_BYTES_MAX),
            all_tags: Kept::default(),
            named: Kept::default(),
            tags: names(TAG_BYTES_MAX),
            manifests: Map::builder()
                .max_capacity(MANIFEST_BYTES_MAX)
                .weigher(|_, manifest: &Arc<Manifest>| weigh(manifest.weight()))
                .build(),
            referrers: Subjects::default(),
            objects: Map::builder()
                .max_capacity(OBJECT_BYTES_MAX)
                .weigher(|key: &String, bytes: &Bytes| weigh(key.len() + bytes.len()))
                .build(),
            finished_uploads: names(NAME_BYTES_MAX),
            uploads: Map::new(UPLOADS_MAX),
            hashed: stamps(),
            broken: stamps(),
        }
    }
}

/// What is known of names: an entry takes about as much as a short name does.
fn names<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
    bytes_max: u64,
) -> Map<K, V> {
    Map::builder().max_capacity(bytes_max).weigher(|_, _| weigh(0)).build()
}

/// What an entry of so many bytes weighs.
fn weigh(bytes: usize) -> u32 {
    u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX)
}

/// What was seen of the segments of records.
fn stamps() -> Map<Id, String> {
    Map::builder()
        .max_capacity(HASHED_BYTES_MAX)
        .weigher(|_, seen: &String| weigh(seen.len()))
        .time_to_live(HASHED_FOR)
        .build()
}
