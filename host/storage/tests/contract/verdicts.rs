//! Verdicts: found by their id, listed by their age, swept when they are old, and bounded.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};

use roadstead_oci::Repository;
use roadstead_storage::{Clock, Hook, NameHash, Operation, Refusal, Storage};

use crate::world::{Artifact, World, config, push_all, push_judged, repository, sha256};

const DAY: i64 = 86_400;

/// A store whose time is told by a number of milliseconds.
async fn at(world: &World, milliseconds: &Arc<AtomicI64>) -> Storage {
    let told = Arc::clone(milliseconds);
    let now = move || Timestamp::from_millisecond(told.load(Ordering::Relaxed)).unwrap();
    world.opened(config(), Clock::from_fn(now)).await
}

/// Keeps a verdict, and answers its id.
async fn keep(storage: &Storage, says: &str) -> String {
    keep_of(storage, &repository("kept"), says).await
}

async fn keep_of(storage: &Storage, name: &Repository, says: &str) -> String {
    let id = storage.new_verdict_id();
    let says = Bytes::copy_from_slice(says.as_bytes());
    assert!(storage.put_verdict(name, &id, says).await.unwrap(), "{id} is new");
    id
}

async fn listed(storage: &Storage, before: Option<&str>) -> Vec<String> {
    let found = storage.verdicts(before, |_| true).await.unwrap();
    found.map_ok(|(id, _)| id).try_collect().await.unwrap()
}

async fn judgements(storage: &Storage, name: &Repository, artifact: &Artifact) -> Vec<Value> {
    let manifest = storage.manifest(name, &artifact.digest()).await.unwrap().unwrap();
    let judged = storage.judgements(name, &manifest).await.unwrap();
    judged.map_ok(|verdict| verdict["says"].clone()).try_collect().await.unwrap()
}

pub async fn verdicts_are_listed_from_the_newest_on(world: &World) {
    let now = Arc::new(AtomicI64::new(20_000 * DAY * 1000));
    let storage = at(world, &now).await;
    assert!(listed(&storage, None).await.is_empty());
    let mut kept = Vec::new();
    // within a second, within a day, and over the days
    for later in [0, 100, 900, 86_000_000, 10 * DAY * 1000, 0] {
        now.fetch_add(later, Ordering::Relaxed);
        kept.insert(0, keep(&storage, "why").await);
    }
    // these two are of one moment
    kept[..2].sort_by(|a, b| b.cmp(a));
    assert_eq!(listed(&storage, None).await, kept);
    for (nth, id) in kept.iter().enumerate() {
        assert_eq!(listed(&storage, Some(id)).await, kept[nth + 1..]);
        let lower = id.to_lowercase();
        assert_eq!(storage.verdict(&lower).await.unwrap().unwrap(), "why");
        let of = storage.verdict_of(&repository("kept"), &lower).await.unwrap();
        assert_eq!(of.unwrap(), "why");
        assert_eq!(storage.verdict_of(&repository("other"), id).await.unwrap(), None);
    }
    let again = storage.put_verdict(&repository("kept"), &kept[0], Bytes::new()).await;
    assert!(!again.unwrap(), "the first one stays");
    assert_eq!(storage.verdict(&kept[0]).await.unwrap().unwrap(), "why");
    for none in ["", "../version", "0123456789", "\u{e9}12345678901"] {
        assert_eq!(storage.verdict(none).await.unwrap(), None);
    }
}

pub async fn the_name_of_a_verdict_says_its_repository(world: &World) {
    let now = Arc::new(AtomicI64::new(20_000 * DAY * 1000));
    let storage = at(world, &now).await;
    let names = ["a", "b"].map(repository);
    let mut kept = Vec::new();
    for n in 0..100 {
        // some in the same step, some in other slices of the day
        now.fetch_add([0, 10, 1_000_000][n % 3], Ordering::Relaxed);
        kept.push(keep_of(&storage, &names[n % 2], names[n % 2].as_str()).await);
    }
    let mut of_a: Vec<_> = kept.iter().step_by(2).cloned().collect();
    of_a.sort_by(|one, other| other.cmp(one));
    let (read, seen) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let (reads, lists) = (Arc::clone(&read), Arc::clone(&seen));
    let hook: Hook = Arc::new(move |operation, key| {
        if key.starts_with("verdicts/") {
            let count = if operation == Operation::Read { &reads } else { &lists };
            count.fetch_add(1, Ordering::Relaxed);
        }
        None
    });
    let counted = storage.reopened(Some(hook)).await.unwrap();
    let only_a = |repository: &NameHash| *repository == NameHash::of(&names[0]);
    let page = async |before: Option<&str>| -> Vec<String> {
        let found = counted.verdicts(before, only_a).await.unwrap();
        found.map_ok(|(id, _)| id).try_collect().await.unwrap()
    };
    assert_eq!(page(None).await, of_a);
    assert_eq!(read.swap(0, Ordering::Relaxed), 50, "the others are not read");
    for (nth, id) in of_a.iter().enumerate() {
        assert_eq!(page(Some(id)).await, of_a[nth + 1..], "no entry twice, and none lost");
    }
    // page by page, while new ones arrive in both repositories
    let (mut paged, mut before) = (Vec::new(), None::<String>);
    loop {
        let found = counted.verdicts(before.as_deref(), only_a).await.unwrap();
        let ids: Vec<_> = found.map_ok(|(id, _)| id).take(3).try_collect().await.unwrap();
        let Some(last) = ids.last() else { break };
        before = Some(last.clone());
        paged.extend(ids);
        now.fetch_add(100, Ordering::Relaxed);
        for name in &names {
            keep_of(&storage, name, "new").await;
        }
    }
    assert_eq!(paged, of_a, "each once");
    // newer slices of the day are not listed again when a page resumes
    seen.store(0, Ordering::Relaxed);
    assert_eq!(page(of_a.last().map(String::as_str)).await, [] as [String; 0]);
    assert_eq!(seen.load(Ordering::Relaxed), 2, "the day, and its first slice");
    let nobody = counted.verdicts(None, |_| false).await.unwrap();
    read.store(0, Ordering::Relaxed);
    assert_eq!(nobody.try_collect::<Vec<_>>().await.unwrap(), []);
    assert_eq!(read.load(Ordering::Relaxed), 0);
}

pub async fn verdicts_of_older_versions_are_found(world: &World) {
    let now = Arc::new(AtomicI64::new(20_000 * DAY * 1000));
    let storage = at(world, &now).await;
    let (name, digest) = (repository("older"), sha256(b"refused"));
    let mut kept = Vec::new();
    for n in 0..6 {
        now.fetch_add(1_000_000, Ordering::Relaxed);
        let refusal = refuse(&storage, &name, &format!("{n}"), 1).await;
        if n % 2 == 0 {
            // the key that older versions wrote
            let keys = world.keys(&refusal.verdict).await;
            let key = keys.iter().find(|key| key.starts_with("verdicts/")).unwrap();
            let says = world.object(key).await;
            world.lose(key).await;
            let id = &refusal.verdict;
            world.plant(&format!("verdicts/{}/{id}", &id[..3]), says).await;
        }
        kept.insert(0, refusal);
    }
    let ids: Vec<_> = kept.iter().map(|refusal| refusal.verdict.clone()).collect();
    for (nth, id) in ids.iter().enumerate() {
        assert!(storage.verdict(&id.to_lowercase()).await.unwrap().is_some());
        assert!(storage.verdict_of(&name, id).await.unwrap().is_some());
        assert!(storage.keeps_verdict(&name, id).await.unwrap());
        assert_eq!(listed(&storage, Some(id)).await, ids[nth + 1..]);
    }
    assert_eq!(listed(&storage, None).await, ids);
    let none = storage.verdicts(None, |_| false).await.unwrap();
    let none: Vec<_> = none.map_ok(|(id, _)| id).try_collect().await.unwrap();
    assert_eq!(none, [&*ids[1], &ids[3], &ids[5]], "what does not say it is read");
    now.fetch_add(100 * DAY * 1000, Ordering::Relaxed);
    assert_eq!(storage.sweep_verdicts(90).await.unwrap(), 6);
    assert_eq!(storage.refusals(&name, &digest).await.unwrap(), []);
    assert!(world.keys("verdicts/").await.is_empty());
}

pub async fn old_verdicts_are_swept_and_those_of_manifests_stay(world: &World) {
    let now = Arc::new(AtomicI64::new(20_000 * DAY * 1000 + 1));
    let storage = at(world, &now).await;
    let (name, artifact) = (repository("swept"), Artifact::of("swept", &[]));
    for says in ["first", "later"] {
        let id = keep(&storage, says).await;
        let verdict = json!({ "id": id, "says": says });
        push_judged(&storage, &name, &artifact, (id, verdict)).await.unwrap();
        now.fetch_add(1000, Ordering::Relaxed);
    }
    now.fetch_add(DAY * 1000, Ordering::Relaxed);
    let second = keep(&storage, "second day").await;
    now.fetch_add(89 * DAY * 1000, Ordering::Relaxed);
    let today = keep(&storage, "today").await;
    assert_eq!(storage.sweep_verdicts(90).await.unwrap(), 0);
    now.fetch_add(DAY * 1000, Ordering::Relaxed);
    assert_eq!(storage.sweep_verdicts(90).await.unwrap(), 2);
    assert_eq!(listed(&storage, None).await, [today.as_str(), &second]);
    let reopened = storage.reopened(None).await.unwrap();
    assert_eq!(judgements(&reopened, &name, &artifact).await, ["later", "first"]);
    // a clock that was set back makes nothing old
    now.fetch_sub(2000 * DAY * 1000, Ordering::Relaxed);
    assert_eq!(storage.sweep_verdicts(1).await.unwrap(), 0);
    now.fetch_add(4000 * DAY * 1000, Ordering::Relaxed);
    assert_eq!(storage.sweep_verdicts(1).await.unwrap(), 2);
    assert!(listed(&storage, None).await.is_empty());
    world.is_sound().await;
}

pub async fn a_verdict_stands_once_with_its_manifest(world: &World) {
    let (name, storage) = (repository("once"), &world.storage);
    let artifact = Artifact::of("once", &[]);
    for (id, says) in [
        ("0000000000A", "first"),
        ("0000000000A", "first again"),
        ("0000000000B", "second"),
        ("0000000000B", "second again"),
        ("0000000000C", "third"),
    ] {
        let verdict = json!({ "id": id, "says": says });
        push_judged(storage, &name, &artifact, (id.to_owned(), verdict)).await.unwrap();
    }
    assert_eq!(world.keys("/_verdicts/").await.len(), 2);
    assert_eq!(judgements(storage, &name, &artifact).await, ["third", "second", "first"]);
    world.is_sound().await;
}

pub async fn the_judgements_of_a_manifest_are_bounded_and_go_with_it(world: &World) {
    const MAX: usize = 100;
    let (name, storage) = (repository("bounded"), &world.storage);
    let artifact = Artifact::of("bounded", &[]);
    for n in 0..MAX + 10 {
        let id = format!("{n:011}");
        let verdict = json!({ "id": id, "says": n });
        storage.put_verdict(&name, &id, Bytes::new()).await.unwrap();
        push_judged(storage, &name, &artifact, (id, verdict)).await.unwrap();
    }
    // the first, and as many later ones, are found by their ids
    assert_eq!(listed(storage, None).await.len(), MAX + 1);
    let judged = judgements(storage, &name, &artifact).await;
    assert_eq!((judged.len(), &judged[0], &judged[MAX]), (MAX + 1, &json!(109), &json!(0)));
    assert_eq!(judged[MAX - 1], 10, "of the later ones the oldest went");
    assert_eq!(world.keys("/_verdicts/").await.len(), MAX);
    storage.delete_manifest(&name, &artifact.digest()).await.unwrap();
    assert!(world.keys("/_verdicts/").await.is_empty());
    push_all(storage, &name, &[], &artifact).await.unwrap();
    assert_eq!(judgements(storage, &name, &artifact).await, [Value::Null]);
    world.is_sound().await;
}

/// Keeps a refusal of `grounds`, given so many times.
async fn refuse(storage: &Storage, name: &Repository, grounds: &str, times: u64) -> Refusal {
    let says = json!({ "repository": name.as_str(), "digest": sha256(b"refused") }).to_string();
    let (grounds, verdict) = (grounds.to_owned(), keep_of(storage, name, &says).await);
    let refusal = Refusal { grounds, verdict, times, last: storage.clock().now() };
    let pushes = Bytes::from(format!("{times} of {}", refusal.grounds));
    storage.put_refusal(name, &sha256(b"refused"), &refusal, pushes).await.unwrap();
    refusal
}

pub async fn a_refusal_is_found_by_its_manifest_and_counted(world: &World) {
    let (name, storage) = (repository("refused"), &world.storage);
    let refused = async |digest| storage.refusals(&name, &digest).await.unwrap();
    assert_eq!(refused(sha256(b"refused")).await, []);
    let mut one = refuse(storage, &name, "a", 1).await;
    let other = refuse(storage, &name, "b", 1).await;
    for times in [2, 4, 1_000_000] {
        one.times = times;
        let pushes = Bytes::from(format!("{times} of a"));
        let went = storage.put_refusal(&name, &sha256(b"refused"), &one, pushes).await.unwrap();
        assert_eq!(went, [], "a smaller count is the same refusal");
    }
    let pushes = storage.refused_pushes(&name, &sha256(b"refused"), &one).await.unwrap();
    assert_eq!(pushes.unwrap(), "1000000 of a");
    let mut all = [one, other];
    all.sort_by(|a, b| a.verdict.cmp(&b.verdict));
    assert_eq!(refused(sha256(b"refused")).await, all);
    assert_eq!(world.keys("_refusals/").await.len(), 2, "the smaller counts went");
    assert_eq!(refused(sha256(b"?")).await, []);
    let elsewhere = storage.refusals(&repository("x"), &sha256(b"refused")).await.unwrap();
    assert_eq!(elsewhere, []);
    // what was refused makes no repository
    assert!(!storage.repository_exists(&name).await.unwrap());
    assert!(storage.repositories(None, 9).await.unwrap().items.is_empty());
    world.is_sound().await;
}

pub async fn the_refusals_of_a_manifest_are_bounded(world: &World) {
    const MAX: usize = 100;
    let (name, storage) = (repository("refused"), &world.storage);
    let mut all = Vec::new();
    for n in 0..MAX + 10 {
        all.push(refuse(storage, &name, &format!("{n}"), 1).await);
    }
    all.sort_by(|a, b| a.verdict.cmp(&b.verdict));
    let refused = storage.refusals(&name, &sha256(b"refused")).await.unwrap();
    assert_eq!(refused, all[10..], "of too many the oldest go");
    assert_eq!(world.keys("_refusals/").await.len(), MAX);
    // and so do their verdicts, or whoever is refused for ever new reasons would fill the store
    let mut ids: Vec<_> = all[10..].iter().map(|refusal| refusal.verdict.clone()).collect();
    ids.reverse();
    assert_eq!(listed(storage, None).await, ids);
    let newest = all.last().unwrap();
    let again = Refusal { times: 2, ..newest.clone() };
    let put = storage.put_refusal(&name, &sha256(b"refused"), &again, Bytes::new()).await;
    assert_eq!(put.unwrap(), []);
    world.is_sound().await;
}

pub async fn a_refusal_goes_with_its_verdict(world: &World) {
    let now = Arc::new(AtomicI64::new(20_000 * DAY * 1000));
    let storage = at(world, &now).await;
    let name = repository("refused");
    refuse(&storage, &name, "a", 7).await;
    now.fetch_add(50 * DAY * 1000, Ordering::Relaxed);
    let young = refuse(&storage, &name, "a", 1).await;
    now.fetch_add(50 * DAY * 1000, Ordering::Relaxed);
    assert_eq!(storage.sweep_verdicts(90).await.unwrap(), 1);
    assert_eq!(storage.refusals(&name, &sha256(b"refused")).await.unwrap(), [young]);
    let artifact = Artifact::of("makes the repository", &[]);
    push_all(&storage, &name, &[], &artifact).await.unwrap();
    let audit = storage.audit().await.unwrap();
    assert_eq!((audit.sound["refusals"], audit.litter.len()), (1, 0), "{audit:?}");
    world.lose(&world.key("verdicts/").await).await;
    let audit = storage.audit().await.unwrap();
    assert_eq!((audit.fault_count, audit.litter["refusals"]), (0, 1), "{audit:?}");
}
