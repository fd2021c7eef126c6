//! The audit finds every broken promise, at its key, in a store that has everything in memory; it
//! takes what crashes leave for litter, and what goes on meanwhile for neither.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;

use roadstead_oci::{Algorithm, Digest, Repository};
use roadstead_storage::{Audit, Hook, Storage};

use crate::world::{
    Artifact, Place, World, body, noise, owned, push, push_all, push_blob, push_judged, repository,
    sha256,
};

/// Two images, of which one has a signature and an index, in the repository `stock`.
struct Stock {
    config: Bytes,
    layer: Bytes,
    image: Artifact,
    signature: Artifact,
    index: Artifact,
    lone: Artifact,
}

impl Stock {
    fn new() -> Self {
        let (config, layer) = (noise(1, 100), noise(2, 40_000));
        let image = Artifact::of("image", &[&config, &layer]).tagged("image");
        let signature = Artifact::of("signature", &[]).about(&image.digest());
        let mut index = Artifact::of("index", &[]).tagged("index");
        index.children.push(image.as_child());
        let lone = Artifact::of("lone", &[]).tagged("lone");
        Self { config, layer, image, signature, index, lone }
    }

    async fn pushed(world: &World) -> Self {
        let (stock, name, storage) = (Self::new(), repository("stock"), &world.storage);
        let blobs = [&stock.config, &stock.layer];
        push_all(storage, &name, &blobs, &stock.image).await.unwrap();
        for artifact in [&stock.signature, &stock.index, &stock.lone] {
            push_all(storage, &name, &[], artifact).await.unwrap();
        }
        world.is_sound().await;
        stock
    }
}

/// The key of a manifest's body.
async fn body_of(world: &World, artifact: &Artifact) -> String {
    let digest = artifact.digest();
    let keys = world.keys(&format!("_manifests/sha256/{}/", digest.hex())).await;
    keys.into_iter().find(|key| key.contains(".body")).unwrap()
}

/// The key of a manifest's claim.
async fn claim_of(world: &World, artifact: &Artifact) -> String {
    body_of(world, artifact).await.strip_suffix(".body").unwrap().to_owned()
}

/// The key of a blob's record or of its link.
async fn of_blob(world: &World, folder: &str, bytes: &Bytes) -> String {
    let keys = world.keys(sha256(bytes).hex()).await;
    keys.into_iter().find(|key| key.contains(folder)).unwrap()
}

/// What the running store's audit finds is this and no more.
async fn finds(world: &World, expected: &[(&str, &str)]) {
    let audit = world.storage.audit().await.unwrap();
    let found = audit.faults.iter().map(|fault| (fault.key.as_str(), fault.what.as_str()));
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (key, what) in expected {
        let here = found.iter().any(|(at, told)| at == key && told.contains(what));
        assert!(here, "{key} {what} is not in {found:#?}");
    }
    assert_eq!(audit.fault_count, expected.len() as u64);
}

pub async fn a_record_that_differs_from_its_link_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    let record = of_blob(world, "blobs/sha256", &stock.config).await;
    let other = [b"{\"size\":99}\n", &stock.config[..99]].concat();
    world.plant(&record, other).await;
    let link = of_blob(world, "_blobs", &stock.config).await;
    finds(world, &[(&link, "its record contradicts the link")]).await;
    world.plant(&record, &b"no record"[..]).await;
    finds(world, &[(&link, "damaged"), (&record, "its first line is incomplete")]).await;
    world.lose(&record).await;
    finds(world, &[(&link, "it is missing")]).await;
}

pub async fn a_segment_that_is_short_or_gone_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    let data = world.key("data/").await;
    let record = of_blob(world, "blobs/sha256", &stock.layer).await;
    world.damage(&data, |bytes| bytes.truncate(39_999)).await;
    finds(world, &[(&record, "is missing or damaged")]).await;
    world.lose(&data).await;
    finds(world, &[(&record, "is missing or damaged")]).await;
}

pub async fn a_record_that_names_another_segment_than_its_link_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    push_blob(&world.storage, &repository("stock"), &noise(3, 40_000)).await.unwrap();
    let record = of_blob(world, "blobs/sha256", &stock.layer).await;
    let other = of_blob(world, "blobs/sha256", &noise(3, 40_000)).await;
    let id = other.rsplit('/').next().unwrap();
    world
        .plant(
            &record,
            format!("{{\"size\":40000,\"segments\":[{{\"id\":\"{id}\",\"size\":40000}}]}}\n"),
        )
        .await;
    let link = of_blob(world, "_blobs", &stock.layer).await;
    finds(world, &[(&link, "its record contradicts the link")]).await;
}

pub async fn a_manifest_that_was_read_and_then_damaged_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    let storage = &world.storage;
    let read = storage.manifest(&repository("stock"), &stock.image.digest()).await.unwrap();
    assert_eq!(read.unwrap().bytes, stock.image.bytes);
    let key = body_of(world, &stock.image).await;
    world.damage(&key, |bytes| *bytes.last_mut().unwrap() ^= 1).await;
    finds(world, &[(&key, "its bytes have a different digest")]).await;
    // of its index, it is there, if only in pieces
    world.plant(&key, &b"no body"[..]).await;
    finds(world, &[(&key, "its first line is incomplete")]).await;
}

pub async fn a_damaged_later_verdict_is_found(world: &World) {
    let (name, artifact) = (repository("judged"), Artifact::of("judged", &[]));
    for id in ["00000000001", "00000000002", "00000000003"] {
        let verdict = (id.to_owned(), serde_json::json!({ "id": id }));
        push_judged(&world.storage, &name, &artifact, verdict).await.unwrap();
    }
    let audit = world.storage.audit().await.unwrap();
    assert_eq!((audit.sound["later verdicts"], audit.litter.len()), (2, 0), "{audit:?}");
    let key = world.key("/00000000002").await;
    world.plant(&key, &b"no record"[..]).await;
    finds(world, &[(&key, "its first line is incomplete")]).await;
    world.lose(&claim_of(world, &artifact).await).await;
    let audit = world.storage.audit().await.unwrap();
    assert_eq!((audit.fault_count, audit.litter["verdicts"]), (0, 2), "{audit:?}");
}

pub async fn a_damaged_claim_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    let key = claim_of(world, &stock.image).await;
    world.plant(&key, &b"{}\n"[..]).await;
    finds(world, &[(&key, "required")]).await;
}

pub async fn content_that_a_manifest_lacks_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    world.lose(&of_blob(world, "_blobs", &stock.layer).await).await;
    let image = body_of(world, &stock.image).await;
    let digest = sha256(&stock.layer);
    finds(world, &[(&image, &format!("it names {digest}, which is missing"))]).await;
}

pub async fn a_subject_or_child_that_does_not_know_of_it_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    world.lose(&world.key("_referrers/").await).await;
    let signature = body_of(world, &stock.signature).await;
    finds(world, &[(&signature, "its subject does not list it")]).await;
    world.lose(&world.key("_parents/").await).await;
    let index = body_of(world, &stock.index).await;
    finds(world, &[(&signature, "its subject"), (&index, "does not list it")]).await;
}

pub async fn a_descriptor_of_something_else_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    let key = world.key("_referrers/").await;
    let other = stock.index.digest();
    for content in [String::new(), "{}".into(), format!("{{\"digest\":\"{other}\"}}")] {
        world.plant(&key, content).await;
        finds(world, &[(&key, "it has no descriptor of its manifest")]).await;
    }
}

pub async fn a_folder_that_is_no_tag_is_found(world: &World) {
    Stock::pushed(world).await;
    for folder in ["repos/stock/_tags/-bad,", "repos/stock/_tags/endless"] {
        world.plant(&format!("{folder}/x"), Bytes::new()).await;
    }
    let bad = ("repos/stock/_tags/-bad,", "its name is not a tag");
    finds(world, &[bad, ("repos/stock/_tags/endless", "its name is not a tag")]).await;
}

pub async fn a_tag_whose_manifest_lost_its_body_is_found(world: &World) {
    let stock = Stock::pushed(world).await;
    world.lose(&body_of(world, &stock.lone).await).await;
    finds(world, &[(&world.key("_tags/lone,").await, "the body of its manifest is missing")]).await;
}

pub async fn a_repository_that_left_the_catalog_is_found(world: &World) {
    Stock::pushed(world).await;
    world.lose(&world.key("catalog/").await).await;
    let held = ["_blobs", "_manifests", "_parents", "_referrers", "_tags"];
    let held = held.map(|folder| format!("repos/stock/{folder}"));
    let faults = held.each_ref().map(|key| (key.as_str(), "is not in the catalog"));
    finds(world, &faults).await;
}

/// Counts as an audit tells them.
fn counts(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
}

async fn only_litter(world: &World, litter: &[(&str, u64)]) -> Audit {
    let audit = world.storage.audit().await.unwrap();
    assert_eq!((audit.faults.as_slice(), &audit.litter), (&[][..], &counts(litter)), "{audit:?}");
    audit
}

pub async fn what_a_cut_delete_or_push_leaves_is_litter(world: &World) {
    let stock = Stock::pushed(world).await;
    let audit = only_litter(world, &[]).await;
    let sound = [("blobs", 2), ("links", 2), ("manifests", 4), ("referrers", 1)];
    let sound = [&sound[..], &[("repositories", 1), ("tags", 3)]].concat();
    assert_eq!(audit.sound, counts(&sound));
    // a delete takes the claim first
    world.lose(&claim_of(world, &stock.lone).await).await;
    only_litter(world, &[("claims and bodies", 1), ("tags", 1)]).await;
    // a push writes the entries before the body
    world.lose(&body_of(world, &stock.signature).await).await;
    only_litter(world, &[("claims and bodies", 2), ("entries", 1), ("tags", 1)]).await;
    // an upload writes data, record and link
    world.plant("data/00/00000000000000000000000000", Bytes::new()).await;
    let litter = [("claims and bodies", 2), ("entries", 1), ("segments", 1), ("tags", 1)];
    only_litter(world, &litter).await;
}

async fn part(storage: &Storage, token: &str, bytes: &Bytes) {
    let upload = storage.upload(&repository("up"), token).await.unwrap().unwrap();
    storage.append(&upload, body(bytes)).await.unwrap();
}

pub async fn an_upload_that_goes_on_is_sound_and_a_cancelled_one_leaves_litter(world: &World) {
    let (name, storage) = (repository("up"), &world.storage);
    push_blob(storage, &name, &noise(0, 1)).await.unwrap();
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    only_litter(world, &[]).await;
    for bytes in [noise(1, 100), noise(2, 50_000)] {
        part(storage, &token, &bytes).await;
    }
    assert_eq!(only_litter(world, &[]).await.sound["uploads"], 1);
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    storage.cancel_upload(&upload).await.unwrap();
    let audit = only_litter(world, &[("segments", 1)]).await;
    assert_eq!(audit.sound.get("uploads"), None);
}

pub async fn a_finished_upload_is_neither(world: &World) {
    let (name, storage) = (repository("up"), &world.storage);
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    let bytes = noise(1, 50_000);
    part(storage, &token, &bytes).await;
    let upload = storage.upload(&name, &token).await.unwrap().unwrap();
    let first = world.keys("_uploads/").await;
    storage.finish(&upload, body(&Bytes::new()), &sha256(&bytes)).await.unwrap();
    assert_eq!(only_litter(world, &[]).await.sound.get("uploads"), None);
    // cut while its parts went, from the first one on
    let later = first[0].replace("/00000000000000000000", "/00000000000000050000");
    world.plant(&later, &b"{}\n"[..]).await;
    only_litter(world, &[("uploads", 1)]).await;
}

pub async fn a_part_that_lost_its_bytes_is_found(world: &World) {
    let (name, storage) = (repository("up"), &world.storage);
    push_blob(storage, &name, &noise(0, 1)).await.unwrap();
    let token = storage.begin_upload(&name, Algorithm::Sha256).token;
    part(storage, &token, &noise(1, 50_000)).await;
    let key = world.key("_uploads/").await;
    world.lose(&world.key("data/").await).await;
    finds(world, &[(&key, "its content is missing or incomplete")]).await;
    world.plant(&key, &b"no part"[..]).await;
    finds(world, &[(&key, "its first line is incomplete")]).await;
}

/// Pushes or deletes everything that can stand in each other's way.
async fn change(storage: &Storage, name: &Repository, stock: &Stock, deletes: bool) {
    let blobs = [&stock.config, &stock.layer];
    let artifacts = [&stock.image, &stock.signature, &stock.index, &stock.lone];
    if deletes {
        for artifact in artifacts.iter().rev() {
            storage.delete_manifest(name, &artifact.digest()).await.unwrap();
        }
        for bytes in blobs {
            storage.delete_blob(name, &sha256(bytes)).await.unwrap();
        }
        return;
    }
    for bytes in blobs {
        push_blob(storage, name, bytes).await.unwrap();
    }
    let size_of = |digest: &Digest| if *digest == sha256(&stock.config) { 100 } else { 40_000 };
    for artifact in artifacts {
        // what it needs may be gone again
        drop(push(storage, name, artifact, size_of).await.unwrap());
    }
}

pub async fn an_audit_beside_pushes_and_deletes_finds_no_fault(world: &World) {
    const ROUNDS: usize = 60;
    let name = repository("stock");
    let tasks = (0..4).map(|task| {
        let (storage, name) = (Arc::clone(&world.storage), name.clone());
        tokio::spawn(async move {
            let stock = Stock::new();
            for round in 0..ROUNDS {
                change(&storage, &name, &stock, (task + round) % 2 == 0).await;
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut audits = 0;
    while tasks.iter().any(|task| !task.is_finished()) {
        let audit = world.storage.audit().await.unwrap();
        assert_eq!(audit.faults, [], "{audit:?}");
        audits += 1;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(audits > 3, "only {audits} audits were beside it");
    world.is_sound().await;
}

/// On disk, where a hook can change things between two calls.
#[tokio::test]
async fn a_second_look_remembers_nothing_of_the_first() {
    let world = World::new(owned, Place::folder()).await;
    let stock = Stock::pushed(&world).await;
    // what the first look finds wrong is gone before the second
    world.plant("repos/stock/_tags/-bad,/x", Bytes::new()).await;
    // and the signature was deleted and pushed again: another claim
    let claim = claim_of(&world, &stock.signature).await;
    let claim = claim.rsplit('/').next().unwrap();
    let objects = world.data_folder().path().join("objects");
    let moves = world.keys(claim).await.into_iter().map(|key| {
        let again = key.replace(claim, "00000000000000000000000000");
        (objects.join(key), objects.join(again))
    });
    let (moves, changed): (Vec<_>, _) = (moves.collect(), AtomicBool::new(false));
    let hook: Hook = Arc::new(move |_, key| {
        if key == "repos/stock/_referrers/sha256" && !changed.swap(true, Ordering::Relaxed) {
            fs::remove_dir_all(objects.join("repos/stock/_tags/-bad,")).unwrap();
            for (from, to) in &moves {
                fs::rename(from, to).unwrap();
            }
        }
        None
    });
    let audit = world.storage.reopened(Some(hook)).await.unwrap().audit().await.unwrap();
    assert_eq!((audit.faults.as_slice(), audit.litter.len()), (&[][..], 0), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_on_disk_ends_when_nobody_waits_for_it() {
    const SEEN: usize = 30;
    let world = World::new(owned, Place::folder()).await;
    let name = repository("left");
    for n in 0..20 {
        push_all(&world.storage, &name, &[], &Artifact::of(&format!("{n}"), &[])).await.unwrap();
    }
    let (calls, still) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let (counted, held) = (Arc::clone(&calls), Arc::clone(&still));
    let hook: Hook = Arc::new(move |_, _| {
        if counted.fetch_add(1, Ordering::SeqCst) == SEEN {
            held.wait();
            held.wait();
        }
        None
    });
    let storage = Arc::new(world.storage.reopened(Some(hook)).await.unwrap());
    let audit = tokio::spawn(async move { storage.audit().await });
    tokio::task::block_in_place(|| still.wait());
    audit.abort();
    assert!(audit.await.unwrap_err().is_cancelled());
    tokio::task::block_in_place(|| still.wait());
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(calls.load(Ordering::SeqCst), SEEN + 1, "it makes no further call");
}
