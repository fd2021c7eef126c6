//! Each call of a push or a delete fails once, before or after it did its work: nothing half is
//! ever seen, and repeating the request mends it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use roadstead_storage::{Fault, Hook, Operation, Storage};

use crate::world::{Artifact, World, noise, push_all, read, repository, sha256, tag};

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
    // opening a store makes two changes of its own at most, which find their object there
    const OPENING: usize = 2;
    let (hook, calls) = failing(nth + OPENING, fault);
    let storage = world.storage.reopened(Some(hook)).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), OPENING);
    (storage, calls)
}

pub async fn a_push_cut_anywhere_leaves_no_fault_and_is_repeated(world: &World) {
    let mut cuts = 0;
    for fault in [Fault::Before, Fault::After] {
        for nth in 0.. {
            let name = repository(&format!("cut-{}/{nth}", fault == Fault::After));
            let (config, layer) = (noise(nth as u64, 100), noise(nth as u64 + 1, 30_000));
            let subject = sha256(b"subject");
            let artifact =
                Artifact::of(&format!("m{nth}"), &[&config, &layer]).tagged("v1").about(&subject);
            let (storage, calls) = faulty(world, nth, fault).await;
            let pushed = push_all(&storage, &name, &[&config, &layer], &artifact).await;
            world.is_sound().await;
            if calls.load(Ordering::Relaxed) <= nth + 2 {
                pushed.unwrap();
                break;
            }
            cuts += 1;
            // the same server, which may remember what it should not
            push_all(&storage, &name, &[&config, &layer], &artifact).await.unwrap();
            for storage in [&storage, &storage.reopened(None).await.unwrap()] {
                let found = storage.tagged(&name, &tag("v1")).await.unwrap().unwrap();
                assert_eq!(found.digest, artifact.digest());
                let referrers = storage.referrers(&name, &subject, None).await.unwrap();
                assert_eq!(referrers.len(), 1, "after a cut at {nth}");
                let blob = storage.blob(&name, &sha256(&layer)).await.unwrap().unwrap();
                assert!(read(storage, &blob).await == layer);
            }
            world.is_sound().await;
        }
    }
    assert!(cuts >= 18, "only {cuts} cuts");
}

pub async fn a_delete_cut_anywhere_leaves_no_fault_and_is_repeated(world: &World) {
    for fault in [Fault::Before, Fault::After] {
        for nth in 0.. {
            let name = repository(&format!("del-{}/{nth}", fault == Fault::After));
            let layer = noise(nth as u64, 100);
            let child = Artifact::of("child", &[&layer]).tagged("child");
            push_all(&world.storage, &name, &[&layer], &child).await.unwrap();
            let mut index = Artifact::of("index", &[]).tagged("a").tagged("b");
            index.children = vec![child.as_child()];
            push_all(&world.storage, &name, &[], &index).await.unwrap();
            let (storage, calls) = faulty(world, nth, fault).await;
            let delete = async || {
                storage.delete_tag(&name, &tag("b")).await?;
                storage.delete_manifest(&name, &index.digest()).await?;
                storage.delete_manifest(&name, &child.digest()).await?;
                storage.delete_blob(&name, &sha256(&layer)).await
            };
            let deleted = delete().await;
            world.is_sound().await;
            if calls.load(Ordering::Relaxed) <= nth + 2 {
                deleted.unwrap();
                break;
            }
            delete().await.unwrap();
            let reopened = storage.reopened(None).await.unwrap();
            for storage in [&storage, &reopened] {
                assert!(storage.manifest(&name, &child.digest()).await.unwrap().is_none());
                assert!(storage.tags(&name, None, 9).await.unwrap().items.is_empty());
                assert_eq!(storage.blob(&name, &sha256(&layer)).await.unwrap(), None);
            }
        }
    }
}
