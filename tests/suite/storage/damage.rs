//! A disk that loses or changes bytes, seen by clients and by the operator.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use reqwest::Method;

use crate::{
    client::{Repository, manifest, sha256},
    harness::{Server, said},
};

/// The files below a folder of objects whose path contains `part`.
fn files(server: &Server, part: &str) -> Vec<PathBuf> {
    fn walk(folder: PathBuf, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(server.data().join("objects"), &mut found);
    found.retain(|path| path.to_str().unwrap().contains(part));
    found
}

type Harm = fn(&PathBuf);

const SHORTENED: Harm = |file| {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len().saturating_sub(1)]).unwrap();
};
/// In place, which no size tells.
const CHANGED: Harm = |file| {
    let mut bytes = fs::read(file).unwrap();
    bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1);
    fs::write(file, bytes).unwrap();
};
const EMPTIED: Harm = |file| fs::write(file, "").unwrap();
const LOST: Harm = |file| fs::remove_file(file).unwrap();
const A_FOLDER: Harm = |file| {
    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
};

#[tokio::test]
async fn a_push_mends_what_the_disk_has_damaged() {
    let mut server = Server::start(&[]);
    let (config, layer) = (Bytes::from_static(b"{}"), Bytes::from(vec![7; 30_000]));
    let (kind, layers) = (("application/x", &config[..]), [("application/y", &layer[..])]);
    for restart in [false, true] {
        for (nth, harm) in [SHORTENED, CHANGED, EMPTIED, LOST].into_iter().enumerate() {
            let name = format!("mend/{restart}/{nth}");
            let repository = Repository::of(&server, &name);
            let pushed = repository.push("v1", kind, &layers).await.is(201);
            let manifest = format!("manifests/{}", pushed.header("docker-content-digest"));
            let sound = repository.get(&manifest).await.is(200).body;
            if restart {
                server.stop();
            }
            let record = format!("blobs/sha256/{}/", &sha256(&config).hex()[..2]);
            let body = format!("{name}/_manifests/");
            let mut harmed = files(&server, &body);
            harmed.retain(|file| file.extension().is_some());
            harmed.extend([files(&server, "objects/data/"), files(&server, &record)].concat());
            assert!(harmed.len() >= 3, "{harmed:?}");
            harmed.iter().for_each(harm);
            if restart {
                assert!(!server.command(&["check"]).status.success());
                server.restart();
            }
            let repository = Repository::of(&server, &name);
            if restart {
                repository.get(&manifest).await.is(404);
                repository.get("manifests/v1").await.is(404);
                // one that was lost looks like a push under way
                let log = server.logged().await;
                let logged = log.iter().any(|line| line.contains("a manifest is damaged"));
                assert_eq!(logged, nth < 3, "{log:#?}");
            }
            // or clients would skip the push
            let blob = format!("blobs/{}", sha256(&layer));
            for digest in [sha256(&config), sha256(&layer)] {
                repository.send(Method::HEAD, &format!("blobs/{digest}")).await.is(404);
            }
            repository.push("v1", kind, &layers).await.is(201);
            for restarted in [false, true] {
                if restarted {
                    server.stop();
                    server.restart();
                }
                let repository = Repository::of(&server, &name);
                assert_eq!(repository.get(&manifest).await.is(200).body, sound);
                assert_eq!(repository.get("manifests/v1").await.is(200).body, sound);
                assert!(repository.get(&blob).await.is(200).body == layer);
            }
            // the layer of the repositories before is damaged as well, and no push mended those
            if nth == 0 && !restart {
                server.is_sound();
            }
        }
    }
}

#[tokio::test]
async fn what_no_retry_cures_is_not_answered_with_try_again() {
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "odd");
    let pushed = repository.push("v1", ("application/x", b"{}"), &[]).await.is(201);
    let mut claims = files(&server, "odd/_manifests/");
    claims.retain(|file| file.extension().is_none());
    claims.iter().for_each(A_FOLDER);
    let manifest = format!("manifests/{}", pushed.header("docker-content-digest"));
    let failed = repository.send(Method::DELETE, &manifest).await.is(500);
    assert_eq!(failed.header("retry-after"), "");
    assert_eq!(failed.errors(), ["UNKNOWN: the registry failed"]);
    let log = server.logged().await;
    let line = log.iter().find(|line| line.contains("is damaged: a folder is in its place"));
    let line: serde_json::Value = serde_json::from_str(line.expect("the cause")).unwrap();
    assert_eq!(line["span"]["id"], failed.header("x-request-id"), "the client can name it");
}

#[tokio::test]
async fn what_is_damaged_is_absent_until_it_is_pushed_again() {
    let mut server = Server::start(&[]);
    let (config, layer) = (Bytes::from_static(b"{}"), Bytes::from(vec![7; 30_000]));
    let (kind, layers) = (("application/x", &config[..]), [("application/y", &layer[..])]);
    let repository = Repository::of(&server, "absent");
    let pushed = repository.push("v1", kind, &layers).await.is(201);
    files(&server, "objects/data/").iter().for_each(SHORTENED);
    let blob = format!("blobs/{}", sha256(&layer));
    for method in [Method::HEAD, Method::GET] {
        repository.send(method, &blob).await.is(404);
    }
    // neither does another repository get it without a push, nor a manifest that names it
    let other = Repository::of(&server, "other");
    let mount = format!("blobs/uploads/?mount={}&from=absent", sha256(&layer));
    other.send(Method::POST, &mount).await.is(202);
    let stored = repository.get("manifests/v1").await.is(200);
    let again =
        repository.put("v2", stored.header("content-type"), &stored.body).await.unwrap().is(404);
    assert!(again.errors()[0].starts_with("MANIFEST_BLOB_UNKNOWN: "), "{:?}", again.errors());
    assert!(again.errors()[0].ends_with("push it first"), "{:?}", again.errors());
    let check = server.command(&["check"]);
    assert!(said(&check).contains("is missing or damaged"), "{}", said(&check));
    repository.push_blob(&layer).await.unwrap();
    repository.put("v2", stored.header("content-type"), &stored.body).await.unwrap().is(201);
    other.send(Method::POST, &mount).await.is(201);
    server.is_sound();
    // a damaged manifest can be deleted
    server.stop();
    let bodies = files(&server, "absent/_manifests/");
    bodies.iter().filter(|file| file.extension().is_some()).for_each(EMPTIED);
    server.restart();
    let repository = Repository::of(&server, "absent");
    let manifest = format!("manifests/{}", pushed.header("docker-content-digest"));
    repository.get(&manifest).await.is(404);
    repository.send(Method::DELETE, &manifest).await.is(202);
    repository.send(Method::DELETE, &manifest).await.is(404);
    server.is_sound();
}

/// What a plugin made of damaged bytes is forgotten when they are mended.
#[tokio::test]
async fn what_was_judged_while_it_was_damaged_is_judged_again() {
    const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
    const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let server = Server::start(&[]);
    let repository = Repository::of(&server, "charts/web");
    let config = br#"{"apiVersion":"v2","name":"web","version":"1.2.3"}"#;
    let mut state = 7_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    })
    .take(40_000)
    .collect();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("web/Chart.yaml", &b"apiVersion: v2\nname: web\nversion: 1.2.3\n"[..]),
        ("web/files/noise", &noise),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar.into_inner().unwrap()).unwrap();
    let layer = Bytes::from(gzip.finish().unwrap());
    let pushed = manifest((CONFIG, config), &[(CHART, &layer)]);
    for blob in [&Bytes::from_static(config), &layer] {
        repository.push_blob(blob).await.unwrap();
    }
    let data = files(&server, "objects/data/");
    assert_eq!(data.len(), 1, "{data:?}");
    CHANGED(&data[0]);
    repository.put_manifest("1.2.3", &pushed).await.is(403);
    repository.push_blob(&layer).await.unwrap();
    repository.put_manifest("1.2.3", &pushed).await.is(201);
    server.is_sound();
}
