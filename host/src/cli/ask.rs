//! Asks the running server over its socket, or opens the store where none is running.

use std::{io::ErrorKind, path::Path};

use anyhow::{Context, bail};
use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::{Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use roadstead_storage::{Clock, DataFolder, Error, Storage, StorageConfig};

/// Who can tell about a data folder.
pub(super) enum Source {
    /// the server that holds it
    Server(UnixStream),
    /// nobody holds it: the store itself
    Store(Box<Storage>, DataFolder),
}

impl Source {
    /// Finds out who can tell about the folder.
    pub(super) async fn of(folder: &Path) -> anyhow::Result<Self> {
        match std::fs::metadata(folder.join("objects")) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{} holds no registry; name its folder with --data", folder.display())
            }
            Err(error) => {
                return Err(error).with_context(|| format!("{} can't be read", folder.display()));
            }
        }
        match DataFolder::take(folder) {
            Ok(taken) => {
                let storage = Storage::open(&taken, StorageConfig::default(), Clock::system());
                Ok(Self::Store(Box::new(storage.await?), taken))
            }
            Err(Error::InUse { .. }) => {
                let socket = DataFolder::announced(folder, "socket")
                    .context("a server is just starting in this folder; try again")?;
                let stream = UnixStream::connect(&socket)
                    .await
                    .with_context(|| format!("the server does not answer at {socket}"))?;
                Ok(Self::Server(stream))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The body of the server's answer; none where it knows nothing of that name.
pub(super) async fn get(stream: UnixStream, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    const BYTES_MAX: usize = 64 << 20;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header("host", "roadstead").body(Body::empty())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("the answer can't be read: {error}"))?;
    connection.abort();
    let body = body.to_bytes().to_vec();
    match status {
        StatusCode::OK => Ok(Some(body)),
        StatusCode::NOT_FOUND => Ok(None),
        _ => bail!("the server answered {status}: {}", String::from_utf8_lossy(&body)),
    }
}
