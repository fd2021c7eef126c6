//! What is stored, as the commands look at it: through the running server, or in the store itself.

use std::{ops::Range, path::Path, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use axum::body::Body;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, ready};
use hyper::{Request, Response, StatusCode, header};
use roadstead_oci::{Descriptor, Digest, Manifest, Reference, Repository, Texts};
use roadstead_storage::{DataFolder, Storage};

use super::ask::{self, Source};
use crate::{
    admission::{Content, ContentError, Fact, Listed, Place},
    http::route::percent_encoded,
    registry::RepositoryContent,
    registry::records::{Judged, Records},
};

/// A manifest that is stored, with what it names.
pub(super) struct Stored {
    pub(super) digest: Digest,
    pub(super) manifest: Manifest,
    pub(super) bytes: Bytes,
    pub(super) content: Arc<dyn Place>,
    /// holds the store open
    _folder: Option<DataFolder>,
}

/// `charts/web:1.0.0` or `charts/web@sha256:…`, as clients print it: a scheme and a host in front
/// are left out, and so is a tag beside a digest.
pub(super) fn parse(text: &str) -> anyhow::Result<(Repository, Reference)> {
    let name = text.strip_prefix("oci://").unwrap_or(text);
    let name = match name.split_once('/') {
        Some((host, name)) if host.contains(':') => name,
        _ => name,
    };
    let (name, reference) = match (name.split_once('@'), name.split_once(':')) {
        (Some((name, digest)), _) => (name.split(':').next().unwrap_or_default(), digest),
        (None, Some(split)) => split,
        (None, None) => bail!("{text:?} is no REPOSITORY@DIGEST or REPOSITORY:TAG"),
    };
    let repository = Repository::parse(name).with_context(|| format!("{text:?}"))?;
    let reference = Reference::parse(reference).with_context(|| format!("{text:?}"))?;
    Ok((repository, reference))
}

/// Everything that was judged about a manifest; none if it is not stored and was not refused.
pub(super) async fn judged(
    folder: &Path,
    (repository, reference): (&Repository, &Reference),
) -> anyhow::Result<Option<Judged>> {
    match Source::of(folder).await? {
        Source::Server(socket) => {
            let name = percent_encoded(repository.as_str());
            let reference = percent_encoded(&reference.to_string());
            let path = format!("/judged?repository={name}&reference={reference}");
            let found = ask::get(&socket, &path).await?;
            Ok(found.map(|found| serde_json::from_slice(&found)).transpose()?)
        }
        Source::Store(storage, _folder) => {
            Ok(Records::stored(&storage).judged(repository, reference).await?)
        }
    }
}

impl Stored {
    /// Finds a manifest in a data folder.
    pub(super) async fn find(
        folder: &Path,
        (repository, reference): (&Repository, &Reference),
    ) -> anyhow::Result<Self> {
        match Source::of(folder).await? {
            Source::Server(socket) => {
                let remote = Remote { socket, repository: repository.clone() };
                remote.find(reference).await
            }
            Source::Store(storage, folder) => {
                let storage = Arc::new(*storage);
                let found = in_store(&storage, repository, reference).await?;
                let (digest, manifest, bytes) = found;
                let content = RepositoryContent::new(storage, repository.clone());
                let content = Arc::new(content);
                Ok(Self { digest, manifest, bytes, content, _folder: Some(folder) })
            }
        }
    }
}

async fn in_store(
    storage: &Storage,
    repository: &Repository,
    reference: &Reference,
) -> anyhow::Result<(Digest, Manifest, Bytes)> {
    let found = storage.referenced(repository, reference).await?;
    let stored = found.with_context(|| absent(repository, reference))?;
    let manifest = Manifest::parse(&stored.bytes, Some(&stored.media_type))?;
    Ok((stored.digest.clone(), manifest, stored.bytes.clone()))
}

fn absent(repository: &Repository, reference: &Reference) -> String {
    format!("repository {repository} has no manifest {reference}")
}

/// A repository of the running server.
#[derive(Debug)]
struct Remote {
    socket: PathBuf,
    repository: Repository,
}

impl Remote {
    async fn find(self, reference: &Reference) -> anyhow::Result<Stored> {
        let path = format!("manifests/{reference}");
        let Some(answer) = self.get(&path, None).await? else {
            bail!(absent(&self.repository, reference));
        };
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let media_type = header(header::CONTENT_TYPE.as_str());
        let digest = header("docker-content-digest").context("the server names no digest")?;
        let (digest, bytes) = (Digest::parse(digest)?, answer.body().clone());
        let manifest = Manifest::parse(&bytes, media_type)?;
        Ok(Stored { digest, manifest, bytes, content: Arc::new(self), _folder: None })
    }

    async fn get(
        &self,
        path: &str,
        range: Option<&Range<u64>>,
    ) -> anyhow::Result<Option<Response<Bytes>>> {
        let mut request = Request::get(format!("/v2/{}/{path}", self.repository));
        if let Some(Range { start, end }) = range {
            request = request.header(header::RANGE, format!("bytes={start}-{}", end - 1));
        }
        let answer = ask::send(&self.socket, request.body(Body::empty())?).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            status => bail!("the server answered {status} for {path}"),
        }
    }

    async fn size(&self, digest: &Digest) -> anyhow::Result<Option<u64>> {
        for noun in ["blobs", "manifests"] {
            let path = format!("/v2/{}/{noun}/{digest}", self.repository);
            let answer = ask::send(&self.socket, Request::head(path).body(Body::empty())?).await?;
            if answer.status() == StatusCode::OK {
                let length = answer.headers().get(header::CONTENT_LENGTH);
                let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
                return Ok(length);
            }
        }
        Ok(None)
    }

    async fn read(&self, digest: &Digest, range: Range<u64>) -> anyhow::Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if let Some(answer) = self.get(&format!("blobs/{digest}"), Some(&range)).await? {
            return Ok(answer.into_body());
        }
        let answer = self.get(&format!("manifests/{digest}"), None).await?;
        let bytes = answer.with_context(|| format!("{digest} is not there"))?.into_body();
        let cut = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(bytes.slice(cut(range.start)..cut(range.end).min(bytes.len())))
    }

    async fn manifest(&self, digest: &Digest) -> anyhow::Result<Option<Listed>> {
        let Some(answer) = self.get(&format!("manifests/{digest}"), None).await? else {
            return Ok(None);
        };
        let media_type = answer.headers().get(header::CONTENT_TYPE);
        let read = Manifest::parse(
            answer.body(),
            media_type.and_then(|media_type| media_type.to_str().ok()),
        )?;
        Ok(Some(Descriptor {
            artifact_type: read.effective_artifact_type().map(ToOwned::to_owned),
            media_type: read.media_type,
            digest: digest.clone(),
            size: answer.body().len() as u64,
            annotations: read.annotations,
            platform: None,
            urls: Texts::default(),
            data: None,
        }))
    }

    async fn referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> anyhow::Result<Vec<Listed>> {
        let answer = self.get(&format!("referrers/{subject}"), None).await?;
        let index = answer.map(Response::into_body).unwrap_or_default();
        let index = Manifest::parse(&index, None)?;
        let listed = index.descriptors().map(|(_, _, listed)| listed.clone());
        let fits = |listed: &Listed| {
            artifact_type.is_none_or(|wanted| listed.artifact_type.as_deref() == Some(wanted))
        };
        Ok(listed.filter(fits).collect())
    }
}

fn failed(error: &anyhow::Error) -> ContentError {
    ContentError(format!("{error:#}"))
}

impl Place for Remote {}

impl Content for Remote {
    fn size<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, ContentError>> {
        self.size(digest).map(|size| size.map_err(|error| failed(&error))).boxed()
    }

    fn read<'a>(
        &'a self,
        digest: &'a Digest,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, ContentError>> {
        self.read(digest, range).map(|read| read.map_err(|error| failed(&error))).boxed()
    }

    fn now(&self) -> u64 {
        let now = roadstead_storage::Clock::system().now().as_second();
        u64::try_from(now).unwrap_or_default()
    }

    fn manifest<'a>(
        &'a self,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<Listed>, ContentError>> {
        self.manifest(digest).map(|found| found.map_err(|error| failed(&error))).boxed()
    }

    fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        _bytes_max: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<Listed>>, ContentError>> {
        let found = self.referrers(subject, artifact_type);
        found.map(|found| found.map(Some).map_err(|error| failed(&error))).boxed()
    }

    /// What was recorded under another policy says nothing about this one.
    fn annotations<'a>(
        &'a self,
        _manifest: &'a Digest,
        _plugin: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Fact>, ContentError>> {
        ready(Ok(Vec::new())).boxed()
    }
}
