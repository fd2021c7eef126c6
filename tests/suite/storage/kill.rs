//! `kill -9` at any moment loses nothing that was acknowledged, and shows nothing half.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use roadstead_oci::media_type::{OCI_INDEX, OCI_MANIFEST};

use crate::{
    client::{Repository, descriptor, manifest, sha256},
    harness::Server,
};

const ROUNDS: u64 = 12;
const PUSHERS: usize = 4;
const REPOSITORIES: [&str; 2] = ["kill/0", "kill/1"];
const SUBJECT: &[u8] = b"a subject that is not there";

/// An artifact whose push was acknowledged.
struct Acknowledged {
    repository: &'static str,
    tag: String,
    manifest: Bytes,
    blobs: Vec<Bytes>,
    has_subject: bool,
    /// whether its delete was acknowledged as well
    deleted: bool,
}

/// What all pushers have achieved.
#[derive(Default)]
struct Achieved {
    seeds: AtomicU64,
    artifacts: Mutex<Vec<Acknowledged>>,
    /// each pusher's tag that moves: its last acknowledged value, and the one that was sent last
    moving: Mutex<[[Bytes; 2]; PUSHERS]>,
}

fn noise(seed: u64, len: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Pushes one artifact after the other until the server is gone.
async fn push_on(pusher: usize, achieved: Arc<Achieved>, server: [Repository; 2]) {
    while push_one(pusher, &achieved, &server).await.is_ok() {}
}

async fn push_one(
    pusher: usize,
    achieved: &Achieved,
    repositories: &[Repository; 2],
) -> reqwest::Result<()> {
    let seed = achieved.seeds.fetch_add(1, Ordering::Relaxed);
    let which = usize::try_from(seed % 2).unwrap();
    let repository = &repositories[which];
    let size = [500, 20_000, 400_000][usize::try_from(seed % 3).unwrap()];
    let blobs = vec![noise(seed, 100), noise(seed + 1_000_000, size)];
    for blob in &blobs {
        match seed % 5 {
            0 => repository.push_blob_in_chunks(blob).await?,
            _ => repository.push_blob(blob).await?,
        };
    }
    let mut body = manifest(("application/x", &blobs[0]), &[("application/y", &blobs[1])]);
    let has_subject = seed.is_multiple_of(4);
    if has_subject {
        body["subject"] = descriptor(OCI_MANIFEST, SUBJECT);
    }
    let manifest = Bytes::from(body.to_string());
    let tag = format!("v{seed}");
    repository.put(&tag, OCI_MANIFEST, &manifest).await?.is(201);
    let digest = sha256(&manifest);
    if seed.is_multiple_of(6) {
        let children = [descriptor(OCI_MANIFEST, &manifest)];
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
        let index = index.to_string();
        repository.put(&format!("index{seed}"), OCI_INDEX, index.as_bytes()).await?.is(201);
    }
    let deleted = seed.is_multiple_of(7) && !seed.is_multiple_of(6);
    if deleted {
        let request = repository.request(Method::DELETE, &format!("manifests/{digest}"));
        Repository::try_send(request).await?.is(202);
    }
    let repository = REPOSITORIES[which];
    achieved.artifacts.lock().unwrap().push(Acknowledged {
        repository,
        tag,
        manifest: manifest.clone(),
        blobs,
        has_subject,
        deleted,
    });
    move_tag(pusher, achieved, &repositories[0], seed).await
}

/// Moves the pusher's own tag to an artifact that it has never pointed at.
async fn move_tag(
    pusher: usize,
    achieved: &Achieved,
    repository: &Repository,
    seed: u64,
) -> reqwest::Result<()> {
    let config = noise(seed + 2_000_000, 50);
    repository.push_blob(&config).await?;
    let next = Bytes::from(manifest(("application/x", &config), &[]).to_string());
    achieved.moving.lock().unwrap()[pusher][1] = next.clone();
    repository.put(&moving(pusher), OCI_MANIFEST, &next).await?.is(201);
    achieved.moving.lock().unwrap()[pusher][0] = next;
    Ok(())
}

fn moving(pusher: usize) -> String {
    format!("moving{pusher}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_loses_nothing_acknowledged() {
    let mut server = Server::start(&[("LOG__FILTER", "warn,roadstead=info")]);
    let achieved = Arc::new(Achieved { seeds: AtomicU64::new(1), ..Achieved::default() });
    for round in 0..ROUNDS {
        let repositories = REPOSITORIES.map(|name| Repository::of(&server, name));
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|n| tokio::spawn(push_on(n, Arc::clone(&achieved), repositories.clone())))
            .collect();
        let moment = Duration::from_millis(100 + RandomState::new().hash_one(round) % 500);
        tokio::time::sleep(moment).await;
        server.kill();
        for pusher in pushers {
            pusher.await.unwrap();
        }
        println!("killed after {moment:?}");
        server.is_sound();
        server.restart();
        let tags = achieved.moving.lock().unwrap().clone();
        for (pusher, values) in tags.iter().enumerate() {
            let found = tag_is_one_of(&server, &moving(pusher), values).await;
            // what was on its way and arrived counts from now on
            achieved.moving.lock().unwrap()[pusher][0] = found;
        }
    }
    let artifacts = std::mem::take(&mut *achieved.artifacts.lock().unwrap());
    assert!(artifacts.len() > 50, "only {} artifacts were pushed", artifacts.len());
    assert!(artifacts.iter().any(|artifact| artifact.deleted));
    for artifact in &artifacts {
        verify(&server, artifact).await;
    }
    for repository in REPOSITORIES.map(|name| Repository::of(&server, name)) {
        every_listed_name_is_there(&repository).await;
    }
    server.is_sound();
}

/// The last value that was acknowledged, or the one that was on its way. Answers which; nothing if
/// there is no tag yet.
async fn tag_is_one_of(server: &Server, tag: &str, [acknowledged, sent]: &[Bytes; 2]) -> Bytes {
    let found = Repository::of(server, REPOSITORIES[0]).get(&format!("manifests/{tag}")).await;
    if found.status == 200 {
        assert!([acknowledged, sent].contains(&&found.body), "{tag} went back");
        return found.body;
    }
    assert!(acknowledged.is_empty(), "{tag} is gone");
    Bytes::new()
}

async fn verify(server: &Server, artifact: &Acknowledged) {
    let repository = Repository::of(server, artifact.repository);
    let digest = sha256(&artifact.manifest);
    for reference in [digest.as_str(), &artifact.tag] {
        let pulled = repository.get(&format!("manifests/{reference}")).await;
        match artifact.deleted {
            true => drop(pulled.is(404)),
            false => assert!(pulled.is(200).body == artifact.manifest),
        }
    }
    for blob in &artifact.blobs {
        let pulled = repository.get(&format!("blobs/{}", sha256(blob))).await.is(200);
        assert!(pulled.body == *blob);
    }
    let listed = referrers(&repository).await;
    let expected = artifact.has_subject && !artifact.deleted;
    assert_eq!(listed.iter().any(|listed| listed == digest.as_str()), expected);
}

async fn referrers(repository: &Repository) -> Vec<String> {
    let answer = repository.get(&format!("referrers/{}", sha256(SUBJECT))).await.is(200).json();
    let listed = answer["manifests"].as_array().unwrap();
    listed.iter().map(|listed| listed["digest"].as_str().unwrap().to_owned()).collect()
}

async fn every_listed_name_is_there(repository: &Repository) {
    let tags = repository.get("tags/list").await.is(200).json();
    let tags = tags["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned());
    for name in tags.chain(referrers(repository).await) {
        let manifest = repository.get(&format!("manifests/{name}")).await.is(200).json();
        let none = Vec::new();
        let layers = manifest["layers"].as_array().unwrap_or(&none).iter();
        for blob in layers.chain(manifest.get("config")).map(|blob: &Value| &blob["digest"]) {
            let path = format!("blobs/{}", blob.as_str().unwrap());
            repository.send(Method::HEAD, &path).await.is(200);
        }
    }
}
