//! Stores to test, and short words for what clients do with them.

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use object_store::{
    ObjectStore, ObjectStoreExt, local::LocalFileSystem, memory::InMemory, path::Path,
};
use serde_json::{Value, json};

use roadstead_oci::{Algorithm, Digest, Repository, Tag};
use roadstead_storage::{
    Blob, BodyError, Clock, Committed, DataFolder, Finished, ManifestRecord, Named, Need, Push,
    Storage, StorageConfig,
};

/// Where a store keeps its objects.
#[derive(Clone)]
pub enum Place {
    Memory(Arc<InMemory>),
    Folder(Arc<(DataFolder, tempfile::TempDir)>),
}

/// How a process opens a store: the fixture that the contract is stamped for.
pub type Open = fn(Place, StorageConfig, Clock) -> BoxFuture<'static, Storage>;

pub struct World {
    pub storage: Arc<Storage>,
    /// what the storage keeps its objects in, to look at them and to damage them
    objects: Arc<dyn ObjectStore>,
    place: Place,
    open: Open,
}

pub fn config() -> StorageConfig {
    StorageConfig { fsync: false, ..StorageConfig::default() }
}

/// The process has the store for itself, and trusts what it remembers.
pub fn owned(place: Place, config: StorageConfig, clock: Clock) -> BoxFuture<'static, Storage> {
    async move {
        let opened = match place {
            Place::Memory(objects) => Storage::over(objects, config, clock).await,
            Place::Folder(folder) => Storage::open(&folder.0, config, clock).await,
        };
        opened.unwrap()
    }
    .boxed()
}

impl Place {
    pub fn memory() -> Self {
        Self::Memory(Arc::new(InMemory::new()))
    }

    pub fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::take(folder.path()).unwrap();
        Self::Folder(Arc::new((data, folder)))
    }

    fn objects(&self) -> Arc<dyn ObjectStore> {
        match self {
            Self::Memory(objects) => Arc::clone(objects) as _,
            Self::Folder(folder) => {
                let objects = folder.0.path().join("objects");
                Arc::new(LocalFileSystem::new_with_prefix(objects).unwrap())
            }
        }
    }
}

impl World {
    /// A new store.
    pub async fn new(open: Open, place: Place) -> Self {
        let storage = open(place.clone(), config(), Clock::system()).await;
        Self { storage: Arc::new(storage), objects: place.objects(), place, open }
    }

    /// The same store under another configuration and clock.
    pub async fn opened(&self, config: StorageConfig, clock: Clock) -> Storage {
        (self.open)(self.place.clone(), config, clock).await
    }

    /// The folder of a world on local disk.
    pub fn data_folder(&self) -> &DataFolder {
        match &self.place {
            Place::Memory(_) => panic!("it is in memory"),
            Place::Folder(folder) => &folder.0,
        }
    }

    /// The keys of everything stored that contain `part`, in byte order.
    pub async fn keys(&self, part: &str) -> Vec<String> {
        let listed: Vec<_> = self.objects.list(None).collect().await;
        let keys = listed.into_iter().map(|meta| meta.unwrap().location.to_string());
        let mut keys: Vec<_> = keys.filter(|key| key.contains(part)).collect();
        keys.sort();
        keys
    }

    /// The only key that contains `part`.
    pub async fn key(&self, part: &str) -> String {
        let keys = self.keys(part).await;
        assert_eq!(keys.len(), 1, "{part} is in {keys:?}");
        keys[0].clone()
    }

    /// Writes an object as no code of the store would.
    pub async fn plant(&self, key: &str, bytes: impl Into<Bytes>) {
        self.objects.put(&Path::parse(key).unwrap(), bytes.into().into()).await.unwrap();
    }

    /// Changes the bytes of an object.
    pub async fn damage(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.object(key).await.to_vec();
        change(&mut bytes);
        self.plant(key, bytes).await;
    }

    /// What an object holds.
    pub async fn object(&self, key: &str) -> Bytes {
        self.objects.get(&Path::parse(key).unwrap()).await.unwrap().bytes().await.unwrap()
    }

    /// Loses an object.
    pub async fn lose(&self, key: &str) {
        self.objects.delete(&Path::parse(key).unwrap()).await.unwrap();
    }

    /// Nothing is broken.
    pub async fn is_sound(&self) {
        let audit = self.storage.reopened(None).await.unwrap().audit().await.unwrap();
        assert_eq!(audit.faults, [], "{audit:?}");
    }
}

pub fn repository(name: &str) -> Repository {
    Repository::parse(name).unwrap()
}

pub fn tag(name: &str) -> Tag {
    Tag::parse(name).unwrap()
}

pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

/// Bytes that differ for each seed and do not compress.
pub fn noise(seed: u64, len: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// A body in frames of a few sizes.
pub fn body(bytes: &Bytes) -> impl futures::Stream<Item = Result<Bytes, BodyError>> + Send + use<> {
    let frames: Vec<_> = bytes.chunks(70_001).map(Bytes::copy_from_slice).map(Ok).collect();
    stream::iter(frames)
}

/// A body that breaks off after its bytes.
pub fn cut(bytes: &Bytes) -> impl futures::Stream<Item = Result<Bytes, BodyError>> + Send + use<> {
    body(bytes).chain(stream::iter([Err("cut".into())]))
}

pub async fn push_blob(
    storage: &Storage,
    name: &Repository,
    bytes: &Bytes,
) -> roadstead_storage::Result<Blob> {
    let digest = sha256(bytes);
    let upload = storage.begin_upload(name, Algorithm::Sha256);
    match storage.finish(&upload, body(bytes), &digest).await? {
        Finished::Stored(blob) => Ok(blob),
        other => panic!("{other:?}"),
    }
}

pub async fn read(storage: &Storage, blob: &Blob) -> Bytes {
    let mut bytes = Vec::new();
    let mut chunks = std::pin::pin!(storage.read(blob, 0..blob.size).await.unwrap());
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    bytes.into()
}

/// The digests of what the referrers API lists after `last`.
pub async fn referrers(
    storage: &Storage,
    name: &Repository,
    subject: &Digest,
    last: Option<&Digest>,
) -> Vec<Digest> {
    referrers_of(storage, name, subject, last, &[]).await
}

/// The same of some artifact types.
pub async fn referrers_of(
    storage: &Storage,
    name: &Repository,
    subject: &Digest,
    last: Option<&Digest>,
    types: &[&str],
) -> Vec<Digest> {
    let found = storage.referrers(name, subject, last, types).await.unwrap();
    found.map_ok(|(digest, _)| digest).try_collect().await.unwrap()
}

/// What to push besides the bytes of a manifest.
#[derive(Clone, Default)]
pub struct Artifact {
    pub bytes: Bytes,
    pub blobs: Vec<Digest>,
    pub children: Vec<(Digest, u64)>,
    pub subject: Option<Digest>,
    pub tags: Vec<Tag>,
    /// what it is pushed as; none: `application/x`
    pub media_type: Option<&'static str>,
    /// what its children must be stored as
    pub child_type: Option<&'static str>,
    /// what its descriptor says of it
    pub listed_type: Option<String>,
}

impl Artifact {
    pub fn of(text: &str, blobs: &[&Bytes]) -> Self {
        let blobs = blobs.iter().map(|blob| sha256(blob)).collect();
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()), blobs, ..Self::default() }
    }

    pub fn tagged(mut self, name: &str) -> Self {
        self.tags.push(tag(name));
        self
    }

    pub fn typed(mut self, media_type: &'static str) -> Self {
        self.media_type = Some(media_type);
        self
    }

    pub fn about(mut self, subject: &Digest) -> Self {
        self.subject = Some(subject.clone());
        self
    }

    pub fn listed_as(mut self, listed_type: &str) -> Self {
        self.listed_type = Some(listed_type.to_owned());
        self
    }

    pub fn digest(&self) -> Digest {
        sha256(&self.bytes)
    }

    /// How an index names it.
    pub fn as_child(&self) -> (Digest, u64) {
        (self.digest(), self.bytes.len() as u64)
    }
}

/// The way of a push, without a judge.
pub async fn push(
    storage: &Storage,
    name: &Repository,
    artifact: &Artifact,
    size_of: impl Fn(&Digest) -> u64,
) -> roadstead_storage::Result<Committed> {
    let verdict = (storage.new_verdict_id(), json!({}));
    push_sized(storage, name, artifact, size_of, verdict).await
}

/// The way of a push without blobs, with the verdict's id and what it says.
pub async fn push_judged(
    storage: &Storage,
    name: &Repository,
    artifact: &Artifact,
    verdict: (String, Value),
) -> roadstead_storage::Result<Committed> {
    push_sized(storage, name, artifact, |_| 0, verdict).await
}

async fn push_sized(
    storage: &Storage,
    name: &Repository,
    artifact: &Artifact,
    size_of: impl Fn(&Digest) -> u64,
    (verdict_id, verdict): (String, Value),
) -> roadstead_storage::Result<Committed> {
    let digest = artifact.digest();
    let blobs = artifact.blobs.iter().map(|digest| Need {
        digest: digest.clone(),
        size: size_of(digest),
        of: Named::Blob,
        media_type: None,
        optional: false,
    });
    let children = artifact.children.iter().map(|(digest, size)| Need {
        digest: digest.clone(),
        size: *size,
        of: Named::Manifest,
        media_type: artifact.child_type.map(ToOwned::to_owned),
        optional: false,
    });
    let claim = storage.claim(name, &digest, blobs.chain(children).collect()).await?;
    let unmet = storage.look(&claim).await?;
    if !unmet.is_empty() {
        storage.withdraw(claim).await;
        return Ok(Committed::Unmet(unmet));
    }
    let size = artifact.bytes.len();
    let mut descriptor = json!({ "digest": digest, "size": size });
    if let Some(listed_type) = &artifact.listed_type {
        descriptor["artifactType"] = listed_type.as_str().into();
    }
    let descriptor = descriptor.to_string();
    let push = Push {
        bytes: artifact.bytes.clone(),
        referrer: artifact.subject.is_some().then(|| descriptor.into()),
        tags: artifact.tags.clone(),
        verdict_id,
        record: ManifestRecord {
            media_type: artifact.media_type.unwrap_or("application/x").into(),
            kind: "unknown".into(),
            subject: artifact.subject.clone(),
            children: artifact.children.iter().map(|(digest, _)| digest.clone()).collect(),
            pushed_at: storage.clock().now().to_string(),
            pushed_by: None,
            verdict,
        },
    };
    storage.commit(claim, push).await
}

/// Pushes an artifact of small blobs, and the blobs before it.
pub async fn push_all(
    storage: &Storage,
    name: &Repository,
    blobs: &[&Bytes],
    artifact: &Artifact,
) -> roadstead_storage::Result<()> {
    for blob in blobs {
        push_blob(storage, name, blob).await?;
    }
    let size_of = |digest: &Digest| {
        let blob = blobs.iter().find(|blob| sha256(blob) == *digest);
        blob.map_or(0, |blob| blob.len() as u64)
    };
    assert_eq!(push(storage, name, artifact, size_of).await?, Committed::Done);
    Ok(())
}
