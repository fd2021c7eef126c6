//! Uploads and blobs.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bytes::Bytes;

use roadstead_oci::{Algorithm, Digest};
use roadstead_storage::{Appended, Clock, Finished, Hook, Operation, Storage, StorageConfig};

use crate::world::{World, body, config, cut, noise, push_blob, read, repository, sha256};

pub async fn what_was_uploaded_is_read_back_in_any_form(world: &World) {
    let name = repository("a/b");
    for (seed, len) in [(1, 0), (2, 1), (3, 8192), (4, 8193), (5, 3_500_000)] {
        let bytes = noise(seed, len);
        let blob = push_blob(&world.storage, &name, &bytes).await.unwrap();
        assert_eq!(blob.size, len as u64);
        assert!(read(&world.storage, &blob).await == bytes, "{len}");
        let reopened = world.storage.reopened(None).await.unwrap();
        let blob = reopened.blob(&name, &sha256(&bytes)).await.unwrap().unwrap();
        assert!(read(&reopened, &blob).await == bytes, "{len} after a restart");
        assert_eq!(reopened.blob(&repository("a"), &blob.digest).await.unwrap(), None);
    }
    world.is_sound().await;
}

/// Uploads in chunks, and answers the blob and the whole.
async fn in_chunks(storage: &Storage, sizes: &[usize]) -> (roadstead_storage::Blob, Bytes) {
    let name = repository("chunks");
    let whole = noise(sizes.len() as u64, sizes.iter().sum());
    let begun = storage.begin_upload(&name, Algorithm::Sha256);
    let mut offset = 0;
    for size in sizes {
        let upload = storage.upload(&name, &begun.token).await.unwrap().unwrap();
        assert_eq!(upload.size, offset as u64);
        let chunk = whole.slice(offset..offset + size);
        offset += size;
        let appended = storage.append(&upload, body(&chunk)).await.unwrap();
        assert_eq!(appended, Appended::Kept(offset as u64));
    }
    let upload = storage.upload(&name, &begun.token).await.unwrap().unwrap();
    let finished = storage.finish(&upload, body(&Bytes::new()), &sha256(&whole)).await.unwrap();
    let Finished::Stored(blob) = finished else { panic!("{finished:?}") };
    assert!(storage.upload(&name, &begun.token).await.unwrap().is_none(), "it is over");
    (blob, whole)
}

pub async fn ranges_cover_any_part(world: &World) {
    use futures::StreamExt;
    for sizes in [&[100, 200][..], &[10_000, 5, 0, 2_000_000], &[40_000], &[5000, 5000]] {
        let (blob, whole) = in_chunks(&world.storage, sizes).await;
        let size = whole.len();
        for range in [0..size, 0..1, size - 1..size, size / 3..size / 2, 90..210.min(size), 7..7] {
            let wanted = range.start as u64..range.end as u64;
            let chunks = world.storage.read(&blob, wanted).await.unwrap();
            let chunks: Vec<_> = chunks.map(Result::unwrap).collect().await;
            assert!(chunks.concat() == whole[range.clone()], "{sizes:?} {range:?}");
        }
    }
    world.is_sound().await;
}

pub async fn an_upload_goes_on_after_a_restart(world: &World) {
    let name = repository("restart");
    let whole = noise(9, 300_000);
    let token = world.storage.begin_upload(&name, Algorithm::Sha512).token;
    for chunk in [whole.slice(..100_000), whole.slice(100_000..250_000)] {
        let storage = world.storage.reopened(None).await.unwrap();
        let upload = storage.upload(&name, &token).await.unwrap().unwrap();
        storage.append(&upload, body(&chunk)).await.unwrap();
    }
    let storage = world.storage.reopened(None).await.unwrap();
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let digest = Digest::of(Algorithm::Sha512, &whole);
    let finished = storage.finish(&upload, body(&whole.slice(250_000..)), &digest).await.unwrap();
    let Finished::Stored(blob) = finished else { panic!("{finished:?}") };
    assert!(read(&storage, &blob).await == whole);
}

pub async fn a_chunk_costs_the_same_however_many_came_before(world: &World) {
    let (listings, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (listed, called) = (Arc::clone(&listings), Arc::clone(&calls));
    let hook: Hook = Arc::new(move |operation, _| {
        let count = if operation == Operation::Names { &listed } else { &called };
        count.fetch_add(1, Ordering::SeqCst);
        None
    });
    let storage = world.storage.reopened(Some(hook)).await.unwrap();
    let (name, whole) = (repository("many"), noise(3, 3000));
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    for n in 0..30 {
        listings.store(0, Ordering::SeqCst);
        calls.store(0, Ordering::SeqCst);
        let upload = storage.upload(&name, &token).await.unwrap().unwrap();
        let chunk = whole.slice(n * 100..(n + 1) * 100);
        let appended = storage.append(&upload, body(&chunk)).await.unwrap();
        assert_eq!(appended, Appended::Kept((n as u64 + 1) * 100));
        // create the part, check `over`; nothing is listed, since all of it is remembered
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{n}");
        assert_eq!(listings.load(Ordering::SeqCst), 0, "{n}");
    }
    listings.store(0, Ordering::SeqCst);
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let finished = storage.finish(&upload, body(&Bytes::new()), &sha256(&whole)).await.unwrap();
    let Finished::Stored(blob) = finished else { panic!("{finished:?}") };
    assert!(read(&storage, &blob).await == whole);
    assert!(world.keys("/_uploads/").await.iter().all(|key| key.ends_with("/over")));
    world.is_sound().await;
}

pub async fn what_is_remembered_of_an_upload_ends_with_it(world: &World) {
    let (name, storage) = (repository("remembered"), &world.storage);
    for cancelled in [true, false] {
        let token = storage.begin_upload(&name, Algorithm::Sha256).token;
        let bytes = noise(7, 10_000);
        let upload = storage.upload(&name, &token).await.unwrap().unwrap();
        storage.append(&upload, body(&bytes)).await.unwrap();
        // both come from memory
        let late = storage.upload(&name, &token).await.unwrap().unwrap();
        let ending = storage.upload(&name, &token).await.unwrap().unwrap();
        if cancelled {
            storage.cancel_upload(&ending).await.unwrap();
        } else {
            let end = body(&Bytes::new());
            let finished = storage.finish(&ending, end, &sha256(&bytes)).await.unwrap();
            assert!(matches!(finished, Finished::Stored(_)), "{finished:?}");
        }
        assert_eq!(storage.append(&late, body(&bytes)).await.unwrap(), Appended::Over);
        let both = sha256(&[&bytes[..], &bytes[..]].concat());
        assert_eq!(storage.finish(&late, body(&bytes), &both).await.unwrap(), Finished::Over);
        for storage in [storage, &Arc::new(storage.reopened(None).await.unwrap())] {
            assert!(storage.upload(&name, &token).await.unwrap().is_none());
        }
    }
    assert!(world.keys("/_uploads/").await.iter().all(|key| key.ends_with("/over")));
    world.is_sound().await;
}

pub async fn a_taken_place_is_refused_and_harmless(world: &World) {
    let (name, storage) = (repository("taken"), &world.storage);
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    let early = storage.upload(&name, &token).await.unwrap().unwrap();
    let bytes = noise(1, 20_000);
    assert_eq!(storage.append(&early, body(&bytes)).await.unwrap(), Appended::Kept(20_000));
    let again = storage.append(&early, body(&noise(2, 30_000))).await.unwrap();
    assert_eq!(again, Appended::OutOfOrder(20_000));
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let finished = storage.finish(&upload, body(&Bytes::new()), &sha256(&bytes)).await.unwrap();
    assert!(matches!(finished, Finished::Stored(_)));
    world.is_sound().await;
}

pub async fn one_of_sixteen_gets_a_place(world: &World) {
    let name = repository("race");
    let token = world.storage.begin_upload(&name, Algorithm::Sha256).token;
    let upload = world.storage.upload(&name, &token).await.unwrap().unwrap();
    let racers = (0..16).map(|seed| {
        let (storage, upload) = (std::sync::Arc::clone(&world.storage), upload.clone());
        tokio::spawn(async move { storage.append(&upload, body(&noise(seed, 9000))).await })
    });
    let mut kept = 0;
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap().unwrap() {
            Appended::Kept(9000) => kept += 1,
            Appended::OutOfOrder(9000) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 1);
}

pub async fn another_digest_stores_nothing(world: &World) {
    let (name, storage) = (repository("wrong"), &world.storage);
    for bytes in [noise(1, 10), noise(2, 100_000)] {
        let announced = sha256(b"something else");
        let upload = storage.begin_upload(&name, Algorithm::Sha256);
        let finished = storage.finish(&upload, body(&bytes), &announced).await.unwrap();
        assert_eq!(finished, Finished::Mismatch(sha256(&bytes)));
        for digest in [announced, sha256(&bytes)] {
            assert_eq!(storage.blob(&name, &digest).await.unwrap(), None);
        }
    }
    assert!(!storage.repository_exists(&name).await.unwrap());
    let audit = storage.audit().await.unwrap();
    assert!(audit.litter.is_empty(), "{audit:?}");
}

pub async fn an_algorithm_that_nobody_announced_is_computed(world: &World) {
    let (name, storage) = (repository("late"), &world.storage);
    let whole = noise(4, 2_500_000);
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    storage.append(&upload, body(&whole.slice(..2_000_000))).await.unwrap();
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let digest = Digest::of(Algorithm::Sha512, &whole);
    let finished = storage.finish(&upload, body(&whole.slice(2_000_000..)), &digest).await.unwrap();
    assert!(matches!(finished, Finished::Stored(_)), "{finished:?}");
}

pub async fn what_arrived_before_a_cut_is_kept(world: &World) {
    let (name, storage) = (repository("cut"), &world.storage);
    let whole = noise(5, 400_000);
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let broken = storage.append(&upload, cut(&whole.slice(..150_000))).await.unwrap();
    assert_eq!(broken, Appended::Broken(150_000));
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let finished = storage.finish(&upload, cut(&whole.slice(150_000..)), &sha256(&whole)).await;
    assert_eq!(finished.unwrap(), Finished::Broken);
    let finished = storage.finish(&upload, body(&whole.slice(150_000..)), &sha256(&whole)).await;
    let Finished::Stored(blob) = finished.unwrap() else { panic!("not stored") };
    assert!(read(storage, &blob).await == whole);
}

pub async fn a_cancelled_or_foreign_or_old_upload_is_unknown(world: &World) {
    let (name, storage) = (repository("over"), &world.storage);
    for bytes in [Bytes::new(), noise(1, 10_000)] {
        let token = storage.begin_upload(&name, Algorithm::Sha256).token;
        let upload = storage.upload(&name, &token).await.unwrap().unwrap();
        storage.append(&upload, body(&bytes)).await.unwrap();
        assert!(storage.upload(&repository("other"), &token).await.unwrap().is_none());
        let upload = storage.upload(&name, &token).await.unwrap().unwrap();
        storage.cancel_upload(&upload).await.unwrap();
        assert!(storage.upload(&name, &token).await.unwrap().is_none());
        let reopened = storage.reopened(None).await.unwrap();
        assert!(reopened.upload(&name, &token).await.unwrap().is_none());
    }
    assert!(storage.upload(&name, "").await.unwrap().is_none());
    let time = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(1_000_000));
    let told = std::sync::Arc::clone(&time);
    let clock = Clock::from_fn(move || {
        let seconds = told.load(std::sync::atomic::Ordering::Relaxed);
        jiff::Timestamp::from_second(seconds).unwrap()
    });
    let config = StorageConfig { upload_seconds_max: 10, ..config() };
    let storage = world.opened(config, clock).await;
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    assert!(storage.upload(&name, &token).await.unwrap().is_some());
    time.fetch_add(11, std::sync::atomic::Ordering::Relaxed);
    assert!(storage.upload(&name, &token).await.unwrap().is_none());
}

pub async fn too_large_is_refused(world: &World) {
    let config = StorageConfig { blob_bytes_max: 50_000, ..config() };
    let storage = world.opened(config, Clock::system()).await;
    let (name, bytes) = (repository("large"), noise(1, 50_001));
    let upload = storage.begin_upload(&name, Algorithm::Sha256);
    let finished = storage.finish(&upload, body(&bytes), &sha256(&bytes)).await.unwrap();
    assert_eq!(finished, Finished::TooLarge(50_000));
    let kept = storage.append(&upload, body(&bytes.slice(..40_000))).await.unwrap();
    assert_eq!(kept, Appended::Kept(40_000));
    let upload = storage.upload(&name, &upload.token).await.unwrap().unwrap();
    let more = storage.append(&upload, body(&bytes.slice(..10_001))).await.unwrap();
    assert_eq!(more, Appended::TooLarge(50_000));
    push_blob(&storage, &name, &bytes.slice(..50_000)).await.unwrap();
}

pub async fn a_mount_shares_the_bytes(world: &World) {
    let (from, to, storage) = (repository("from"), repository("to"), &world.storage);
    let bytes = noise(6, 100_000);
    let digest = sha256(&bytes);
    assert_eq!(storage.mount(&to, &digest, Some(&from)).await.unwrap(), None);
    assert_eq!(storage.mount(&to, &digest, None).await.unwrap(), None);
    push_blob(storage, &from, &bytes).await.unwrap();
    assert_eq!(storage.mount(&to, &digest, Some(&repository("else"))).await.unwrap(), None);
    let mounted = storage.mount(&to, &digest, Some(&from)).await.unwrap().unwrap();
    assert!(read(storage, &mounted).await == bytes);
    storage.mount(&repository("anonymous"), &digest, None).await.unwrap().unwrap();
    storage.delete_blob(&from, &digest).await.unwrap();
    assert_eq!(storage.blob(&from, &digest).await.unwrap(), None);
    assert!(read(storage, &mounted).await == bytes);
    assert_eq!(storage.audit().await.unwrap().sound["blobs"], 1);
}

pub async fn a_chunk_that_comes_late_never_follows_a_gap(world: &World) {
    let (name, storage) = (repository("late"), &world.storage);
    let (first, second) = (noise(1, 10_000), noise(2, 10_000));
    let upload = storage.begin_upload(&name, Algorithm::Sha256);
    let token = upload.token.clone();
    assert_eq!(storage.append(&upload, body(&first)).await.unwrap(), Appended::Kept(10_000));
    // it reads the session now, and sends its bytes when that has ended
    let late = storage.upload(&name, &token).await.unwrap().unwrap();
    let ending = storage.upload(&name, &token).await.unwrap().unwrap();
    let ended = storage.finish(&ending, body(&Bytes::new()), &sha256(&first)).await.unwrap();
    assert!(matches!(ended, Finished::Stored(_)), "{ended:?}");
    assert_eq!(storage.append(&late, body(&second)).await.unwrap(), Appended::Over);
    let both = sha256(&[&first[..], &second[..]].concat());
    assert_eq!(
        storage.finish(&late, body(&Bytes::new()), &both).await.unwrap(),
        Finished::Over,
        "its parts are gone"
    );
    for storage in [storage, &Arc::new(storage.reopened(None).await.unwrap())] {
        assert!(storage.upload(&name, &token).await.unwrap().is_none());
        assert!(storage.blob(&name, &both).await.unwrap().is_none());
        let blob = storage.blob(&name, &sha256(&first)).await.unwrap().unwrap();
        assert!(read(storage, &blob).await == first);
    }
    world.is_sound().await;
}

pub async fn a_chunk_that_was_seen_in_time_keeps_its_bytes(world: &World) {
    let (name, storage) = (repository("in-time"), &world.storage);
    let bytes = noise(1, 50_000);
    // the server stops for a while right after it has written the chunk
    let (written, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
    let (watched, held) = (Arc::clone(&written), Arc::clone(&seen));
    let hook: Hook = Arc::new(move |operation, key| {
        if operation == Operation::Create && key.contains("_uploads/") {
            watched.store(true, Ordering::SeqCst);
        } else if matches!(operation, Operation::Names | Operation::Read)
            && watched.swap(false, Ordering::SeqCst)
        {
            held.wait();
            held.wait();
        }
        None
    });
    let slow = storage.reopened(Some(hook)).await.unwrap();
    let token = slow.begin_upload(&name, Algorithm::Sha256).token;
    let upload = slow.upload(&name, &token).await.unwrap().unwrap();
    let chunk = body(&bytes);
    let appending = tokio::spawn(async move { slow.append(&upload, chunk).await.unwrap() });
    tokio::task::block_in_place(|| seen.wait());
    let ending = storage.upload(&name, &token).await.unwrap().unwrap();
    let ended = storage.finish(&ending, body(&Bytes::new()), &sha256(&bytes)).await.unwrap();
    tokio::task::block_in_place(|| seen.wait());
    assert_eq!(appending.await.unwrap(), Appended::Over);
    let Finished::Stored(blob) = ended else { panic!("{ended:?}") };
    assert!(read(storage, &blob).await == bytes);
    world.is_sound().await;
}
