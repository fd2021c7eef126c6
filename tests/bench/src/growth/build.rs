//! Fills a store through the API, and knows afterwards what is in it.

use std::{cell::Cell, net::SocketAddr};

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::{
    Response, StatusCode,
    header::{LINK, LOCATION},
};
use serde_json::Value;

use roadstead_oci::{Algorithm, Digest, media_type};

use super::{
    ROUNDS,
    content::{
        CHUNKS, DELETED, MANY, OCTETS, RARE, RARE_TYPE, REFERRED, REFUSED, layer, manifest,
        manifest_path, referrer, referrers_path, refused, shared, spare_blob, subject, tag,
    },
    row::DELETES_IN_ROUND,
};
use crate::client::Client;

/// Manifests and blobs that are stored beyond the store's size, to be deleted.
pub(super) const SPARE: usize = (ROUNDS + 1) * DELETES_IN_ROUND as usize;
/// Tags that stay where the others are deleted.
pub(super) const LIVE: usize = 100;
/// Connections that fill the store.
const STREAMS: usize = 8;
const CHUNK_BYTES: usize = 1024;
/// Most chunks of the upload, which are sent one by one: more are no upload that a client makes.
const CHUNKS_MAX: usize = 10_000;

/// Does the work once for every number below `count`, over [`STREAMS`] connections.
pub(super) async fn spread(
    addr: SocketAddr,
    count: usize,
    work: impl AsyncFn(&mut Client, usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = Cell::new(0);
    let stream = async || {
        let mut client = Client::connect(addr).await?;
        loop {
            let number = next.replace(next.get() + 1);
            if number >= count {
                return anyhow::Ok(());
            }
            work(&mut client, number).await?;
        }
    };
    try_join_all((0..STREAMS).map(|_| stream())).await.map(drop)
}

/// Stores a small blob by a single POST (end-4b).
async fn push_small(client: &mut Client, repository: &str, blob: &Bytes) -> anyhow::Result<()> {
    let digest = Digest::of(Algorithm::Sha256, blob);
    let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
    client.call("POST", &path, (OCTETS, blob), StatusCode::CREATED).await.map(drop)
}

pub(super) async fn many(addr: SocketAddr, size: usize) -> anyhow::Result<()> {
    push_small(&mut Client::connect(addr).await?, MANY, &shared()).await?;
    spread(addr, size + SPARE, async |client, number| {
        push_small(client, MANY, &layer(number)).await?;
        let path = format!("/v2/{MANY}/manifests/{}", tag(number));
        client.push_manifest(&path, &manifest(number)).await
    })
    .await?;
    let spare =
        async |client: &mut Client, number| push_small(client, MANY, &spare_blob(number)).await;
    spread(addr, SPARE, spare).await
}

/// Sets tags, a hundred at a time, and deletes all but [`LIVE`] of them, which lie between others.
pub(super) async fn deleted(addr: SocketAddr, size: usize) -> anyhow::Result<()> {
    const AT_ONCE: usize = 100;
    let mut client = Client::connect(addr).await?;
    push_small(&mut client, DELETED, &shared()).await?;
    let manifest = subject();
    let count = size + LIVE;
    spread(addr, count.div_ceil(AT_ONCE), async |client, part| {
        let numbers = part * AT_ONCE..((part + 1) * AT_ONCE).min(count);
        let tags: Vec<_> = numbers.map(|number| format!("tag={}", tag(number))).collect();
        let path = format!("{}?{}", manifest_path(DELETED, &manifest), tags.join("&"));
        client.push_manifest(&path, &manifest).await
    })
    .await?;
    spread(addr, count, async |client, number| {
        if number.is_multiple_of(count / LIVE) && number / (count / LIVE) < LIVE {
            return Ok(());
        }
        let path = format!("/v2/{DELETED}/manifests/{}", tag(number));
        delete(client, &path).await
    })
    .await
}

pub(super) async fn delete(client: &mut Client, path: &str) -> anyhow::Result<()> {
    let empty = (OCTETS, &Bytes::new());
    client.call("DELETE", path, empty, StatusCode::ACCEPTED).await.map(drop)
}

pub(super) async fn referrers(addr: SocketAddr, size: usize) -> anyhow::Result<()> {
    let mut client = Client::connect(addr).await?;
    push_small(&mut client, REFERRED, &shared()).await?;
    let subject = subject();
    client.push_manifest(&manifest_path(REFERRED, &subject), &subject).await?;
    spread(addr, size, async |client, number| {
        let referrer = referrer(number, number.is_multiple_of(size / RARE));
        client.push_manifest(&manifest_path(REFERRED, &referrer), &referrer).await
    })
    .await
}

/// Pushes that the policy rejects, each of another manifest.
pub(super) async fn refusals(addr: SocketAddr, size: usize) -> anyhow::Result<()> {
    push_small(&mut Client::connect(addr).await?, REFUSED, &shared()).await?;
    spread(addr, size, async |client, number| {
        let body = refused(number);
        client.refused_manifest(&manifest_path(REFUSED, &body), &body).await
    })
    .await
}

/// Begins an upload and sends so many chunks; returns where the next one goes.
pub(super) async fn chunks(client: &mut Client, size: usize) -> anyhow::Result<String> {
    let path = format!("/v2/{CHUNKS}/blobs/uploads/");
    let empty = (OCTETS, &Bytes::new());
    let mut next = location(&client.call("POST", &path, empty, StatusCode::ACCEPTED).await?)?;
    for _ in 0..size.min(CHUNKS_MAX) {
        next = chunk(client, &next).await?;
    }
    Ok(next)
}

pub(super) async fn chunk(client: &mut Client, location: &str) -> anyhow::Result<String> {
    let chunk = (OCTETS, &Bytes::from_static(&[7; CHUNK_BYTES]));
    self::location(&client.call("PATCH", location, chunk, StatusCode::ACCEPTED).await?)
}

fn location(answer: &Response<Bytes>) -> anyhow::Result<String> {
    Ok(answer.headers().get(LOCATION).context("no Location")?.to_str()?.to_owned())
}

/// Reads a list to its end, page by page.
pub(super) async fn pages(client: &mut Client, path: &str) -> anyhow::Result<Vec<Bytes>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let empty = ("application/json", &Bytes::new());
        let answer = client.call("GET", &path, empty, StatusCode::OK).await?;
        let link = answer.headers().get(LINK).map(|link| link.to_str()).transpose()?;
        let link = link.and_then(|link| link.strip_prefix('<')?.split('>').next());
        next = link.map(str::to_owned);
        pages.push(answer.into_body());
    }
    Ok(pages)
}

/// Verifies how many entries a list has under a key.
async fn count(client: &mut Client, path: &str, key: &str, wanted: usize) -> anyhow::Result<()> {
    let mut found = 0;
    for page in pages(client, path).await? {
        let page: Value = serde_json::from_slice(&page)?;
        found += page[key].as_array().with_context(|| format!("no {key} in {path}"))?.len();
    }
    ensure!(found == wanted, "{path} lists {found} instead of {wanted}");
    Ok(())
}

/// Verifies that the lists which are measured hold what they should.
pub(super) async fn verify(client: &mut Client, size: usize) -> anyhow::Result<()> {
    count(client, &format!("/v2/{MANY}/tags/list"), "tags", size + SPARE).await?;
    count(client, &format!("/v2/{DELETED}/tags/list"), "tags", LIVE).await?;
    count(client, &referrers_path(), "manifests", size).await?;
    let rare = format!("{}?artifactType={RARE_TYPE}", referrers_path());
    count(client, &rare, "manifests", size.div_ceil(size / RARE)).await
}

/// Stores an index that names what is stored.
pub(super) async fn push_index(client: &mut Client, index: &Bytes) -> anyhow::Result<()> {
    let path = manifest_path(MANY, index);
    let index = (media_type::OCI_INDEX, index);
    client.call("PUT", &path, index, StatusCode::CREATED).await.map(drop)
}
