//! Entries: what a subject lists, and what leads to a manifest.

use std::{collections::BTreeMap, sync::Arc};

use roadstead_oci::{Digest, Repository};
use roadstead_storage::{Deleted, Storage};

use crate::world::{Artifact, World, push_all, referrers, referrers_of, repository, sha256, tag};

pub async fn referrers_are_listed_while_they_are_visible(world: &World) {
    let (name, storage) = (repository("refer"), &world.storage);
    let subject = sha256(b"not there yet");
    let signatures: Vec<_> =
        (0..5).map(|n| Artifact::of(&format!("signature {n}"), &[]).about(&subject)).collect();
    for signature in &signatures {
        push_all(storage, &name, &[], signature).await.unwrap();
    }
    let mut expected: Vec<_> = signatures.iter().map(Artifact::digest).collect();
    expected.sort();
    let listed = async |last| referrers(storage, &name, &subject, last).await;
    assert_eq!(listed(None).await, expected);
    assert_eq!(listed(Some(&expected[2])).await, expected[3..]);
    assert!(referrers(storage, &repository("x"), &subject, None).await.is_empty());
    storage.delete_manifest(&name, &expected[1]).await.unwrap();
    expected.remove(1);
    assert_eq!(referrers(storage, &name, &subject, None).await, expected);
    world.is_sound().await;
}

/// What a new process lists, which remembers nothing.
async fn listed_anew(world: &World, name: &Repository, subject: &Digest) -> Vec<Digest> {
    let fresh = world.storage.reopened(None).await.unwrap();
    referrers(&fresh, name, subject, None).await
}

fn signatures(subject: &Digest, count: usize) -> Vec<Artifact> {
    let types = ["application/one", "application/two", "application/three"];
    let signature = |n: usize| {
        let artifact = Artifact::of(&format!("signature {n}"), &[]).about(subject);
        artifact.listed_as(types[n % types.len()])
    };
    (0..count).map(signature).collect()
}

pub async fn a_listing_of_referrers_sees_every_change_at_once(world: &World) {
    let (name, storage) = (repository("changes"), &world.storage);
    let subject = sha256(b"subject");
    let mut expected = Vec::new();
    for signature in signatures(&subject, 12) {
        push_all(storage, &name, &[], &signature).await.unwrap();
        expected.push(signature.digest());
        expected.sort();
        assert_eq!(referrers(storage, &name, &subject, None).await, expected);
    }
    while let Some(gone) = expected.pop() {
        storage.delete_manifest(&name, &gone).await.unwrap();
        assert_eq!(referrers(storage, &name, &subject, None).await, expected);
        assert_eq!(listed_anew(world, &name, &subject).await, expected);
    }
    let again = &signatures(&subject, 1)[0];
    push_all(storage, &name, &[], again).await.unwrap();
    assert_eq!(referrers(storage, &name, &subject, None).await, [again.digest()]);
    world.is_sound().await;
}

pub async fn referrers_are_filtered_by_their_artifact_types(world: &World) {
    let (name, storage) = (repository("filtered"), &world.storage);
    let subject = sha256(b"subject");
    let mut by_type = BTreeMap::<_, Vec<_>>::new();
    for signature in signatures(&subject, 20) {
        push_all(storage, &name, &[], &signature).await.unwrap();
        let of_type = by_type.entry(signature.listed_type.clone().unwrap()).or_default();
        of_type.push(signature.digest());
        of_type.sort();
    }
    let untyped = Artifact::of("untyped", &[]).about(&subject);
    push_all(storage, &name, &[], &untyped).await.unwrap();
    let (one, two) = (&by_type["application/one"], &by_type["application/two"]);
    let mut both: Vec<_> = one.iter().chain(two).cloned().collect();
    both.sort();
    for storage in [&**storage, &storage.reopened(None).await.unwrap()] {
        let listed =
            async |last, types: &[&str]| referrers_of(storage, &name, &subject, last, types).await;
        assert_eq!(listed(None, &["application/one"]).await, *one);
        assert_eq!(listed(Some(&one[1]), &["application/one"]).await, one[2..]);
        assert_eq!(listed(None, &["application/two", "application/one"]).await, both);
        assert_eq!(listed(None, &["application/none"]).await, []);
        assert_eq!(listed(None, &[]).await.len(), 21);
    }
}

/// Of these no process keeps the descriptors in memory.
pub async fn referrers_too_large_to_be_kept_are_listed_as_well(world: &World) {
    let (name, storage) = (repository("large"), &world.storage);
    let subject = sha256(b"subject");
    let large = "x".repeat(1 << 20);
    let mut expected = Vec::new();
    for n in 0..18 {
        let signature = Artifact::of(&format!("signature {n}"), &[]).about(&subject);
        let signature = signature.listed_as(&format!("{large}{}", n % 2));
        push_all(storage, &name, &[], &signature).await.unwrap();
        expected.push(signature.digest());
    }
    let mut odd: Vec<_> = expected.iter().skip(1).step_by(2).cloned().collect();
    odd.sort();
    expected.sort();
    for _ in 0..2 {
        assert_eq!(referrers(storage, &name, &subject, None).await, expected);
        assert_eq!(referrers(storage, &name, &subject, Some(&expected[7])).await, expected[8..]);
    }
    let types = [&*format!("{large}1")];
    assert_eq!(referrers_of(storage, &name, &subject, None, &types).await, odd);
    storage.delete_manifest(&name, &expected[3]).await.unwrap();
    expected.remove(3);
    assert_eq!(referrers(storage, &name, &subject, None).await, expected);
}

pub async fn listings_beside_pushes_and_deletes_end_up_right(world: &World) {
    let name = repository("beside");
    let subject = sha256(b"subject");
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let (storage, name) = (Arc::clone(&world.storage), name.clone());
            let (subject, signatures) = (subject.clone(), signatures(&subject, 8));
            tokio::spawn(async move {
                for round in 0..24 {
                    // two tasks share each half of the signatures
                    let signature = &signatures[(task % 2) * 4 + round % 4];
                    push_all(&storage, &name, &[], signature).await.unwrap();
                    let listed = referrers(&storage, &name, &subject, None).await;
                    assert!(listed.is_sorted(), "{listed:?}");
                    if (task + round) % 3 == 0 {
                        storage.delete_manifest(&name, &signature.digest()).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let listed = referrers(&world.storage, &name, &subject, None).await;
    assert_eq!(listed, listed_anew(world, &name, &subject).await);
    world.is_sound().await;
}

/// Each entry as stores had them at first: in a folder of its manifest.
async fn age(world: &World, storage: &Storage, name: &Repository) {
    for key in world.keys(&format!("{name}/_")).await {
        if !key.contains("/_referrers/") && !key.contains("/_parents/") {
            continue;
        }
        let (entry, claim) = key.rsplit_once('-').unwrap();
        let id = storage.new_verdict_id();
        let id = format!("{id:0>26}").to_lowercase();
        let bytes = world.object(&key).await;
        world.lose(&key).await;
        world.plant(&format!("{entry}/{id}-{claim}"), bytes).await;
    }
}

pub async fn entries_of_an_older_store_count(world: &World) {
    let (name, storage) = (repository("older"), &world.storage);
    let image = Artifact::of("image", &[]);
    let signatures = signatures(&image.digest(), 3);
    let mut index = Artifact::of("index", &[]);
    index.children = vec![image.as_child()];
    for artifact in [&image, &index].into_iter().chain(&signatures) {
        push_all(storage, &name, &[], artifact).await.unwrap();
    }
    age(world, storage, &name).await;
    let storage = storage.reopened(None).await.unwrap();
    let entries = async || world.keys("/_referrers/").await.len();
    let mut expected: Vec<_> = signatures.iter().map(Artifact::digest).collect();
    expected.sort();
    assert_eq!(referrers(&storage, &name, &image.digest(), None).await, expected);
    let named = storage.delete_manifest(&name, &image.digest()).await.unwrap();
    assert_eq!(named, Deleted::Named(index.digest()));
    world.is_sound().await;
    push_all(&storage, &name, &[], &signatures[0]).await.unwrap();
    assert_eq!(entries().await, 3, "a push again finds its entry");
    storage.delete_manifest(&name, &expected[0]).await.unwrap();
    assert_eq!(referrers(&storage, &name, &image.digest(), None).await, expected[1..]);
    assert_eq!(entries().await, 2, "and a delete takes it along");
    storage.delete_manifest(&name, &index.digest()).await.unwrap();
    assert_eq!(storage.delete_manifest(&name, &image.digest()).await.unwrap(), Deleted::Done);
    assert_eq!(world.keys("/_parents/").await, [] as [String; 0]);
    world.is_sound().await;
}

pub async fn what_leads_to_a_manifest_is_found_by_its_tags(world: &World) {
    let (name, storage) = (repository("above"), &world.storage);
    let leading = async |of: &Artifact, max: usize| {
        let found = storage.above(&name, &of.digest(), max).await.unwrap()?;
        let each = found.into_iter().filter(|above| !above.tags.is_empty()).map(|above| {
            let tags: Vec<_> = above.tags.iter().map(ToString::to_string).collect();
            (above.manifest.digest.clone(), tags)
        });
        Some(each.collect::<Vec<_>>())
    };
    let late = Artifact::of("late", &[]);
    let note = Artifact::of("note", &[]).about(&late.digest());
    let mut index = Artifact::of("index", &[]).tagged("v1").tagged("v2");
    index.children.push(note.as_child());
    let stranger = Artifact::of("stranger", &[]).about(&sha256(b"other")).tagged("v3");
    for artifact in [&note, &index, &stranger] {
        push_all(storage, &name, &[], artifact).await.unwrap();
    }
    let tags = ["v1", "v2"].map(ToOwned::to_owned).to_vec();
    assert_eq!(leading(&late, 2).await.unwrap(), [(index.digest(), tags.clone())]);
    assert_eq!(leading(&note, 2).await.unwrap(), [(index.digest(), tags)]);
    let all = storage.above(&name, &late.digest(), 2).await.unwrap().unwrap();
    assert!(all.len() == 2 && all.iter().any(|above| above.manifest.digest == note.digest()));
    assert_eq!(leading(&late, 1).await, None);
    assert_eq!(leading(&index, 2).await.unwrap(), []);
    assert!(storage.delete_tag(&name, &tag("v1")).await.unwrap());
    assert_eq!(leading(&late, 2).await.unwrap(), [(index.digest(), vec!["v2".to_owned()])]);
    assert_eq!(storage.delete_manifest(&name, &index.digest()).await.unwrap(), Deleted::Done);
    assert_eq!(leading(&late, 2).await.unwrap(), []);
    world.is_sound().await;
}
