//! A client of the distribution spec in few words.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use roadstead_oci::{Algorithm, Digest, media_type};

use crate::harness::Server;

/// A repository of a server.
#[derive(Clone)]
pub struct Repository {
    http: reqwest::Client,
    addr: SocketAddr,
    name: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `code: message` of each error.
    pub fn errors(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors.iter().map(|e| format!("{}: {}", text(&e["code"]), text(&e["message"]))).collect()
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

/// A descriptor of bytes.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// An OCI image manifest over a config and layers, each with its media type.
pub fn manifest(config: (&str, &[u8]), layers: &[(&str, &[u8])]) -> Value {
    let layers: Vec<_> = layers.iter().map(|(kind, bytes)| descriptor(kind, bytes)).collect();
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(config.0, config.1),
        "layers": layers,
    })
}

impl Repository {
    pub fn of(server: &Server, name: &str) -> Self {
        let http = reqwest::Client::new();
        Self { http, addr: server.addr(), name: name.to_owned() }
    }

    /// The same with a login.
    pub fn logged_in(self, name: &str, password: &str) -> Self {
        let credential = STANDARD.encode(format!("{name}:{password}").as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Basic {credential}").parse().unwrap());
        let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
        Self { http, ..self }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/v2/{}/{path}", self.addr, self.name)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Sends it; an error of the connection is an error.
    pub async fn try_send(request: RequestBuilder) -> reqwest::Result<Answer> {
        let response: Response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    pub async fn send(&self, method: Method, path: &str) -> Answer {
        Self::try_send(self.request(method, path)).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    /// Begins an upload, and answers its URL.
    pub async fn begin(&self) -> reqwest::Result<String> {
        let answer = Self::try_send(self.request(Method::POST, "blobs/uploads/")).await?.is(202);
        Ok(format!("http://{}{}", self.addr, answer.header("location")))
    }

    /// POST and PUT.
    pub async fn push_blob(&self, bytes: &Bytes) -> reqwest::Result<Digest> {
        let digest = sha256(bytes);
        let url = format!("{}?digest={digest}", self.begin().await?);
        Self::try_send(self.http.put(url).body(bytes.clone())).await?.is(201);
        Ok(digest)
    }

    /// POST, a PATCH for each half, and PUT.
    pub async fn push_blob_in_chunks(&self, bytes: &Bytes) -> reqwest::Result<Digest> {
        let (digest, url) = (sha256(bytes), self.begin().await?);
        let half = bytes.len() / 2;
        for chunk in [bytes.slice(..half), bytes.slice(half..)] {
            Self::try_send(self.http.patch(&url).body(chunk)).await?.is(202);
        }
        Self::try_send(self.http.put(format!("{url}?digest={digest}"))).await?.is(201);
        Ok(digest)
    }

    /// PUTs a manifest by a tag or digest, as it is.
    pub async fn put(&self, reference: &str, kind: &str, body: &[u8]) -> reqwest::Result<Answer> {
        let path = format!("manifests/{reference}");
        let request = self.request(Method::PUT, &path).header("content-type", kind);
        Self::try_send(request.body(body.to_vec())).await
    }

    /// PUTs a manifest as JSON, by a tag or digest.
    pub async fn put_manifest(&self, reference: &str, manifest: &Value) -> Answer {
        let kind = manifest["mediaType"].as_str().unwrap_or(media_type::OCI_MANIFEST);
        self.put(reference, kind, manifest.to_string().as_bytes()).await.unwrap()
    }

    /// Everything of an artifact, then its manifest.
    pub async fn push(&self, tag: &str, config: (&str, &[u8]), layers: &[(&str, &[u8])]) -> Answer {
        for (_, bytes) in layers.iter().chain([&config]) {
            self.push_blob(&Bytes::copy_from_slice(bytes)).await.unwrap();
        }
        self.put_manifest(tag, &manifest(config, layers)).await
    }
}
