//! What a guest can touch: content, context and the log. Nothing else is linked.

use std::{collections::HashMap, sync::Arc};

use bytes::BytesMut;
use wasmtime::{
    Result as Trap,
    component::{Resource, ResourceTable},
};

use roadstead_oci::{Algorithm, Digest, Hasher, Role};

use crate::{
    abi::{
        self,
        content::{self, ReadError},
        context, log, types,
    },
    content::{Content, ContentError},
    decode::{Bounds, DecodeError, Decoder},
    error::ReviewError,
    limits::{LOG_BYTES_MAX, Limits, Memory, Stopped},
    model::Target,
};

/// Most bytes that one read answers.
const READ_BYTES_MAX: u64 = 1 << 20;

/// What the host knows during one review.
pub(crate) struct State {
    pub(crate) memory: Memory,
    pub(crate) limits: Limits,
    /// ticks of the epoch that the guest computed through
    pub(crate) ticks: u32,
    pub(crate) host_calls: u32,
    pub(crate) read_bytes: u64,
    /// whether the answer depends on nothing but the inputs
    pub(crate) pure: bool,
    /// set by a host call that makes the review a failure, whatever the guest answers
    pub(crate) failure: Option<ReviewError>,
    /// what the SDK's panic hook says
    pub(crate) last_error: Option<String>,
    plugin: String,
    view: View,
    table: ResourceTable,
    log_lines: u32,
}

/// What the target names, and where it is read from.
struct View {
    content: Option<Arc<dyn Content>>,
    named: HashMap<Digest, u64>,
    is_manifest: bool,
    read_bytes_max: u64,
    now: u64,
}

/// `content.blob`
#[expect(unreachable_pub, reason = "the bindings name it")]
pub struct Blob {
    digest: Digest,
    size: u64,
}

/// `content.decoded`
#[expect(unreachable_pub, reason = "the bindings name it")]
pub struct Decoded {
    digest: Digest,
    size: u64,
    /// how much of it went through the decoder
    position: u64,
    decoder: Option<Decoder>,
    ready: BytesMut,
    ended: bool,
}

impl State {
    /// For a call that has no target: describe and validate-settings.
    pub(crate) fn without_target(plugin: &str, limits: Limits) -> Self {
        let view = View {
            content: None,
            named: HashMap::new(),
            is_manifest: false,
            read_bytes_max: 0,
            now: 0,
        };
        Self::new(plugin, limits, view)
    }

    pub(crate) fn for_review(
        plugin: &str,
        limits: Limits,
        target: &Target,
        content: Arc<dyn Content>,
    ) -> Self {
        const FLOOR_BYTES: u64 = 1 << 20;
        let named: HashMap<Digest, u64> = match target {
            Target::Manifest(manifest) => manifest
                .descriptors
                .iter()
                .map(|named| (named.descriptor.digest.clone(), named.descriptor.size))
                .collect(),
            Target::Blob(blob) => [(blob.digest.clone(), blob.size)].into(),
        };
        let sizes = named.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
        let view = View {
            now: content.now(),
            content: Some(content),
            is_manifest: matches!(target, Target::Manifest(_)),
            read_bytes_max: limits
                .read_bytes_max
                .unwrap_or_else(|| sizes.saturating_mul(2).max(FLOOR_BYTES)),
            named,
        };
        Self::new(plugin, limits, view)
    }

    fn new(plugin: &str, limits: Limits, view: View) -> Self {
        Self {
            memory: Memory { bytes_max: limits.memory_bytes_max, peak_bytes: 0 },
            limits,
            ticks: 0,
            host_calls: 0,
            read_bytes: 0,
            pure: true,
            failure: None,
            last_error: None,
            plugin: plugin.to_owned(),
            view,
            table: ResourceTable::new(),
            log_lines: 0,
        }
    }

    /// Every host call goes through here first.
    fn count(&mut self) -> Trap<()> {
        self.host_calls += 1;
        if self.host_calls > self.limits.host_calls_max {
            return Err(Stopped::Calls.into());
        }
        Ok(())
    }

    /// A read error that makes the review a failure.
    fn fail(&mut self, failure: ReviewError, error: ReadError) -> ReadError {
        self.pure = false;
        self.failure.get_or_insert(failure);
        error
    }

    fn io(&mut self, error: ContentError) -> ReadError {
        self.fail(ReviewError::Content(error.0.clone()), ReadError::Io(error.0))
    }

    /// Whether the target names it and it is there.
    async fn find(&mut self, text: &str) -> Result<(Digest, u64), ReadError> {
        let not_named = || ReadError::NotNamed(abi::cut(text.to_owned(), 200));
        let digest = Digest::parse(text).map_err(|_| not_named())?;
        let Some(content) = self.view.content.clone() else { return Err(not_named()) };
        if !self.view.named.contains_key(&digest) {
            return Err(not_named());
        }
        match content.size(&digest).await {
            Ok(Some(size)) => Ok((digest, size)),
            Ok(None) => {
                // it may be there the next time
                self.pure = false;
                Err(ReadError::Absent(digest.to_string()))
            }
            Err(error) => Err(self.io(error)),
        }
    }

    async fn read_range(
        &mut self,
        digest: &Digest,
        offset: u64,
        end: u64,
    ) -> Result<bytes::Bytes, ReadError> {
        let Some(content) = self.view.content.clone() else {
            return Err(ReadError::NotNamed(digest.to_string()));
        };
        match content.read(digest, offset..end).await {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(self.io(error)),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            bytes_max: self.limits.decoded_bytes_max,
            ratio_max: self.limits.decoded_ratio_max,
        }
    }

    /// Decodes until `wanted` bytes are ready or the content ends.
    async fn fill(&mut self, decoded: &mut Decoded, wanted: usize) -> Result<(), ReadError> {
        const CHUNK_BYTES: u64 = 256 << 10;
        while decoded.ready.len() < wanted && !decoded.ended {
            let end = decoded.size.min(decoded.position + CHUNK_BYTES);
            let chunk = self.read_range(&decoded.digest, decoded.position, end).await?;
            let decoder = match &mut decoded.decoder {
                Some(decoder) => decoder,
                none => none.insert(Decoder::new(&chunk, self.bounds()).map_err(decoding)?),
            };
            let mut rest = &chunk[..];
            while !rest.is_empty() && decoded.ready.len() < wanted {
                let taken = decoder.decode(rest, &mut decoded.ready).map_err(decoding)?;
                decoded.position += taken as u64;
                rest = &rest[taken..];
            }
            if decoded.position == decoded.size {
                decoder.finish(&mut decoded.ready).map_err(decoding)?;
                decoded.ended = true;
            }
            tokio::task::consume_budget().await;
        }
        Ok(())
    }

    /// Takes a reader out of the table for as long as it is worked on.
    async fn with_decoded<T>(
        &mut self,
        reader: &Resource<Decoded>,
        work: impl AsyncFnOnce(&mut Self, &mut Decoded) -> Result<T, ReadError>,
    ) -> Trap<Result<T, ReadError>> {
        let mut decoded = std::mem::replace(self.table.get_mut(reader)?, Decoded::ended());
        let result = work(self, &mut decoded).await;
        *self.table.get_mut(reader)? = decoded;
        Ok(result)
    }

    fn for_context(&mut self) -> Trap<Arc<dyn Content>> {
        self.count()?;
        self.pure = false;
        match &self.view.content {
            Some(content) if self.view.is_manifest => Ok(Arc::clone(content)),
            _ => Err(Stopped::Context.into()),
        }
    }
}

fn decoding(error: DecodeError) -> ReadError {
    match error {
        DecodeError::Encoding(why) => ReadError::Encoding(why),
        DecodeError::TooLarge(why) => ReadError::TooLarge(why),
    }
}

impl Decoded {
    fn open(digest: Digest, size: u64) -> Self {
        let ready = BytesMut::new();
        Self { digest, size, position: 0, decoder: None, ready, ended: size == 0 }
    }

    fn ended() -> Self {
        Self::open(Digest::of(Algorithm::Sha256, b""), 0)
    }
}

impl types::Host for State {}

impl content::Host for State {
    async fn open(&mut self, digest: String) -> Trap<Result<Resource<Blob>, ReadError>> {
        self.count()?;
        match self.find(&digest).await {
            Ok((digest, size)) => Ok(Ok(self.table.push(Blob { digest, size })?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn open_decoded(&mut self, digest: String) -> Trap<Result<Resource<Decoded>, ReadError>> {
        self.count()?;
        match self.find(&digest).await {
            Ok((digest, size)) => Ok(Ok(self.table.push(Decoded::open(digest, size))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn decoded_digest(&mut self, digest: String) -> Trap<Result<String, ReadError>> {
        self.count()?;
        let (digest, size) = match self.find(&digest).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let mut decoded = Decoded::open(digest, size);
        let mut hasher = Hasher::new(Algorithm::Sha256);
        while !decoded.ended || !decoded.ready.is_empty() {
            if let Err(error) = self.fill(&mut decoded, 1).await {
                return Ok(Err(error));
            }
            hasher.update(&decoded.ready.split());
        }
        Ok(Ok(hasher.finish().to_string()))
    }
}

impl content::HostBlob for State {
    async fn size(&mut self, blob: Resource<Blob>) -> Trap<u64> {
        self.count()?;
        Ok(self.table.get(&blob)?.size)
    }

    async fn read(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
        len: u32,
    ) -> Trap<Result<Vec<u8>, ReadError>> {
        self.count()?;
        let Blob { digest, size } = self.table.get(&blob)?;
        let end = offset.saturating_add(u64::from(len).min(READ_BYTES_MAX)).min(*size);
        if offset >= end {
            return Ok(Ok(Vec::new()));
        }
        let digest = digest.clone();
        self.read_bytes += end - offset;
        if self.read_bytes > self.view.read_bytes_max {
            let failure = ReviewError::Budget("bytes to read");
            return Ok(Err(self.fail(failure, ReadError::Budget)));
        }
        Ok(self.read_range(&digest, offset, end).await.map(Into::into))
    }

    async fn drop(&mut self, blob: Resource<Blob>) -> Trap<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl content::HostDecoded for State {
    async fn read(
        &mut self,
        reader: Resource<Decoded>,
        len: u32,
    ) -> Trap<Result<Vec<u8>, ReadError>> {
        self.count()?;
        let wanted = usize::try_from(u64::from(len).min(READ_BYTES_MAX)).unwrap_or(usize::MAX);
        self.with_decoded(&reader, async move |state, decoded| {
            state.fill(decoded, wanted).await?;
            let len = wanted.min(decoded.ready.len());
            Ok(decoded.ready.split_to(len).into())
        })
        .await
    }

    async fn skip(&mut self, reader: Resource<Decoded>, len: u64) -> Trap<Result<u64, ReadError>> {
        self.count()?;
        self.with_decoded(&reader, async move |state, decoded| {
            let mut skipped = 0;
            while skipped < len {
                state.fill(decoded, 1).await?;
                let left = usize::try_from(len - skipped).unwrap_or(usize::MAX);
                let now = left.min(decoded.ready.len());
                if now == 0 {
                    break;
                }
                bytes::Buf::advance(&mut decoded.ready, now);
                skipped += now as u64;
            }
            Ok(skipped)
        })
        .await
    }

    async fn drop(&mut self, reader: Resource<Decoded>) -> Trap<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl context::Host for State {
    async fn now(&mut self) -> Trap<u64> {
        self.for_context()?;
        Ok(self.view.now)
    }

    async fn manifest(&mut self, digest: String) -> Trap<Option<types::Descriptor>> {
        let content = self.for_context()?;
        let Ok(digest) = Digest::parse(&digest) else { return Ok(None) };
        match content.manifest(&digest).await {
            Ok(found) => Ok(found.map(|found| abi::descriptor(Role::Manifest, 0, &found))),
            Err(error) => {
                self.io(error);
                Ok(None)
            }
        }
    }

    async fn referrers(
        &mut self,
        subject: String,
        artifact_type: Option<String>,
    ) -> Trap<Vec<types::Descriptor>> {
        let content = self.for_context()?;
        let Ok(subject) = Digest::parse(&subject) else { return Ok(Vec::new()) };
        let found = match content.referrers(&subject, artifact_type.as_deref()).await {
            Ok(found) => found,
            Err(error) => {
                self.io(error);
                Vec::new()
            }
        };
        Ok((0..).zip(&found).map(|(i, found)| abi::descriptor(Role::Manifest, i, found)).collect())
    }

    async fn annotations(
        &mut self,
        manifest: String,
        plugin: String,
    ) -> Trap<Vec<types::Annotation>> {
        let content = self.for_context()?;
        let Ok(manifest) = Digest::parse(&manifest) else { return Ok(Vec::new()) };
        match content.annotations(&manifest, &plugin).await {
            Ok(found) => Ok(found.into_iter().map(abi::annotation).collect()),
            Err(error) => {
                self.io(error);
                Ok(Vec::new())
            }
        }
    }
}

impl log::Host for State {
    async fn write(&mut self, level: log::Level, message: String) -> Trap<()> {
        self.count()?;
        let message = abi::cut(message, LOG_BYTES_MAX);
        if level == log::Level::Error {
            self.last_error = Some(message.clone());
        }
        self.log_lines += 1;
        if self.log_lines > self.limits.log_lines_max {
            return Ok(());
        }
        let plugin = self.plugin.as_str();
        match level {
            log::Level::Debug => tracing::debug!(plugin, "{message}"),
            log::Level::Info => tracing::info!(plugin, "{message}"),
            log::Level::Warn => tracing::warn!(plugin, "{message}"),
            log::Level::Error => tracing::error!(plugin, "{message}"),
        }
        Ok(())
    }
}
