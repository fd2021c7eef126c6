//! Manifests, tags and listings.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bytes::Bytes;

use roadstead_storage::{Committed, Hook, Limit, Operation, Storage};

use crate::world::{
    Artifact, Place, World, noise, owned, push, push_all, push_blob, repository, tag,
};

pub async fn a_push_is_visible_whole(world: &World) {
    let (name, storage) = (repository("a"), &world.storage);
    let layer = noise(1, 20_000);
    let artifact = Artifact::of("manifest", &[&layer]).tagged("v1").tagged("v2");
    push_all(storage, &name, &[&layer], &artifact).await.unwrap();
    for storage in [&**storage, &storage.reopened(None).await.unwrap()] {
        let found = storage.manifest(&name, &artifact.digest()).await.unwrap().unwrap();
        assert_eq!((&found.bytes, &*found.media_type), (&artifact.bytes, "application/x"));
        for name_of_tag in ["v1", "v2"] {
            let tagged = storage.tagged(&name, &tag(name_of_tag)).await.unwrap().unwrap();
            assert_eq!(tagged.digest, artifact.digest());
        }
        assert!(storage.tagged(&name, &tag("v3")).await.unwrap().is_none());
        assert!(storage.manifest(&repository("b"), &artifact.digest()).await.unwrap().is_none());
    }
    world.is_sound().await;
}

/// A store that counts the objects it writes: parts of one are no objects of their own.
async fn counting(world: &World) -> (Storage, impl Fn() -> usize) {
    use Operation::{Complete, Create, Put};
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let hook: Hook = Arc::new(move |operation, _| {
        let write = matches!(operation, Put | Create | Complete);
        counted.fetch_add(usize::from(write), Ordering::Relaxed);
        None
    });
    let storage = world.storage.reopened(Some(hook)).await.unwrap();
    writes.store(0, Ordering::Relaxed);
    (storage, move || writes.swap(0, Ordering::Relaxed))
}

pub async fn a_small_artifact_takes_seven_writes(world: &World) {
    let (storage, writes) = counting(world).await;
    let name = repository("small");
    push_blob(&storage, &name, &noise(0, 1)).await.unwrap();
    assert_eq!(writes(), 3, "record, link, and the repository that is new");
    let (config, layer) = (noise(1, 200), noise(2, 4000));
    let artifact = Artifact::of("small", &[&config, &layer]).tagged("v1");
    push_all(&storage, &name, &[&config, &layer], &artifact).await.unwrap();
    assert_eq!(writes(), 7);
    push_all(&storage, &name, &[], &Artifact::of("next", &[]).tagged("v1")).await.unwrap();
    assert_eq!(writes(), 3, "claim, body, and the tag that moves");
}

pub async fn what_is_large_new_or_linked_adds_one_write_each(world: &World) {
    let (storage, writes) = counting(world).await;
    let name = repository("more");
    let (config, layer) = (noise(1, 200), noise(2, 40_000));
    let artifact = Artifact::of("larger", &[&config, &layer]).tagged("v1");
    push_all(&storage, &name, &[&config, &layer], &artifact).await.unwrap();
    assert_eq!(writes(), 8 + 1, "its layer's data, and the repository");
    let signature = Artifact::of("signature", &[]).about(&artifact.digest());
    push_all(&storage, &name, &[], &signature).await.unwrap();
    assert_eq!(writes(), 2 + 1, "its entry below the subject");
    let mut index = Artifact::of("index", &[]);
    index.children = [&artifact, &signature].map(Artifact::as_child).to_vec();
    push_all(&storage, &name, &[], &index).await.unwrap();
    assert_eq!(writes(), 2 + 2, "an entry below each child");
    push_all(&storage, &name, &[], &index).await.unwrap();
    assert_eq!(writes(), 1, "the later verdict");
    push_all(&storage, &name, &[], &index.tagged("v2")).await.unwrap();
    assert_eq!(writes(), 1 + 1, "the later verdict and the tag");
}

pub async fn a_missing_or_resized_blob_is_told(world: &World) {
    let (name, storage) = (repository("unmet"), &world.storage);
    let layer = noise(1, 100);
    let artifact = Artifact::of("unmet", &[&layer]).tagged("v1");
    let unmet = push(storage, &name, &artifact, |_| 100).await.unwrap();
    let Committed::Unmet(unmet) = unmet else { panic!("stored") };
    assert_eq!(unmet[0].stored_size, None);
    push_blob(storage, &name, &layer).await.unwrap();
    let unmet = push(storage, &name, &artifact, |_| 99).await.unwrap();
    let Committed::Unmet(unmet) = unmet else { panic!("stored") };
    assert_eq!(unmet[0].stored_size, Some(100));
    assert!(storage.manifest(&name, &artifact.digest()).await.unwrap().is_none());
    assert!(storage.tagged(&name, &tag("v1")).await.unwrap().is_none());
    let audit = storage.audit().await.unwrap();
    assert_eq!((audit.fault_count, audit.litter.len()), (0, 0), "{audit:?}");
}

pub async fn a_moving_tag_is_never_absent(world: &World) {
    let name = repository("moving");
    let versions: Vec<_> =
        (0..4).map(|n| Artifact::of(&format!("v{n}"), &[]).tagged("t")).collect();
    for version in &versions {
        push_all(&world.storage, &name, &[], version).await.unwrap();
    }
    let done = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (storage, name) = (Arc::clone(&world.storage), name.clone());
            let (done, reads) = (Arc::clone(&done), Arc::clone(&reads));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let read = reads.fetch_add(1, Ordering::Relaxed);
                    // half of them ask a store that remembers nothing
                    let found = if read.is_multiple_of(2) {
                        storage.tagged(&name, &tag("t")).await.unwrap()
                    } else {
                        let forgetful = storage.reopened(None).await.unwrap();
                        forgetful.tagged(&name, &tag("t")).await.unwrap()
                    };
                    assert!(found.is_some(), "absent at read {read}");
                }
            })
        })
        .collect();
    let mut moves = 0;
    while moves < 300 || reads.load(Ordering::Relaxed) < 300 {
        push_all(&world.storage, &name, &[], &versions[moves % 4]).await.unwrap();
        moves += 1;
        assert!(moves < 1_000_000, "the readers do not read");
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    world.is_sound().await;
}

pub async fn names_are_listed_in_byte_order(world: &World) {
    let storage = &world.storage;
    let names = ["a", "a-b", "a.b", "a/b", "a/b-c", "a/b/c", "a0", "b", "b/tags/list"];
    for name in names.iter().rev() {
        push_blob(storage, &repository(name), &noise(1, 5)).await.unwrap();
    }
    let tags = ["1", "1-a", "1.0", "10", "A", "_", "a", "a-1"];
    for name in tags {
        push_all(storage, &repository("a"), &[], &Artifact::of("m", &[]).tagged(name))
            .await
            .unwrap();
    }
    for limit in [1, 2, 3, 100] {
        let (mut found, mut last) = (Vec::new(), None);
        loop {
            let page = storage.repositories(last.as_deref(), limit).await.unwrap();
            found.extend(page.items.iter().map(ToString::to_string));
            last = found.last().cloned();
            if !page.more {
                break;
            }
        }
        assert_eq!(found, names, "{limit}");
        let (mut found, mut last) = (Vec::new(), None);
        loop {
            let page = storage.tags(&repository("a"), last.as_deref(), limit).await.unwrap();
            found.extend(page.items.iter().map(ToString::to_string));
            last = found.last().cloned();
            if !page.more {
                break;
            }
        }
        assert_eq!(found, tags, "{limit}");
    }
    let after = storage.tags(&repository("a"), Some("1-"), 10).await.unwrap();
    assert_eq!(after.items[0].as_str(), "1-a", "last need not exist");
    let after = storage.repositories(Some("a/a"), 1).await.unwrap();
    assert_eq!(after.items[0].as_str(), "a/b");
    let none = storage.tags(&repository("a"), None, 0).await.unwrap();
    assert_eq!((none.items.len(), none.more), (0, true));
    // in JSON "1","1-a","1.0" take 4, 6 and 6 bytes with their commas
    for (bytes, fitting) in [(3, 0), (4, 1), (9, 1), (10, 2), (16, 3)] {
        let limit = Limit { names: 9, bytes };
        let page = storage.tags(&repository("a"), None, limit).await.unwrap();
        assert_eq!((page.items.len(), page.more), (fitting, true), "{bytes}");
    }
}

pub async fn pages_of_a_large_folder_follow_each_other(world: &World) {
    let mut names: Vec<_> = (0..150).map(|n| format!("r{n:03}")).collect();
    names.extend((0..150).step_by(10).map(|n| format!("r{n:03}/below")));
    names.sort();
    for name in names.iter().rev() {
        world.plant(&format!("catalog/{name},/{:0>26}", 1), Bytes::new()).await;
    }
    for limit in [1, 63, 64, 100, 1000] {
        let (mut found, mut last) = (Vec::<String>::new(), None);
        loop {
            let page = world.storage.repositories(last.as_deref(), limit).await.unwrap();
            found.extend(page.items.iter().map(ToString::to_string));
            last = found.last().cloned();
            if !page.more {
                break;
            }
        }
        assert_eq!(found, names, "{limit}");
    }
}

/// In memory, where so many of them are made in a moment.
#[tokio::test]
async fn tags_too_many_to_be_kept_are_listed_in_pages() {
    let world = World::new(owned, Place::memory()).await;
    let (name, storage) = (repository("many"), &world.storage);
    let tags = ["a", "b", "b-1", "c", "z"];
    for tag in tags {
        let artifact = Artifact::of("m", &[]).tagged(tag);
        push_all(storage, &name, &[], &artifact).await.unwrap();
    }
    // what a cut delete leaves of a tag is a folder with nothing that counts
    for n in 0..250_000 {
        world.plant(&format!("repos/many/_tags/v{n},/x"), Bytes::new()).await;
    }
    let storage = storage.reopened(None).await.unwrap();
    let page = storage.tags(&name, None, 3).await.unwrap();
    assert_eq!((page.items, page.more), (["a", "b", "b-1"].map(tag).to_vec(), true));
    let page = storage.tags(&name, Some("b-"), 1).await.unwrap();
    assert_eq!((page.items, page.more), (vec![tag("b-1")], true));
    let page = storage.tags(&name, None, Limit { names: 9, bytes: 10 }).await.unwrap();
    assert_eq!((page.items, page.more), (["a", "b"].map(tag).to_vec(), true));
    let page = storage.tags(&name, Some("v99999"), 9).await.unwrap();
    assert_eq!((page.items, page.more), (vec![tag("z")], false));
}

pub async fn a_second_push_keeps_the_first_body(world: &World) {
    let (name, storage) = (repository("twice"), &world.storage);
    let artifact = Artifact::of("twice", &[]);
    push_all(storage, &name, &[], &artifact).await.unwrap();
    push_all(storage, &name, &[], &artifact.clone().tagged("v1")).await.unwrap();
    let racers: Vec<_> = (0..8)
        .map(|n| {
            let (storage, name) = (Arc::clone(storage), name.clone());
            let artifact = Artifact::of("raced", &[]).tagged(&format!("t{n}"));
            tokio::spawn(async move { push_all(&storage, &name, &[], &artifact).await.unwrap() })
        })
        .collect();
    for racer in racers {
        racer.await.unwrap();
    }
    let tags = storage.tags(&name, None, 100).await.unwrap();
    assert_eq!(tags.items.len(), 9);
    let audit = storage.audit().await.unwrap();
    assert_eq!((audit.fault_count, audit.sound["manifests"]), (0, 2), "{audit:?}");
    assert!(audit.litter.is_empty(), "{audit:?}");
}

pub async fn a_digest_has_one_media_type_in_a_repository(world: &World) {
    let (name, storage) = (repository("typed"), &world.storage);
    let artifact = Artifact::of("typed", &[]);
    let [one, other] = ["application/one", "application/other"].map(|t| artifact.clone().typed(t));
    push_all(storage, &name, &[], &one).await.unwrap();
    push_all(storage, &name, &[], &one.clone().tagged("v1")).await.unwrap();
    for storage in [&**storage, &storage.reopened(None).await.unwrap()] {
        let refused = push(storage, &name, &other.clone().tagged("v2"), |_| 0).await.unwrap();
        assert_eq!(refused, Committed::ServedAs("application/one".into()));
        let claim = storage.claim(&name, &other.digest(), Vec::new()).await.unwrap();
        assert_eq!(claim.served_as(), Some("application/one"), "before anyone judges it");
        storage.withdraw(claim).await;
        assert!(storage.tagged(&name, &tag("v2")).await.unwrap().is_none());
        let served = storage.tagged(&name, &tag("v1")).await.unwrap().unwrap();
        assert_eq!(*served.media_type, *"application/one");
    }
    assert_eq!(world.keys("/_verdicts/").await.len(), 1, "of the second push alone");
    // elsewhere, and where it was deleted, another one may be the first
    push_all(storage, &repository("elsewhere"), &[], &other).await.unwrap();
    storage.delete_manifest(&name, &one.digest()).await.unwrap();
    push_all(storage, &name, &[], &other).await.unwrap();
    let served = storage.manifest(&name, &other.digest()).await.unwrap().unwrap();
    assert_eq!(*served.media_type, *"application/other");
    world.is_sound().await;
}

pub async fn of_two_first_pushes_with_different_media_types_one_is_told(world: &World) {
    const ROUNDS: usize = 20;
    for round in 0..ROUNDS {
        let name = repository(&format!("raced/{round}"));
        let racers = ["application/one", "application/other"].map(|media_type| {
            let (storage, name) = (Arc::clone(&world.storage), name.clone());
            let artifact = Artifact::of("raced", &[]).typed(media_type).tagged(&media_type[12..]);
            tokio::spawn(async move {
                let pushed = push(&storage, &name, &artifact, |_| 0).await.unwrap();
                (media_type, pushed)
            })
        });
        let (mut won, mut told) = (Vec::new(), Vec::new());
        for racer in racers {
            match racer.await.unwrap() {
                (media_type, Committed::Done) => won.push(media_type.to_owned()),
                (_, Committed::ServedAs(media_type)) => told.push(media_type),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((won.len(), &won), (1, &told));
        let tags = world.storage.tags(&name, None, 9).await.unwrap().items;
        assert_eq!(tags, [tag(&won[0][12..])]);
        let served = world.storage.tagged(&name, &tags[0]).await.unwrap().unwrap();
        assert_eq!(*served.media_type, *won[0]);
    }
    world.is_sound().await;
}

pub async fn a_child_is_stored_as_its_index_says(world: &World) {
    let (name, storage) = (repository("index"), &world.storage);
    let child = Artifact::of("child", &[]).typed("application/one");
    push_all(storage, &name, &[], &child).await.unwrap();
    let mut index = Artifact::of("index", &[]);
    index.children.push(child.as_child());
    let says = |child_type| Artifact { child_type: Some(child_type), ..index.clone() };
    let unmet = push(storage, &name, &says("application/other"), |_| 0).await.unwrap();
    let Committed::Unmet(unmet) = unmet else { panic!("stored") };
    assert_eq!(unmet[0].stored_type.as_deref(), Some("application/one"));
    assert!(unmet[0].stored_size.is_some());
    push_all(storage, &name, &[], &says("application/one")).await.unwrap();
    world.is_sound().await;
}
