//! A connection of a client that does as little as it can.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use roadstead_oci::{Algorithm, Digest, Hasher};

type Sent = BoxBody<Bytes, std::io::Error>;

/// A blob to push.
pub(crate) struct Content {
    frames: [Bytes; 2],
    pub(crate) digest: Digest,
}

impl Content {
    /// Differs from every other one with another number, and shares the rest of its bytes.
    pub(crate) fn new(number: u64, shared: &Bytes, len: usize) -> Self {
        let head = Bytes::copy_from_slice(&number.to_le_bytes());
        let rest = shared.slice(..len.saturating_sub(head.len()));
        Self::framed([head, rest])
    }

    pub(crate) fn of(bytes: Bytes) -> Self {
        Self::framed([bytes, Bytes::new()])
    }

    fn framed(frames: [Bytes; 2]) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        for frame in &frames {
            hasher.update(frame);
        }
        Self { frames, digest: hasher.finish() }
    }

    pub(crate) fn len(&self) -> usize {
        self.frames.iter().map(Bytes::len).sum()
    }
}

pub(crate) struct Client {
    addr: SocketAddr,
    sender: SendRequest<Sent>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { addr, sender })
    }

    /// Sends a request with its content, and answers the header; the body stays to be read.
    async fn send(
        &mut self,
        method: &str,
        url: &str,
        kind: &str,
        frames: &[Bytes],
    ) -> anyhow::Result<Response<Incoming>> {
        let path = match url.strip_prefix("http://") {
            Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => url,
        };
        let len: usize = frames.iter().map(Bytes::len).sum();
        let frames: Vec<_> = frames.iter().filter(|frame| !frame.is_empty()).cloned().collect();
        let frames = frames.into_iter().map(|frame| Ok(Frame::data(frame)));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.addr.to_string())
            .header(ACCEPT, kind)
            .header(CONTENT_TYPE, kind)
            .header(CONTENT_LENGTH, len)
            .body(BodyExt::boxed(StreamBody::new(stream::iter(frames))))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Reads an answer to its end without keeping it; answers its length.
    async fn drain(mut response: Response<Incoming>) -> anyhow::Result<u64> {
        let mut len = 0;
        let body = response.body_mut();
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else { break };
            len += frame?.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok(len)
    }

    async fn expect(response: Response<Incoming>, wanted: StatusCode) -> anyhow::Result<u64> {
        let status = response.status();
        if status != wanted {
            let body = response.into_body().collect().await?.to_bytes();
            bail!("{status} instead of {wanted}: {}", String::from_utf8_lossy(&body));
        }
        Self::drain(response).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<u64> {
        let kind = roadstead_oci::media_type::OCI_MANIFEST;
        let response = self.send("GET", path, kind, &[]).await?;
        Self::expect(response, StatusCode::OK).await
    }

    /// Sends a request and reads the whole answer, which must have the status.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        (kind, body): (&str, &Bytes),
        wanted: StatusCode,
    ) -> anyhow::Result<Response<Bytes>> {
        let response = self.send(method, path, kind, std::slice::from_ref(body)).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if parts.status != wanted {
            let body = String::from_utf8_lossy(&body);
            bail!("{method} {path}: {} instead of {wanted}: {body}", parts.status);
        }
        Ok(Response::from_parts(parts, body))
    }

    /// HEAD of something that is not there yet.
    pub(crate) async fn absent(&mut self, path: &str) -> anyhow::Result<()> {
        let response = self.send("HEAD", path, "*/*", &[]).await?;
        Self::expect(response, StatusCode::NOT_FOUND).await.map(drop)
    }

    /// POST and PUT, or POST, PATCH and PUT.
    pub(crate) async fn push_blob(
        &mut self,
        repository: &str,
        content: &Content,
        patch: bool,
    ) -> anyhow::Result<()> {
        const BYTES: &str = "application/octet-stream";
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.send("POST", &path, BYTES, &[]).await?;
        let mut location = location(&begun)?;
        Self::expect(begun, StatusCode::ACCEPTED).await?;
        let mut last = content.frames.as_slice();
        if patch {
            let patched = self.send("PATCH", &location, BYTES, std::mem::take(&mut last)).await?;
            location = self::location(&patched)?;
            Self::expect(patched, StatusCode::ACCEPTED).await?;
        }
        let joint = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{joint}digest={}", content.digest);
        let stored = self.send("PUT", &url, BYTES, last).await?;
        Self::expect(stored, StatusCode::CREATED).await.map(drop)
    }

    pub(crate) async fn push_manifest(&mut self, path: &str, body: &Bytes) -> anyhow::Result<()> {
        self.put_manifest(path, body, StatusCode::CREATED).await
    }

    /// A push that no policy lets in.
    pub(crate) async fn refused_manifest(
        &mut self,
        path: &str,
        body: &Bytes,
    ) -> anyhow::Result<()> {
        self.put_manifest(path, body, StatusCode::FORBIDDEN).await
    }

    async fn put_manifest(
        &mut self,
        path: &str,
        body: &Bytes,
        wanted: StatusCode,
    ) -> anyhow::Result<()> {
        let kind = roadstead_oci::media_type::OCI_MANIFEST;
        let answer = self.send("PUT", path, kind, std::slice::from_ref(body)).await?;
        Self::expect(answer, wanted).await.map(drop)
    }
}

fn location(response: &Response<Incoming>) -> anyhow::Result<String> {
    let location = response.headers().get(LOCATION).context("no Location")?;
    Ok(location.to_str()?.to_owned())
}
