//! What a guest can touch: content, context and the log. Nothing else is linked.

use wasmtime::{Result as Trap, component::Resource};

use roadstead_oci::{Algorithm, Digest, Hasher, Role};

use crate::{
    abi::{self, content, context, log, push, types},
    content::ReadError,
    decoded::{Decoded, Reader, STEP_BYTES},
    limits::LOG_BYTES_MAX,
    line::line,
    push::Question,
    state::{Blob, Opened, State},
};

/// Most bytes that one read answers.
const READ_BYTES_MAX: u32 = 1 << 20;

/// Most bytes of a list of referrers.
const LISTED_BYTES_MAX: usize = 1 << 20;

/// What a read answers, unless it stops the guest.
type Read<T> = Trap<Result<T, content::ReadError>>;

impl types::Host for State {}

impl content::Host for State {
    async fn open(&mut self, digest: String) -> Read<Resource<Blob>> {
        self.count()?;
        match State::open(self, &digest, Opened::AsStored).await {
            Ok(blob) => Ok(Ok(self.table.push(blob)?)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn open_decoded(&mut self, digest: String) -> Read<Resource<Decoded>> {
        self.count()?;
        match State::open(self, &digest, Opened::Decoded).await {
            Ok(blob) => {
                let reader = Box::new(Reader::new(blob));
                Ok(Ok(self.table.push(Decoded(Some(reader)))?))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn decoded_digest(&mut self, digest: String) -> Read<String> {
        self.count()?;
        let blob = match State::open(self, &digest, Opened::Decoded).await {
            Ok(blob) => blob,
            Err(error) => return Ok(Err(error.into())),
        };
        let mut reader = Reader::new(blob);
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let hashed = loop {
            match reader.read(STEP_BYTES, self).await {
                Ok(bytes) if bytes.is_empty() => break Ok(hasher.finish().to_string()),
                Ok(bytes) => hasher.update(&bytes),
                Err(error) => break Err(error.into()),
            }
        };
        self.close(Opened::Decoded);
        self.check_cpu()?;
        Ok(hashed)
    }
}

impl content::HostBlob for State {
    async fn size(&mut self, blob: Resource<Blob>) -> Trap<u64> {
        self.count()?;
        Ok(self.table.get(&blob)?.size)
    }

    async fn read(&mut self, blob: Resource<Blob>, offset: u64, len: u32) -> Read<Vec<u8>> {
        self.count()?;
        let Blob { digest, size } = self.table.get(&blob)?;
        let len = len.min(self.chunk_bytes_max());
        let end = offset.saturating_add(u64::from(len)).min(*size);
        if offset >= end {
            return Ok(Ok(Vec::new()));
        }
        let digest = digest.clone();
        Ok(self.fetch(&digest, offset..end).await.map(Into::into).map_err(Into::into))
    }

    async fn drop(&mut self, blob: Resource<Blob>) -> Trap<()> {
        self.table.delete(blob)?;
        self.close(Opened::AsStored);
        Ok(())
    }
}

impl State {
    /// Most bytes that a read answers: never none before the end.
    fn chunk_bytes_max(&self) -> u32 {
        self.limits.chunk_bytes_max.clamp(1, READ_BYTES_MAX)
    }

    /// Takes a reader out of the table for as long as it is at work: both need the state.
    async fn with_reader<T>(
        &mut self,
        decoded: &Resource<Decoded>,
        work: impl AsyncFnOnce(&mut Reader, &mut Self) -> Result<T, ReadError>,
    ) -> Read<T> {
        self.count()?;
        let Some(mut reader) = self.table.get_mut(decoded)?.0.take() else {
            return Ok(Err(content::ReadError::Io("this reader is already in use".to_owned())));
        };
        let result = work(&mut reader, self).await;
        self.table.get_mut(decoded)?.0 = Some(reader);
        self.check_cpu()?;
        Ok(result.map_err(Into::into))
    }
}

impl content::HostDecoded for State {
    async fn read(&mut self, decoded: Resource<Decoded>, len: u32) -> Read<Vec<u8>> {
        let len = len.min(self.chunk_bytes_max()) as usize;
        let read = async |reader: &mut Reader, state: &mut Self| reader.read(len, state).await;
        Ok(self.with_reader(&decoded, read).await?.map(Into::into))
    }

    async fn skip(&mut self, decoded: Resource<Decoded>, len: u64) -> Read<u64> {
        let skip = async |reader: &mut Reader, state: &mut Self| reader.skip(len, state).await;
        self.with_reader(&decoded, skip).await
    }

    async fn drop(&mut self, decoded: Resource<Decoded>) -> Trap<()> {
        self.table.delete(decoded)?;
        self.close(Opened::Decoded);
        Ok(())
    }
}

impl context::Host for State {
    async fn now(&mut self) -> Trap<u64> {
        State::now(self)
    }

    async fn manifest(&mut self, digest: String) -> Trap<Option<types::Descriptor>> {
        let content = self.context()?;
        let Ok(digest) = Digest::parse(&digest) else { return Ok(None) };
        let found = self.meter.free(content.manifest(&digest)).await;
        let found = found.map_err(|error| self.unreadable(error)).unwrap_or_default();
        Ok(found.map(|found| abi::descriptor(Role::Manifest, 0, &found)))
    }

    async fn referrers(
        &mut self,
        subject: String,
        artifact_type: Option<String>,
    ) -> Trap<Vec<types::Descriptor>> {
        let content = self.context()?;
        let Ok(subject) = Digest::parse(&subject) else { return Ok(Vec::new()) };
        let found = content.referrers(&subject, artifact_type.as_deref(), LISTED_BYTES_MAX);
        let found = match self.meter.free(found).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.spent("1 MiB of referrers");
                Vec::new()
            }
            Err(error) => {
                self.unreadable(error);
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
        let content = self.context()?;
        let Ok(manifest) = Digest::parse(&manifest) else { return Ok(Vec::new()) };
        let found = self.meter.free(content.annotations(&manifest, &plugin)).await;
        let found = found.map_err(|error| self.unreadable(error)).unwrap_or_default();
        Ok(found.into_iter().map(abi::annotation).collect())
    }
}

impl push::Host for State {
    async fn tags(&mut self) -> Trap<Vec<String>> {
        self.ask(Question::Tags).map(|push| push.tags.clone())
    }

    async fn has_other_tag(&mut self, than: String) -> Trap<bool> {
        self.ask(Question::other_tag(than.clone())).map(|push| push.has_other_tag(&than))
    }

    async fn principal(&mut self) -> Trap<Option<String>> {
        self.ask(Question::Principal).map(|push| push.principal.clone())
    }
}

impl log::Host for State {
    async fn write(&mut self, level: log::Level, message: String) -> Trap<()> {
        self.count()?;
        let message = line(&message, LOG_BYTES_MAX);
        if level == log::Level::Error {
            self.last_error = Some(message.clone());
        }
        self.used.log_lines += 1;
        if self.used.log_lines > self.limits.log_lines_max {
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
