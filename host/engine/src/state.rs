//! What the host knows during one review: what was used up, what the target names, and what makes
//! the answer worthless.

use std::{collections::HashMap, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use wasmtime::{Result as Trap, component::ResourceTable};

use roadstead_oci::Digest;

use crate::{
    content::{Content, ContentError, ReadError},
    error::ReviewError,
    limits::{Limits, Memory, OPEN_DECODED_MAX, OPEN_MAX, Stopped},
    line::line,
    meter::Meter,
    model::Target,
    push::{Push, Question},
};

/// The data of one store.
pub(crate) struct State {
    pub(crate) limits: Limits,
    pub(crate) memory: Memory,
    pub(crate) used: Used,
    /// what it computed, in the guest and in the host
    pub(crate) meter: Arc<Meter>,
    /// whether the answer depends on nothing but the inputs
    pub(crate) pure: bool,
    /// what it asked about the push, each question once
    pub(crate) asked: Vec<Question>,
    /// set by a host call that makes the review a failure, whatever the guest answers
    pub(crate) failure: Option<ReviewError>,
    /// what the SDK's panic hook says
    pub(crate) last_error: Option<String>,
    pub(crate) plugin: String,
    pub(crate) table: ResourceTable,
    view: View,
}

/// What counts towards a limit.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) host_calls: u32,
    pub(crate) read_bytes: u64,
    decoded_bytes: u64,
    pub(crate) log_lines: u32,
    open: u32,
    open_decoded: u32,
}

/// What the target names, and where it is read from.
#[derive(Default)]
struct View {
    content: Option<Arc<dyn Content>>,
    named: HashMap<Digest, u64>,
    /// how the manifest is pushed; none: it is no manifest
    push: Option<Push>,
    read_bytes_max: u64,
    /// when the review began
    now: u64,
}

/// Content that the target names and that is there; in the contract `content.blob`.
#[expect(unreachable_pub, reason = "the bindings name it")]
pub struct Blob {
    pub(crate) digest: Digest,
    /// bytes, as stored
    pub(crate) size: u64,
}

/// How content is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    AsStored,
    Decoded,
}

impl State {
    /// For a call that has no target: describe and validate-settings.
    pub(crate) fn without_target(plugin: &str, limits: Limits) -> Self {
        Self::new(plugin, limits, View::default())
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
            push: match target {
                Target::Manifest(manifest) => Some(manifest.push.clone()),
                Target::Blob(_) => None,
            },
            read_bytes_max: limits
                .read_bytes_max
                .unwrap_or_else(|| sizes.saturating_mul(3).max(FLOOR_BYTES)),
            named,
        };
        Self::new(plugin, limits, view)
    }

    fn new(plugin: &str, limits: Limits, view: View) -> Self {
        Self {
            memory: Memory::new(limits.memory_bytes_max),
            limits,
            used: Used::default(),
            meter: Arc::new(Meter::new()),
            pure: true,
            asked: Vec::new(),
            failure: None,
            last_error: None,
            plugin: plugin.to_owned(),
            table: ResourceTable::new(),
            view,
        }
    }

    /// Every host call goes through here first.
    pub(crate) fn count(&mut self) -> Trap<()> {
        self.used.host_calls += 1;
        if self.used.host_calls > self.limits.host_calls_max {
            return Err(Stopped::Calls.into());
        }
        Ok(())
    }

    /// Every tick of the epoch, and whatever makes the host compute, comes here.
    pub(crate) fn check_cpu(&self) -> Trap<()> {
        if self.meter.spent() > self.limits.cpu {
            return Err(Stopped::Cpu.into());
        }
        Ok(())
    }

    /// A budget that is spent makes the review a failure, even if the guest goes on.
    pub(crate) fn spent(&mut self, budget: &str) -> ReadError {
        self.pure = false;
        self.failure.get_or_insert(ReviewError::Budget(budget.into()));
        ReadError::Budget
    }

    /// So does content that can't be read.
    pub(crate) fn unreadable(&mut self, error: ContentError) -> ReadError {
        self.pure = false;
        self.failure.get_or_insert(ReviewError::Content(error.0));
        ReadError::Io("the store failed".to_owned())
    }

    /// Opens content, if the target names it and it is there.
    pub(crate) async fn open(&mut self, text: &str, how: Opened) -> Result<Blob, ReadError> {
        let not_named = || ReadError::NotNamed(line(text, 200));
        let digest = Digest::parse(text).map_err(|_| not_named())?;
        let named = self.view.named.contains_key(&digest);
        let Some(content) = self.view.content.clone().filter(|_| named) else {
            return Err(not_named());
        };
        let decoded = u32::from(how == Opened::Decoded);
        if self.used.open >= OPEN_MAX {
            return Err(self.spent("1000 blobs open at once"));
        }
        if self.used.open_decoded + decoded > OPEN_DECODED_MAX {
            return Err(self.spent("4 decoded blobs open at once"));
        }
        match self.meter.free(content.size(&digest)).await {
            Ok(Some(size)) => {
                self.used.open += 1;
                self.used.open_decoded += decoded;
                Ok(Blob { digest, size })
            }
            Ok(None) => {
                // it may be there the next time
                self.pure = false;
                Err(ReadError::Absent(digest.to_string()))
            }
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The opposite of [`open`](Self::open), once it succeeded.
    pub(crate) fn close(&mut self, how: Opened) {
        self.used.open -= 1;
        self.used.open_decoded -= u32::from(how == Opened::Decoded);
    }

    /// Exactly these bytes, so that what a guest sees does not depend on how a store cuts them.
    pub(crate) async fn fetch(
        &mut self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<Bytes, ReadError> {
        let len = range.end - range.start;
        if self.used.read_bytes.saturating_add(len) > self.view.read_bytes_max {
            return Err(self.spent("bytes to read"));
        }
        self.used.read_bytes += len;
        let Some(content) = self.view.content.clone() else {
            return Err(ReadError::NotNamed(digest.to_string()));
        };
        let read = self.meter.free(read_all(&*content, digest, range)).await;
        read.map_err(|error| self.unreadable(error))
    }

    /// Counts what was decompressed, of all content together. Too much of it is for the guest to
    /// judge, as a layer is that is too large by itself.
    pub(crate) fn decoded(&mut self, bytes: u64) -> Result<(), ReadError> {
        self.used.decoded_bytes = self.used.decoded_bytes.saturating_add(bytes);
        let max = self.limits.decoded_bytes_max;
        if self.used.decoded_bytes <= max {
            return Ok(());
        }
        let why = format!("more than {max} decompressed bytes in total (`decoded`)");
        Err(ReadError::TooLarge(why))
    }

    /// Seconds since the epoch when the review began.
    pub(crate) fn now(&mut self) -> Trap<u64> {
        self.context().map(|_| self.view.now)
    }

    /// What `push` asks, for the review of a manifest only.
    pub(crate) fn ask(&mut self, question: Question) -> Trap<&Push> {
        const QUESTIONS_MAX: usize = 16;
        self.count()?;
        if !self.asked.contains(&question) {
            if self.asked.len() < QUESTIONS_MAX {
                self.asked.push(question);
            } else {
                self.pure = false;
            }
        }
        if self.view.push.is_none() {
            self.pure = false;
        }
        self.view.push.as_ref().ok_or_else(|| Stopped::Context.into())
    }

    /// What `context` asks, for the review of a manifest only.
    pub(crate) fn context(&mut self) -> Trap<Arc<dyn Content>> {
        self.count()?;
        self.pure = false;
        match &self.view.content {
            Some(content) if self.view.push.is_some() => Ok(Arc::clone(content)),
            _ => Err(Stopped::Context.into()),
        }
    }
}

async fn read_all(
    content: &dyn Content,
    digest: &Digest,
    range: Range<u64>,
) -> Result<Bytes, ContentError> {
    let wanted = range.end - range.start;
    let first = content.read(digest, range.clone()).await?;
    if first.len() as u64 == wanted {
        return Ok(first);
    }
    let mut bytes = BytesMut::from(first);
    loop {
        let len = bytes.len() as u64;
        if len == wanted {
            return Ok(bytes.freeze());
        }
        let more = if len < wanted {
            content.read(digest, range.start + len..range.end).await?
        } else {
            Bytes::new()
        };
        if more.is_empty() {
            let what = format!("the store returned {len} bytes of {digest} instead of {wanted}");
            return Err(ContentError(what));
        }
        bytes.extend_from_slice(&more);
    }
}
