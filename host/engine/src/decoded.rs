//! `content.decoded`: content without its compression, read once from start to end.

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    content::ReadError,
    decode::{DecodeError, Decoder},
    state::{Blob, State},
};

/// Encoded bytes that are asked for at once.
const CHUNK_BYTES: u64 = 256 << 10;
/// Decoded bytes that come out of a step at the most.
pub(crate) const STEP_BYTES: usize = 128 << 10;

/// `content.decoded`; none while the reader is at work.
#[expect(unreachable_pub, reason = "the bindings name it")]
pub struct Decoded(pub(crate) Option<Box<Reader>>);

/// A reader. Holds at most a chunk and what was wanted, beside the decoder.
pub(crate) struct Reader {
    blob: Blob,
    /// how much of it was fetched
    fetched: u64,
    /// fetched, and not decoded yet
    chunk: Bytes,
    decoder: Option<Decoder>,
    ready: BytesMut,
    end: Option<End>,
    /// over all calls: a loop of small ones must not hold up the others either
    spell: Spell,
}

/// Why nothing more is decoded.
enum End {
    Complete,
    /// for good: who ignores an error must not get what comes after it
    Failed(ReadError),
}

impl Reader {
    pub(crate) fn new(blob: Blob) -> Self {
        Self {
            blob,
            fetched: 0,
            chunk: Bytes::new(),
            decoder: None,
            ready: BytesMut::new(),
            end: None,
            spell: Spell::default(),
        }
    }

    /// The next bytes: at most `len`, and none at the end only.
    pub(crate) async fn read(&mut self, len: usize, state: &mut State) -> Result<Bytes, ReadError> {
        self.fill(len, state).await?;
        let len = len.min(self.ready.len());
        Ok(self.ready.split_to(len).freeze())
    }

    /// Leaves out `len` bytes, or as many as there are, and answers how many.
    pub(crate) async fn skip(&mut self, len: u64, state: &mut State) -> Result<u64, ReadError> {
        let mut skipped = 0;
        while skipped < len {
            let left = usize::try_from(len - skipped).unwrap_or(usize::MAX);
            self.fill(left.min(STEP_BYTES), state).await?;
            let now = left.min(self.ready.len());
            if now == 0 {
                break;
            }
            self.ready.advance(now);
            skipped += now as u64;
        }
        Ok(skipped)
    }

    /// Decodes until `wanted` bytes are ready or the content ends.
    async fn fill(&mut self, wanted: usize, state: &mut State) -> Result<(), ReadError> {
        while self.ready.len() < wanted {
            match &self.end {
                Some(End::Complete) => break,
                Some(End::Failed(error)) => return Err(error.clone()),
                None => {}
            }
            if let Err(error) = self.step(wanted, state).await {
                self.ready.clear();
                self.end = Some(End::Failed(error.clone()));
                return Err(error);
            }
        }
        Ok(())
    }

    async fn step(&mut self, wanted: usize, state: &mut State) -> Result<(), ReadError> {
        if self.chunk.is_empty() && self.fetched < self.blob.size {
            let end = self.blob.size.min(self.fetched + CHUNK_BYTES);
            self.chunk = state.fetch(&self.blob.digest, self.fetched..end).await?;
            self.fetched = end;
        }
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => {
                let ratio_max = state.limits.decoded_ratio_max;
                none.insert(Decoder::new(&self.chunk, ratio_max).map_err(refused)?)
            }
        };
        let before = self.ready.len();
        let room = (wanted - before).min(STEP_BYTES);
        self.ready.resize(before + room, 0);
        let step = decoder.step(&self.chunk, &mut self.ready[before..]);
        let step = step.inspect_err(|_| self.ready.truncate(before)).map_err(refused)?;
        if decoder.decompresses() {
            state.decoded(step.given as u64)?;
        }
        self.ready.truncate(before + step.given);
        self.chunk.advance(step.taken);
        // a decoder that filled its room may hold more
        if self.chunk.is_empty() && self.fetched == self.blob.size && step.given < room {
            decoder.finish().map_err(refused)?;
            self.end = Some(End::Complete);
        }
        if state.check_cpu().is_err() {
            // whoever called stops the guest, which never sees this
            return Err(ReadError::Budget);
        }
        self.spell.rest(step.taken + step.given).await;
        Ok(())
    }
}

fn refused(error: DecodeError) -> ReadError {
    match error {
        DecodeError::Encoding(why) => ReadError::Encoding(why),
        DecodeError::TooLarge(why) => ReadError::TooLarge(why),
    }
}

/// Work since others had their turn on this thread.
#[derive(Default)]
struct Spell {
    bytes: usize,
}

impl Spell {
    /// Lets others go first after a millisecond or so of decoding.
    async fn rest(&mut self, bytes: usize) {
        const STEP_BYTES_MIN: usize = 16 << 10;
        const SPELL_BYTES: usize = 1 << 20;
        // the end of a member costs more than its few bytes
        self.bytes += bytes.max(STEP_BYTES_MIN);
        if self.bytes > SPELL_BYTES {
            self.bytes = 0;
            tokio::task::yield_now().await;
        }
    }
}
