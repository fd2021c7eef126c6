//! A disk that loses or changes bytes: nothing damaged is served as sound, and a push mends it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

use roadstead_oci::{Algorithm, Repository};
use roadstead_storage::{Committed, Deleted, Finished, Hook, Operation, Storage};

use crate::world::{
    Artifact, World, body, noise, push, push_all, push_blob, read, referrers, repository, sha256,
    tag,
};

/// What can become of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Lost,
    Emptied,
    Shortened,
    Lengthened,
    Changed,
    Garbage,
}

use Damage::{Changed, Emptied, Garbage, Lengthened, Lost, Shortened};

const ALL: [Damage; 6] = [Lost, Emptied, Shortened, Lengthened, Changed, Garbage];

async fn damage(world: &World, key: &str, damage: Damage) {
    match damage {
        Lost => world.lose(key).await,
        Emptied => world.plant(key, Bytes::new()).await,
        Shortened => world.damage(key, |bytes| bytes.truncate(bytes.len() - 1)).await,
        Lengthened => world.damage(key, |bytes| bytes.push(b'x')).await,
        Changed => world.damage(key, |bytes| *bytes.last_mut().unwrap() ^= 1).await,
        Garbage => world.damage(key, |bytes| bytes.fill(b'?')).await,
    }
}

/// Pushes a blob in as many requests as there are chunks.
async fn push_in_chunks(storage: &Storage, name: &Repository, chunks: &[Bytes]) {
    let digest = sha256(&chunks.concat());
    let token = storage.begin_upload(name, Algorithm::Sha256).token;
    let (last, first) = chunks.split_last().unwrap();
    for chunk in first {
        let upload = storage.upload(name, &token).await.unwrap().unwrap();
        storage.append(&upload, body(chunk)).await.unwrap();
    }
    let upload = storage.upload(name, &token).await.unwrap().unwrap();
    let finished = storage.finish(&upload, body(last), &digest).await.unwrap();
    assert!(matches!(finished, Finished::Stored(_)), "{finished:?}");
}

/// The keys of a blob's record and data.
async fn keys_of(world: &World, bytes: &Bytes, before: &[String]) -> Vec<String> {
    let record = format!("blobs/sha256/{0}/{1}/", &sha256(bytes).hex()[..2], sha256(bytes).hex());
    let keys = world.keys("").await.into_iter();
    let new = keys.filter(|key| !before.contains(key));
    new.filter(|key| key.starts_with("data/") || key.starts_with(&record)).collect()
}

/// In a record, in one segment, in two, the last one of which is a small one.
fn forms(seed: u64) -> [Vec<Bytes>; 3] {
    let chunk = |n: u64, len| noise(seed * 10 + n, len);
    [vec![chunk(0, 100)], vec![chunk(1, 20_000)], vec![chunk(2, 20_000), chunk(3, 50)]]
}

pub async fn a_damaged_blob_is_mended_by_a_push(world: &World) {
    let storage = &world.storage;
    let mut seed = 0;
    for how in ALL {
        for form in 0..3 {
            for restart in [false, true] {
                for nth in 0..3 {
                    seed += 1;
                    let name = repository(&format!("mend/{seed}"));
                    let chunks = &forms(seed)[form];
                    let whole: Bytes = chunks.concat().into();
                    let before = world.keys("").await;
                    push_in_chunks(storage, &name, chunks).await;
                    let Some(key) = keys_of(world, &whole, &before).await.get(nth).cloned() else {
                        continue;
                    };
                    damage(world, &key, how).await;
                    let fresh = storage.reopened(None).await.unwrap();
                    let storage = if restart { &fresh } else { &**storage };
                    push_in_chunks(storage, &name, chunks).await;
                    for storage in [storage, &storage.reopened(None).await.unwrap()] {
                        let blob = storage.whole_blob(&name, &sha256(&whole)).await.unwrap();
                        let blob = blob.unwrap_or_else(|| panic!("{how:?} {key}"));
                        assert!(read(storage, &blob).await == whole, "{how:?} {key}");
                    }
                    let links = format!("{name}/_blobs/");
                    assert_eq!(world.keys(&links).await.len(), 1, "{how:?} {key}");
                }
            }
        }
        world.is_sound().await;
    }
}

pub async fn what_seems_to_be_there_is_not_skipped(world: &World) {
    let (name, storage) = (repository("skip"), &world.storage);
    let digest = |chunks: &[Bytes]| sha256(&chunks.concat());
    for (seed, how) in ALL.into_iter().enumerate() {
        for chunks in forms(seed as u64 + 100) {
            let before = world.keys("").await;
            push_in_chunks(storage, &name, &chunks).await;
            let whole: Bytes = chunks.concat().into();
            for key in keys_of(world, &whole, &before).await {
                let is_record = key.starts_with("blobs/");
                let sound = world.object(&key).await;
                damage(world, &key, how).await;
                for storage in [&**storage, &storage.reopened(None).await.unwrap()] {
                    let found = storage.whole_blob(&name, &digest(&chunks)).await.unwrap();
                    // what follows a record's list of segments is not read
                    let hidden = is_record && chunks[0].len() > 100 && how == Lengthened;
                    assert_eq!(found.is_some(), hidden, "{how:?} {key}");
                }
                world.plant(&key, sound).await;
                let found = storage.blob(&name, &digest(&chunks)).await.unwrap();
                assert!(found.is_some(), "{key} is as it was");
            }
        }
    }
}

pub async fn a_sound_blob_that_is_pushed_again_stays(world: &World) {
    let (name, storage) = (repository("again"), &world.storage);
    for chunks in forms(1) {
        push_in_chunks(storage, &name, &chunks).await;
    }
    let before = world.keys("/").await;
    for chunks in forms(1) {
        push_blob(storage, &name, &chunks.concat().into()).await.unwrap();
        push_blob(storage, &name, &chunks.concat().into()).await.unwrap();
    }
    assert_eq!(world.keys("/").await, before);
    // another repository gets a link
    push_blob(storage, &repository("other"), &forms(1)[1].concat().into()).await.unwrap();
    assert_eq!(world.keys("/").await.len(), before.len() + 2, "link and catalog");
    world.is_sound().await;
}

pub async fn a_blob_is_hashed_once_as_long_as_nobody_writes_to_it(world: &World) {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let hook: Hook = Arc::new(move |operation, key| {
        let read = operation == Operation::Read && key.starts_with("data/");
        counted.fetch_add(usize::from(read), Ordering::Relaxed);
        None
    });
    let storage = world.storage.reopened(Some(hook)).await.unwrap();
    let (name, bytes) = (repository("once"), noise(1, 20_000));
    push_blob(&storage, &name, &bytes).await.unwrap();
    let key = world.key("data/").await;
    assert_eq!(reads.swap(0, Ordering::Relaxed), 0, "what was just hashed is believed");
    for _ in 0..3 {
        assert!(storage.whole_blob(&name, &sha256(&bytes)).await.unwrap().is_some());
        push_blob(&storage, &name, &bytes).await.unwrap();
        assert!(storage.blob(&name, &sha256(&bytes)).await.unwrap().is_some());
    }
    assert_eq!(reads.load(Ordering::Relaxed), 9 + 1, "its size each time, its bytes once");
    damage(world, &key, Changed).await;
    assert!(storage.blob(&name, &sha256(&bytes)).await.unwrap().is_some(), "nobody knows it yet");
    assert_eq!(storage.whole_blob(&name, &sha256(&bytes)).await.unwrap(), None);
    assert_eq!(storage.blob(&name, &sha256(&bytes)).await.unwrap(), None, "known to be damaged");
    push_blob(&storage, &name, &bytes).await.unwrap();
    assert!(storage.whole_blob(&name, &sha256(&bytes)).await.unwrap().is_some());
}

pub async fn a_damaged_blob_is_neither_mounted_nor_shared(world: &World) {
    let (from, to, storage) = (repository("from"), repository("to"), &world.storage);
    let bytes = noise(1, 20_000);
    let digest = sha256(&bytes);
    push_blob(storage, &from, &bytes).await.unwrap();
    let key = world.key("data/").await;
    damage(world, &key, Emptied).await;
    for source in [Some(&from), None] {
        assert_eq!(storage.mount(&to, &digest, source).await.unwrap(), None);
    }
    // who is told to push it does, and shares nothing with the damaged one
    let pushed = push_blob(storage, &to, &bytes).await.unwrap();
    assert!(read(storage, &pushed).await == bytes);
    assert_eq!(storage.blob(&from, &digest).await.unwrap(), None);
    push_blob(storage, &from, &bytes).await.unwrap();
    let mended = storage.blob(&from, &digest).await.unwrap().unwrap();
    assert!(read(storage, &mended).await == bytes);
    assert_eq!(world.keys("data/").await.len(), 2, "the mended one shares that of the other");
    storage.mount(&repository("third"), &digest, Some(&from)).await.unwrap().unwrap();
    world.is_sound().await;
}

pub async fn a_manifest_is_not_taken_with_damaged_blobs(world: &World) {
    let (name, storage) = (repository("look"), &world.storage);
    let layer = noise(1, 20_000);
    let artifact = Artifact::of("look", &[&layer]);
    push_blob(storage, &name, &layer).await.unwrap();
    let key = world.key("data/").await;
    damage(world, &key, Lost).await;
    let unmet = push(storage, &name, &artifact, |_| 20_000).await.unwrap();
    let Committed::Unmet(unmet) = unmet else { panic!("stored") };
    assert_eq!(unmet[0].stored_size, None, "so that it is pushed again");
    push_all(storage, &name, &[&layer], &artifact).await.unwrap();
    world.is_sound().await;
}

/// The keys of a manifest's claim and body.
async fn copy_of(world: &World, name: &Repository, artifact: &Artifact) -> [String; 2] {
    let folder = format!("repos/{name}/_manifests/sha256/{}/", artifact.digest().hex());
    world.keys(&folder).await.try_into().unwrap()
}

pub async fn a_damaged_manifest_is_mended_by_a_push(world: &World) {
    for how in ALL {
        for part in [0, 1] {
            for restart in [false, true] {
                let name = repository(&format!("mend/{part}{restart}{how:?}").to_lowercase());
                let layer = noise(1, 100);
                let artifact = Artifact::of("mended", &[&layer]);
                let tagged = artifact.clone().tagged("v1");
                push_all(&world.storage, &name, &[&layer], &tagged).await.unwrap();
                let key = &copy_of(world, &name, &artifact).await[part];
                damage(world, key, how).await;
                let fresh = world.storage.reopened(None).await.unwrap();
                let storage = if restart { &fresh } else { &*world.storage };
                let found = fresh.manifest(&name, &artifact.digest()).await.unwrap();
                // without a claim that can be read it is served, and its bytes are right
                let served = part == 0 && how != Lost;
                assert_eq!(found.is_some(), served, "{how:?} {key}");
                assert_eq!(fresh.tagged(&name, &tag("v1")).await.unwrap().is_some(), served);
                push_all(storage, &name, &[], &Artifact { blobs: vec![], ..artifact.clone() })
                    .await
                    .unwrap();
                for storage in [storage, &storage.reopened(None).await.unwrap()] {
                    let found = storage.manifest(&name, &artifact.digest()).await.unwrap();
                    assert!(found.unwrap().bytes == artifact.bytes, "{how:?} {key}");
                    // a lost claim is that of a delete
                    let tagged = storage.tagged(&name, &tag("v1")).await.unwrap();
                    assert_eq!(tagged.is_some(), (part, how) != (0, Lost), "{how:?} {key}");
                }
                world.is_sound().await;
            }
        }
    }
}

pub async fn a_mended_manifest_is_deleted_whole(world: &World) {
    for how in [Changed, Lost] {
        let (name, storage) = (repository(&format!("{how:?}").to_lowercase()), &world.storage);
        let artifact = Artifact::of("deleted", &[]);
        push_all(storage, &name, &[], &artifact.clone().tagged("v1")).await.unwrap();
        let key = &copy_of(world, &name, &artifact).await[1];
        damage(world, key, how).await;
        push_all(storage, &name, &[], &artifact).await.unwrap();
        assert!(storage.tagged(&name, &tag("v1")).await.unwrap().is_some());
        let deleted = storage.delete_manifest(&name, &artifact.digest()).await.unwrap();
        assert_eq!(deleted, Deleted::Done);
        assert!(world.keys(&format!("repos/{name}/_")).await.is_empty());
        push_all(storage, &name, &[], &artifact).await.unwrap();
        assert!(storage.tagged(&name, &tag("v1")).await.unwrap().is_none(), "it stays gone");
        world.is_sound().await;
    }
}

pub async fn a_damaged_manifest_can_be_deleted(world: &World) {
    let (name, storage) = (repository("deleted"), &world.storage);
    let layer = noise(1, 100);
    let artifact = Artifact::of("deleted", &[&layer]).tagged("v1");
    push_all(storage, &name, &[&layer], &artifact).await.unwrap();
    let key = &copy_of(world, &name, &artifact).await[1];
    damage(world, key, Garbage).await;
    let deleted = storage.delete_manifest(&name, &artifact.digest()).await.unwrap();
    assert_eq!(deleted, Deleted::Done);
    assert_eq!(storage.delete_blob(&name, &sha256(&layer)).await.unwrap(), Deleted::Done);
    assert_eq!(world.keys("repos/deleted/_").await, [] as [String; 0]);
    world.is_sound().await;
}

pub async fn the_referrers_of_a_mended_manifest_are_listed(world: &World) {
    let (name, storage) = (repository("refer"), &world.storage);
    let image = Artifact::of("image", &[]);
    let signature = Artifact::of("signature", &[]).about(&image.digest());
    let mut index = Artifact::of("index", &[]);
    index.children.push(image.as_child());
    for artifact in [&image, &signature, &index] {
        push_all(storage, &name, &[], artifact).await.unwrap();
    }
    for artifact in [&signature, &index, &image] {
        let key = &copy_of(world, &name, artifact).await[1];
        damage(world, key, Shortened).await;
    }
    let storage = storage.reopened(None).await.unwrap();
    let unmet = push(&storage, &name, &index, |_| 0).await.unwrap();
    assert!(matches!(unmet, Committed::Unmet(_)), "its child is damaged");
    for artifact in [&image, &signature, &index] {
        push_all(&storage, &name, &[], artifact).await.unwrap();
    }
    assert_eq!(referrers(&storage, &name, &image.digest(), None).await, [signature.digest()]);
    let named = storage.delete_manifest(&name, &image.digest()).await.unwrap();
    assert_eq!(named, Deleted::Named(index.digest()));
    world.is_sound().await;
}

pub async fn a_damaged_descriptor_is_not_listed_and_a_push_mends_it(world: &World) {
    for how in ALL {
        let (name, storage) = (repository(&format!("{how:?}").to_lowercase()), &world.storage);
        let subject = sha256(b"subject");
        let other = Artifact::of("other", &[]).about(&subject);
        let signature = Artifact::of("signature", &[]).about(&subject);
        for artifact in [&other, &signature] {
            push_all(storage, &name, &[], artifact).await.unwrap();
        }
        let folder = format!("repos/{name}/_referrers/");
        let keys = world.keys(&folder).await;
        let hex = signature.digest().hex().to_owned();
        let key = keys.iter().find(|key| key.contains(&hex)).unwrap();
        damage(world, key, how).await;
        let fresh = storage.reopened(None).await.unwrap();
        assert_eq!(referrers(&fresh, &name, &subject, None).await, [other.digest()], "{how:?}");
        for storage in [&**storage, &fresh] {
            push_all(storage, &name, &[], &signature).await.unwrap();
            let listed = referrers(storage, &name, &subject, None).await;
            assert_eq!(listed.len(), 2, "{how:?}");
        }
        assert_eq!(world.keys(&folder).await.len(), 2);
        world.is_sound().await;
    }
}
