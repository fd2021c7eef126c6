//! Each change that a request makes fails once, before or after it did its work: nothing half is
//! ever seen, and repeating the request mends it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

use roadstead_oci::{Algorithm, Repository};
use roadstead_storage::{
    Appended, Deleted, Fault, Finished, Hook, Operation, Refusal, Result, Storage,
};

use crate::world::{
    Artifact, World, body, noise, push_all, push_blob, read, referrers, repository, sha256, tag,
};

/// Fails the `nth` call that changes something; says through the counter how many there were.
fn failing(nth: usize, fault: Fault) -> (Hook, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let hook: Hook = Arc::new(move |operation, _| {
        if matches!(operation, Operation::Read | Operation::Names) {
            return None;
        }
        (counted.fetch_add(1, Ordering::Relaxed) == nth).then_some(fault)
    });
    (hook, calls)
}

/// A store whose `nth` change from here on fails.
async fn faulty(world: &World, nth: usize, fault: Fault) -> (Storage, Arc<AtomicUsize>) {
    let (hook, calls) = failing(nth, fault);
    let storage = world.storage.reopened(Some(hook)).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 0, "to open a store changes nothing");
    (storage, calls)
}

/// Cuts a request at each of its changes, each time in a repository that was prepared for it.
/// After the cut nothing is broken; after the request was repeated it is done, for the same server
/// and for one that starts. Answers how many changes the request makes.
async fn cut_anywhere<T>(
    world: &World,
    topic: &str,
    prepare: impl AsyncFn(&Repository) -> T,
    request: impl AsyncFn(&Storage, &Repository, &T) -> Result<()>,
    is_done: impl AsyncFn(&Storage, &Repository, &T),
) -> usize {
    let sound = async || world.is_sound().await;
    cut_anywhere_in(world, topic, (prepare, sound), request, is_done).await
}

/// The same where something else holds after a cut, of what was broken before.
async fn cut_anywhere_in<T>(
    world: &World,
    topic: &str,
    (prepare, meanwhile): (impl AsyncFn(&Repository) -> T, impl AsyncFn()),
    request: impl AsyncFn(&Storage, &Repository, &T) -> Result<()>,
    is_done: impl AsyncFn(&Storage, &Repository, &T),
) -> usize {
    let mut changes = 0;
    for fault in [Fault::Before, Fault::After] {
        for nth in 0.. {
            let name = repository(&format!("{topic}-{}/{nth}", fault == Fault::After));
            let prepared = prepare(&name).await;
            let (storage, calls) = faulty(world, nth, fault).await;
            let answer = request(&storage, &name, &prepared).await;
            meanwhile().await;
            if calls.load(Ordering::Relaxed) <= nth {
                answer.unwrap();
                changes = nth;
                break;
            }
            // the same server, which may remember what it should not
            request(&storage, &name, &prepared).await.unwrap();
            for storage in [&storage, &storage.reopened(None).await.unwrap()] {
                is_done(storage, &name, &prepared).await;
            }
            world.is_sound().await;
        }
    }
    changes
}

/// Bytes that no other repository has, or the second upload of them would find a record.
fn noise_of(name: &Repository, len: usize) -> Bytes {
    let seed = sha256(name.as_str().as_bytes()).hex()[..15].to_owned();
    noise(u64::from_str_radix(&seed, 16).unwrap(), len)
}

pub async fn a_push_cut_anywhere_is_repeated(world: &World) {
    let subject = sha256(b"subject");
    let prepare = async |name: &Repository| {
        let (config, layer) = (noise_of(name, 100), noise_of(name, 1_200_000));
        let artifact = Artifact::of(name.as_str(), &[&config, &layer]);
        (artifact.tagged("v1").about(&subject), config, layer)
    };
    let changes = cut_anywhere(
        world,
        "push",
        prepare,
        async |storage, name, (artifact, config, layer)| {
            push_all(storage, name, &[config, layer], artifact).await
        },
        async |storage, name, (artifact, _, layer)| {
            let found = storage.tagged(name, &tag("v1")).await.unwrap().unwrap();
            assert_eq!(found.digest, artifact.digest());
            assert_eq!(referrers(storage, name, &subject, None).await.len(), 1);
            let blob = storage.blob(name, &sha256(layer)).await.unwrap().unwrap();
            assert!(read(storage, &blob).await == *layer);
        },
    );
    // catalog; record, link; begin, two parts, complete, record, link; claim, entry, body; tag
    assert_eq!(changes.await, 13);
}

pub async fn a_push_of_an_index_cut_anywhere_is_repeated(world: &World) {
    let children = [Artifact::of("amd64", &[]), Artifact::of("arm64", &[])];
    let mut index = Artifact::of("index", &[]).tagged("v1");
    index.children = children.each_ref().map(Artifact::as_child).to_vec();
    let prepare = async |name: &Repository| {
        for child in &children {
            push_all(&world.storage, name, &[], child).await.unwrap();
        }
    };
    let changes = cut_anywhere(
        world,
        "index",
        prepare,
        async |storage, name, ()| push_all(storage, name, &[], &index).await,
        async |storage, name, ()| {
            let found = storage.tagged(name, &tag("v1")).await.unwrap().unwrap();
            assert_eq!(found.digest, index.digest());
            for child in &children {
                let named = storage.delete_manifest(name, &child.digest()).await.unwrap();
                assert_eq!(named, Deleted::Named(index.digest()));
            }
        },
    );
    // claim, two entries, body, tag
    assert_eq!(changes.await, 5);
}

pub async fn a_repeated_push_cut_anywhere_is_repeated(world: &World) {
    let subject = sha256(b"subject");
    let artifact = Artifact::of("again", &[]).about(&subject);
    let (first, second) = (artifact.clone().tagged("v1"), artifact.tagged("v2"));
    let changes = cut_anywhere(
        world,
        "again",
        async |name| push_all(&world.storage, name, &[], &first).await.unwrap(),
        async |storage, name, ()| push_all(storage, name, &[], &second).await,
        async |storage, name, ()| {
            for name_of_tag in ["v1", "v2"] {
                let found = storage.tagged(name, &tag(name_of_tag)).await.unwrap().unwrap();
                assert_eq!(found.digest, first.digest());
            }
            assert_eq!(referrers(storage, name, &subject, None).await.len(), 1);
            let verdicts = format!("repos/{name}/_verdicts/");
            assert!(!world.keys(&verdicts).await.is_empty());
        },
    );
    // verdict, tag
    assert_eq!(changes.await, 2);
}

/// Goes on with an upload as a client does: asks how much is there, and sends what is missing.
async fn go_on(storage: &Storage, name: &Repository, token: &str, whole: &Bytes) -> Result<()> {
    const CHUNK: usize = 20_000;
    if storage.blob(name, &sha256(whole)).await?.is_some() {
        return Ok(());
    }
    loop {
        let upload = storage.upload(name, token).await?.expect("it goes on");
        let rest = whole.slice(usize::try_from(upload.size).unwrap()..);
        if rest.len() > CHUNK {
            let appended = storage.append(&upload, body(&rest.slice(..CHUNK))).await?;
            assert!(matches!(appended, Appended::Kept(_)), "{appended:?}");
            continue;
        }
        let finished = storage.finish(&upload, body(&rest), &sha256(whole)).await?;
        assert!(matches!(finished, Finished::Stored(_)), "{finished:?}");
        return Ok(());
    }
}

pub async fn an_upload_in_parts_cut_anywhere_goes_on(world: &World) {
    let prepare = async |name: &Repository| {
        let token = world.storage.begin_upload(name, Algorithm::Sha256).token;
        (token, noise_of(name, 50_000))
    };
    let changes = cut_anywhere(
        world,
        "parts",
        prepare,
        async |storage, name, (token, whole)| go_on(storage, name, token, whole).await,
        async |storage, name, (_, whole)| {
            let blob = storage.blob(name, &sha256(whole)).await.unwrap().unwrap();
            assert!(read(storage, &blob).await == *whole);
        },
    );
    // Three times the bytes, twice a part of the upload; record, catalog, link; that it is over,
    // and both go.
    assert_eq!(changes.await, 11);
}

pub async fn a_blob_mended_with_a_cut_anywhere_is_mended(world: &World) {
    let prepare = async |name: &Repository| {
        let bytes = noise_of(name, 20_000);
        let before = world.keys("data/").await;
        push_blob(&world.storage, name, &bytes).await.unwrap();
        let mut keys = world.keys("data/").await;
        keys.retain(|key| !before.contains(key));
        world.damage(&keys[0], |bytes| bytes[0] ^= 1).await;
        bytes
    };
    let changes = cut_anywhere(
        world,
        "mend-blob",
        prepare,
        async |storage, name, bytes| push_blob(storage, name, bytes).await.map(drop),
        async |storage, name, bytes| {
            let blob = storage.blob(name, &sha256(bytes)).await.unwrap().unwrap();
            assert!(read(storage, &blob).await == *bytes);
            assert_eq!(world.keys(&format!("{name}/_blobs/")).await.len(), 1);
        },
    );
    // bytes, record, link; the link to what is damaged goes
    assert_eq!(changes.await, 4);
}

pub async fn a_manifest_mended_with_a_cut_anywhere_is_mended(world: &World) {
    let subject = sha256(b"subject");
    let artifact = Artifact::of("mended", &[]).about(&subject).tagged("v1");
    let prepare = async |name: &Repository| {
        push_all(&world.storage, name, &[], &artifact).await.unwrap();
        let keys = world.keys(&format!("{name}/_manifests/")).await;
        world.damage(&keys[1], |bytes| *bytes.last_mut().unwrap() ^= 1).await;
    };
    let changes = cut_anywhere_in(
        world,
        "mend-manifest",
        (prepare, async || ()),
        async |storage, name, ()| push_all(storage, name, &[], &artifact).await,
        async |storage, name, ()| {
            let found = storage.tagged(name, &tag("v1")).await.unwrap().unwrap();
            assert!(found.bytes == artifact.bytes);
            assert_eq!(referrers(storage, name, &subject, None).await.len(), 1);
        },
    );
    // claim, entry, body, tag, and the smaller key of the tag goes
    assert_eq!(changes.await, 5);
}

pub async fn a_refusal_cut_anywhere_is_kept_again(world: &World) {
    let digest = sha256(b"refused");
    let last = world.storage.clock().now();
    let verdict = || (world.storage.new_verdict_id(), Bytes::from_static(b"{}"));
    let changes = cut_anywhere(
        world,
        "refused",
        async |_| (),
        async |storage, name, ()| {
            let (id, says) = verdict();
            assert!(storage.put_verdict(name, &id, says).await?);
            for times in 1..3 {
                let (grounds, verdict) = ("0".to_owned(), id.clone());
                let refusal = Refusal { grounds, verdict, times, last };
                storage.put_refusal(name, &digest, &refusal, Bytes::new()).await?;
            }
            Ok(())
        },
        async |storage, name, ()| {
            let refusals = storage.refusals(name, &digest).await.unwrap();
            assert!(refusals.iter().any(|refusal| refusal.times == 2), "{refusals:?}");
            for refusal in refusals {
                assert!(storage.verdict(&refusal.verdict).await.unwrap().is_some());
            }
            assert!(!storage.repository_exists(name).await.unwrap());
        },
    );
    // verdict; refusal, the same with a greater count, and the smaller one goes
    assert_eq!(changes.await, 4);
}

pub async fn a_cancel_cut_anywhere_is_repeated(world: &World) {
    let prepare = async |name: &Repository| {
        let storage = &world.storage;
        push_blob(storage, name, &noise(0, 1)).await.unwrap();
        let token = storage.begin_upload(name, Algorithm::Sha256).token;
        for chunk in [noise(1, 100), noise(2, 10_000)] {
            let upload = storage.upload(name, &token).await.unwrap().unwrap();
            storage.append(&upload, body(&chunk)).await.unwrap();
        }
        token
    };
    let changes = cut_anywhere(
        world,
        "cancel",
        prepare,
        async |storage, name, token| match storage.upload(name, token).await? {
            Some(upload) => storage.cancel_upload(&upload).await,
            None => Ok(()),
        },
        async |storage, name, token| {
            assert!(storage.upload(name, token).await.unwrap().is_none());
        },
    );
    // the tombstone, and both parts go
    assert_eq!(changes.await, 3);
    let sound = world.storage.audit().await.unwrap().sound;
    assert_eq!(sound.get("uploads"), None);
}

pub async fn a_mount_cut_anywhere_is_repeated(world: &World) {
    let (from, bytes) = (repository("from"), noise(1, 20_000));
    let digest = sha256(&bytes);
    push_blob(&world.storage, &from, &bytes).await.unwrap();
    let changes = cut_anywhere(
        world,
        "mount",
        async |_| (),
        async |storage, name, ()| {
            let mounted = storage.mount(name, &digest, Some(&from)).await?;
            assert!(mounted.is_some());
            Ok(())
        },
        async |storage, name, ()| {
            let blob = storage.blob(name, &digest).await.unwrap().unwrap();
            assert!(read(storage, &blob).await == bytes);
        },
    );
    // catalog, link
    assert_eq!(changes.await, 2);
}

pub async fn a_delete_cut_anywhere_is_repeated(world: &World) {
    let layer = noise(1, 100);
    let child = Artifact::of("child", &[&layer]).tagged("child");
    let mut index = Artifact::of("index", &[]).tagged("a").tagged("b");
    index.children = vec![child.as_child()];
    let prepare = async |name: &Repository| {
        push_all(&world.storage, name, &[&layer], &child).await.unwrap();
        push_all(&world.storage, name, &[], &index).await.unwrap();
    };
    let changes = cut_anywhere(
        world,
        "delete",
        prepare,
        async |storage, name, ()| {
            storage.delete_tag(name, &tag("b")).await?;
            storage.delete_manifest(name, &index.digest()).await?;
            storage.delete_manifest(name, &child.digest()).await?;
            storage.delete_blob(name, &sha256(&layer)).await.map(drop)
        },
        async |storage, name, ()| {
            assert!(storage.manifest(name, &child.digest()).await.unwrap().is_none());
            assert!(storage.tags(name, None, 9).await.unwrap().items.is_empty());
            assert_eq!(storage.blob(name, &sha256(&layer)).await.unwrap(), None);
        },
    );
    // tombstone, key, tombstone; claim, tag, body, entry; claim, tag, body; link
    assert_eq!(changes.await, 11);
}

pub async fn a_tag_deleted_with_a_cut_anywhere_stays_deleted(world: &World) {
    let artifacts = ["old", "new"].map(|text| Artifact::of(text, &[]).tagged("v1"));
    let prepare = async |name: &Repository| {
        for artifact in &artifacts {
            push_all(&world.storage, name, &[], artifact).await.unwrap();
        }
    };
    let changes = cut_anywhere(
        world,
        "untag",
        prepare,
        async |storage, name, ()| storage.delete_tag(name, &tag("v1")).await.map(drop),
        async |storage, name, ()| {
            assert!(storage.tagged(name, &tag("v1")).await.unwrap().is_none());
            assert!(storage.tags(name, None, 9).await.unwrap().items.is_empty());
            for artifact in &artifacts {
                let left = storage.manifest(name, &artifact.digest()).await.unwrap();
                assert!(left.is_some());
            }
        },
    );
    // tombstone, the key below it goes, and then the tombstone
    assert_eq!(changes.await, 3);
}

pub async fn a_blob_deleted_with_a_cut_anywhere_can_be_pushed_again(world: &World) {
    let prepare = async |name: &Repository| {
        let bytes = noise_of(name, 20_000);
        push_blob(&world.storage, name, &bytes).await.unwrap();
        bytes
    };
    let changes = cut_anywhere(
        world,
        "unlink",
        prepare,
        async |storage, name, bytes| {
            storage.delete_blob(name, &sha256(bytes)).await?;
            assert_eq!(storage.blob(name, &sha256(bytes)).await?, None);
            Ok(())
        },
        async |storage, name, bytes| {
            assert_eq!(storage.blob(name, &sha256(bytes)).await.unwrap(), None);
            let blob = push_blob(storage, name, bytes).await.unwrap();
            assert!(read(storage, &blob).await == *bytes);
            storage.delete_blob(name, &sha256(bytes)).await.unwrap();
        },
    );
    assert_eq!(changes.await, 1, "the link");
}

pub async fn a_listing_of_referrers_follows_changes_that_were_cut(world: &World) {
    let subject = sha256(b"subject");
    let [old, new] = ["old", "new"].map(|text| Artifact::of(text, &[]).about(&subject));
    let changes = cut_anywhere(
        world,
        "listed",
        async |name| push_all(&world.storage, name, &[], &old).await.unwrap(),
        async |storage, name, ()| {
            let fresh = world.storage.reopened(None).await.unwrap();
            let listed = referrers(storage, name, &subject, None).await;
            assert_eq!(listed, referrers(&fresh, name, &subject, None).await);
            push_all(storage, name, &[], &new).await?;
            storage.delete_manifest(name, &old.digest()).await.map(drop)
        },
        async |storage, name, ()| {
            assert_eq!(referrers(storage, name, &subject, None).await, [new.digest()]);
        },
    );
    // claim, entry, body; claim, body and entry go
    assert_eq!(changes.await, 6);
}
