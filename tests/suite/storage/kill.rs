//! `kill -9` at any moment loses nothing that was acknowledged, and shows nothing half.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde_json::json;

use roadstead_oci::{Digest, media_type};

use crate::{
    client::{Repository, manifest, sha256},
    harness::Server,
};

const ROUNDS: u64 = 12;
const PUSHERS: u64 = 4;

/// An artifact whose push was acknowledged.
struct Acknowledged {
    repository: String,
    tag: String,
    manifest: Bytes,
    blobs: Vec<Bytes>,
    subject: Option<Digest>,
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
async fn push_on(
    seeds: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
    repositories: Vec<Repository>,
) {
    loop {
        let seed = seeds.fetch_add(1, Ordering::Relaxed);
        let repository = &repositories[usize::try_from(seed % 2).unwrap()];
        let size = [500, 20_000, 400_000][usize::try_from(seed % 3).unwrap()];
        let blobs = vec![noise(seed, 100), noise(seed + 1_000_000, size)];
        let (config, layer) =
            (("application/x", &blobs[0][..]), [("application/y", &blobs[1][..])]);
        let mut body = manifest(config, &layer);
        let subject = (seed.is_multiple_of(4)).then(|| sha256(b"a subject that is not there"));
        if let Some(subject) = &subject {
            body["subject"] =
                json!({ "mediaType": media_type::OCI_MANIFEST, "digest": subject, "size": 27 });
        }
        let body = Bytes::from(body.to_string());
        let tag = if seed.is_multiple_of(5) { "moving".to_owned() } else { format!("v{seed}") };
        for blob in &blobs {
            if repository.push_blob(blob).await.is_err() {
                return;
            }
        }
        match repository.put(&tag, media_type::OCI_MANIFEST, &body).await {
            Ok(answer) => drop(answer.is(201)),
            Err(_) => return,
        }
        let repository = format!("kill/{}", seed % 2);
        let entry = Acknowledged { repository, tag, manifest: body, blobs, subject };
        acknowledged.lock().unwrap().push(entry);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_loses_nothing_acknowledged() {
    let mut server = Server::start(&[("LOG__FILTER", "warn,roadstead=info")]);
    let seeds = Arc::new(AtomicU64::new(1));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for round in 0..ROUNDS {
        let repositories = ["kill/0", "kill/1"].map(|name| Repository::of(&server, name));
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|_| {
                tokio::spawn(push_on(
                    Arc::clone(&seeds),
                    Arc::clone(&acknowledged),
                    repositories.to_vec(),
                ))
            })
            .collect();
        // a different moment each time
        tokio::time::sleep(Duration::from_millis(150 + (round * 137) % 400)).await;
        server.kill();
        for pusher in pushers {
            pusher.await.unwrap();
        }
        server.is_sound();
        server.restart();
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert!(acknowledged.len() > 50, "only {} artifacts were pushed", acknowledged.len());
    for entry in &acknowledged {
        verify(&server, entry).await;
    }
    let moving = Repository::of(&server, "kill/0").get("manifests/moving").await.is(200);
    assert!(acknowledged.iter().any(|entry| entry.manifest == moving.body));
    server.is_sound();
}

async fn verify(server: &Server, entry: &Acknowledged) {
    let repository = Repository::of(server, &entry.repository);
    let digest = sha256(&entry.manifest);
    let pulled = repository.get(&format!("manifests/{digest}")).await.is(200);
    assert!(pulled.body == entry.manifest);
    if entry.tag != "moving" {
        let tagged = repository.get(&format!("manifests/{}", entry.tag)).await.is(200);
        assert!(tagged.body == entry.manifest);
    }
    for blob in &entry.blobs {
        let pulled = repository.get(&format!("blobs/{}", sha256(blob))).await.is(200);
        assert!(pulled.body == *blob);
    }
    if let Some(subject) = &entry.subject {
        let referrers = repository.get(&format!("referrers/{subject}")).await.is(200).json();
        let listed = referrers["manifests"].as_array().unwrap();
        assert!(listed.iter().any(|listed| listed["digest"] == digest.as_str()));
        for listed in listed {
            let digest = listed["digest"].as_str().unwrap();
            repository.get(&format!("manifests/{digest}")).await.is(200);
        }
    }
}
