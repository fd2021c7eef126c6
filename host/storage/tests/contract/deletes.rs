//! Deletes.

use std::sync::Arc;

use roadstead_storage::{Committed, Deleted};

use crate::world::{Artifact, World, noise, push, push_all, push_blob, repository, sha256, tag};

pub async fn a_named_blob_stays(world: &World) {
    let (name, storage) = (repository("named"), &world.storage);
    let layer = noise(1, 50);
    let digest = sha256(&layer);
    assert_eq!(storage.delete_blob(&name, &digest).await.unwrap(), Deleted::Absent);
    let artifact = Artifact::of("names it", &[&layer]);
    push_all(storage, &name, &[&layer], &artifact).await.unwrap();
    let named = storage.delete_blob(&name, &digest).await.unwrap();
    assert_eq!(named, Deleted::Named(artifact.digest()));
    storage.delete_manifest(&name, &artifact.digest()).await.unwrap();
    assert_eq!(storage.delete_blob(&name, &digest).await.unwrap(), Deleted::Done);
    assert_eq!(storage.blob(&name, &digest).await.unwrap(), None);
    let unmet = push(storage, &name, &artifact, |_| 50).await.unwrap();
    assert!(matches!(unmet, Committed::Unmet(_)));
    world.is_sound().await;
}

pub async fn a_named_child_stays(world: &World) {
    let (name, storage) = (repository("index"), &world.storage);
    let child = Artifact::of("child", &[]);
    push_all(storage, &name, &[], &child).await.unwrap();
    let mut index = Artifact::of("index", &[]).tagged("v1");
    index.children = vec![child.as_child()];
    push_all(storage, &name, &[], &index).await.unwrap();
    let named = storage.delete_manifest(&name, &child.digest()).await.unwrap();
    assert_eq!(named, Deleted::Named(index.digest()));
    world.is_sound().await;
    assert_eq!(storage.delete_manifest(&name, &index.digest()).await.unwrap(), Deleted::Done);
    assert_eq!(storage.delete_manifest(&name, &child.digest()).await.unwrap(), Deleted::Done);
    world.is_sound().await;
}

pub async fn a_manifest_goes_with_its_tags_and_they_stay_gone(world: &World) {
    let (name, storage) = (repository("gone"), &world.storage);
    let (first, second) = (Artifact::of("first", &[]), Artifact::of("second", &[]));
    push_all(storage, &name, &[], &first.clone().tagged("moved").tagged("kept")).await.unwrap();
    push_all(storage, &name, &[], &second.clone().tagged("moved")).await.unwrap();
    assert_eq!(storage.delete_manifest(&name, &second.digest()).await.unwrap(), Deleted::Done);
    let absent = async |name_of_tag| {
        let reopened = storage.reopened(None).await.unwrap();
        storage.tagged(&name, &tag(name_of_tag)).await.unwrap().is_none()
            && reopened.tagged(&name, &tag(name_of_tag)).await.unwrap().is_none()
    };
    assert!(absent("moved").await, "the older value must not surface");
    assert!(!absent("kept").await);
    push_all(storage, &name, &[], &second).await.unwrap();
    assert!(absent("moved").await, "a push by digest must not revive a tag");
    assert_eq!(storage.tags(&name, None, 9).await.unwrap().items, [tag("kept")]);
    assert_eq!(storage.delete_manifest(&name, &sha256(b"?")).await.unwrap(), Deleted::Absent);
    world.is_sound().await;
}

pub async fn a_tag_goes_alone(world: &World) {
    let (name, storage) = (repository("untag"), &world.storage);
    let artifact = Artifact::of("m", &[]);
    push_all(storage, &name, &[], &artifact.clone().tagged("a").tagged("b")).await.unwrap();
    assert!(storage.delete_tag(&name, &tag("a")).await.unwrap());
    assert!(!storage.delete_tag(&name, &tag("a")).await.unwrap());
    assert_eq!(storage.tags(&name, None, 9).await.unwrap().items, [tag("b")]);
    assert!(storage.manifest(&name, &artifact.digest()).await.unwrap().is_some());
    push_all(storage, &name, &[], &artifact.clone().tagged("a")).await.unwrap();
    let reopened = storage.reopened(None).await.unwrap();
    assert!(reopened.tagged(&name, &tag("a")).await.unwrap().is_some());
    world.is_sound().await;
}

pub async fn pushes_and_deletes_exclude_each_other(world: &World) {
    let name = repository("both");
    let layer = noise(1, 30);
    let tasks: Vec<_> = (0..6)
        .map(|task| {
            let (storage, name, layer) = (Arc::clone(&world.storage), name.clone(), layer.clone());
            tokio::spawn(async move {
                for round in 0..25 {
                    let text = format!("m{}", (task + round) % 3);
                    let artifact = Artifact::of(&text, &[&layer]).tagged("t");
                    if task % 2 == 0 {
                        push_blob(&storage, &name, &layer).await.unwrap();
                        push(&storage, &name, &artifact, |_| 30).await.unwrap();
                    } else {
                        storage.delete_manifest(&name, &artifact.digest()).await.unwrap();
                        storage.delete_blob(&name, &sha256(&layer)).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world.is_sound().await;
}
