//! Asks the running server over its socket, or opens the store where none is running.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Response, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use roadstead_storage::{Clock, DataFolder, Error, Storage, StorageConfig};

/// Who can tell about a data folder.
pub(super) enum Source {
    /// the socket of the server that holds it
    Server(PathBuf),
    /// nobody holds it: the store itself
    Store(Box<Storage>, DataFolder),
}

impl Source {
    /// Finds out who can tell about the folder.
    pub(super) async fn of(folder: &Path) -> anyhow::Result<Self> {
        match std::fs::metadata(folder.join("objects")) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{} has no registry; name the data folder with --data", folder.display())
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
                    .context("a server is starting in this folder; try again")?;
                Ok(Self::Server(PathBuf::from(socket)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The body of the server's answer; none where it knows nothing of that name.
pub(super) async fn get(socket: &Path, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let answer = send(socket, path).await?;
    match answer.status() {
        StatusCode::OK => Ok(Some(answer.into_body().to_vec())),
        StatusCode::NOT_FOUND => Ok(None),
        status => {
            bail!("the server answered {status}: {}", String::from_utf8_lossy(answer.body()))
        }
    }
}

/// Asks the server, which serves its whole API there as well, without a login.
pub(super) async fn send(socket: &Path, path: &str) -> anyhow::Result<Response<Bytes>> {
    const BYTES_MAX: usize = 64 << 20;
    let stream = UnixStream::connect(socket)
        .await
        .with_context(|| format!("the server does not answer at {}", socket.display()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header(header::HOST, "roadstead");
    let request = request.body(Empty::<Bytes>::new())?;
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("the answer can't be read: {error}"))?;
    connection.abort();
    Ok(Response::from_parts(parts, body.to_bytes()))
}
