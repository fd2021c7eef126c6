//! What is stored, as the commands look at it: through the running server, or in the store itself.

use std::{path::Path, sync::Arc};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use hyper::StatusCode;
use roadstead_oci::{Reference, Repository};
use roadstead_storage::Storage;
use serde_json::Value;

use super::{
    ask::{self, Source},
    policy::Where,
};
use crate::{
    admission::{Admission, Verdict},
    http::route::percent_encoded,
    registry::{
        records::{Judged, Records},
        trial::{Trial, Wanted},
    },
};

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
        (None, None) => bail!("{text:?} is not REPOSITORY@DIGEST or REPOSITORY:TAG"),
    };
    let repository = Repository::parse(name).with_context(|| format!("{text:?}"))?;
    let reference = Reference::parse(reference).with_context(|| format!("{text:?}"))?;
    Ok((repository, reference))
}

/// Everything that was judged about a manifest; none if it is not stored and was not refused.
pub(super) async fn judged(
    folder: &Path,
    repository: &Repository,
    reference: &Reference,
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

/// What would become of a stored manifest if it were pushed now.
pub(super) async fn tried(folder: &Path, wanted: Wanted, by: &Where) -> anyhow::Result<Verdict> {
    match Source::of(folder).await? {
        Source::Server(socket) => {
            serde_json::from_slice(&asked(&socket, "eval", &wanted, by).await?).map_err(Into::into)
        }
        Source::Store(storage, _folder) => {
            let admission = Admission::new(by.load().await?);
            Ok(in_store(*storage, wanted).await?.judge(&admission).await)
        }
    }
}

/// Which rules are about a stored manifest, and why.
pub(super) async fn explained(folder: &Path, wanted: Wanted, by: &Where) -> anyhow::Result<Value> {
    match Source::of(folder).await? {
        Source::Server(socket) => {
            let explained = asked(&socket, "explain", &wanted, by).await?;
            Ok(serde_json::from_slice(&explained)?)
        }
        Source::Store(storage, _folder) => {
            let explained = in_store(*storage, wanted).await?.explain(&by.load().await?).await;
            explained.map_err(|error| anyhow!("{}", error.0))
        }
    }
}

async fn in_store(storage: Storage, wanted: Wanted) -> anyhow::Result<Trial> {
    let missing = absent(&wanted);
    let found = Trial::find(&Arc::new(storage), wanted).await;
    found.map_err(|error| anyhow!("{}", error.0))?.context(missing)
}

/// Has the running server answer about a stored manifest.
async fn asked(socket: &Path, what: &str, wanted: &Wanted, by: &Where) -> anyhow::Result<Bytes> {
    let Wanted { repository, reference, named } = wanted;
    let mut query =
        vec![("repository", repository.to_string()), ("reference", reference.to_string())];
    query.extend(named.as_ref().map(|named| ("as", named.to_string())));
    query.extend(by.path()?.map(|path| ("policy", path)));
    let query = query.iter().map(|(key, value)| format!("{key}={}", percent_encoded(value)));
    let path = format!("/{what}?{}", query.collect::<Vec<_>>().join("&"));
    let answer = ask::send(socket, &path).await?;
    let (status, body) = (answer.status(), answer.into_body());
    let text = || String::from_utf8_lossy(&body).into_owned();
    match status {
        StatusCode::OK => Ok(body),
        StatusCode::NOT_FOUND => bail!(absent(wanted)),
        StatusCode::UNPROCESSABLE_ENTITY => {
            // what is wrong with it is told as it is where no server runs
            by.load().await?;
            bail!("the server can't use this policy: {}", text())
        }
        status => bail!("the server answered {status}: {}", text()),
    }
}

fn absent(Wanted { repository, reference, .. }: &Wanted) -> String {
    format!("repository {repository} has no manifest {reference}")
}
