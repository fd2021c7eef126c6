//! Decompression as the server does it by default: all gzip members, all zstd frames, bounded.

use std::{
    error::Error,
    io::{self, Cursor, Read},
    rc::Rc,
};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, errors::FrameDecoderError};

use crate::bindings::roadstead::admission::content::ReadError;

/// Most bytes that come out, and how many for each that goes in, once a MiB came out.
const DECODED_BYTES_MAX: u64 = 1 << 30;
const DECODED_RATIO_MAX: u64 = 1000;
const FREE_BYTES: u64 = 1 << 20;

/// A reader of decoded bytes.
pub(super) struct Decoder {
    format: Format,
    encoded_bytes: u64,
    given: u64,
}

enum Format {
    Plain(Cursor<Rc<[u8]>>),
    Gzip(Box<MultiGzDecoder<Cursor<Rc<[u8]>>>>),
    Zstd(Box<Zstd>),
}

struct Zstd {
    encoded: Cursor<Rc<[u8]>>,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl Decoder {
    pub(super) fn new(bytes: &Rc<[u8]>) -> Self {
        let encoded = Cursor::new(Rc::clone(bytes));
        let format = match &bytes[..] {
            [0x1f, 0x8b, ..] => Format::Gzip(Box::new(MultiGzDecoder::new(encoded))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let decoder = FrameDecoder::new();
                Format::Zstd(Box::new(Zstd { encoded, decoder, in_frame: false }))
            }
            _ => Format::Plain(encoded),
        };
        Self { format, encoded_bytes: bytes.len() as u64, given: 0 }
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = match &mut self.format {
            Format::Plain(bytes) => bytes.read(buffer)?,
            Format::Gzip(decoder) => decoder.read(buffer)?,
            Format::Zstd(zstd) => zstd.read(buffer)?,
        };
        self.given += len as u64;
        let ratio = self.given / self.encoded_bytes.max(1);
        if self.given > DECODED_BYTES_MAX || self.given > FREE_BYTES && ratio > DECODED_RATIO_MAX {
            return Err(io::Error::other(TooLarge));
        }
        Ok(len)
    }
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.in_frame {
                let read = self.decoder.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                if self.decoder.is_finished() && self.decoder.can_collect() == 0 {
                    self.in_frame = false;
                    continue;
                }
                let strategy = ruzstd::decoding::BlockDecodingStrategy::UptoBytes(buffer.len());
                let decoded = self.decoder.decode_blocks(&mut self.encoded, strategy);
                decoded.map_err(io::Error::other)?;
            } else {
                if self.encoded.position() == self.encoded.get_ref().len() as u64 {
                    return Ok(0);
                }
                self.next_frame()?;
            }
        }
    }
}

impl Zstd {
    fn next_frame(&mut self) -> io::Result<()> {
        use ruzstd::decoding::errors::ReadFrameHeaderError::SkipFrame;
        match self.decoder.reset(&mut self.encoded) {
            Ok(()) => self.in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(SkipFrame { length, .. })) => {
                let end = self.encoded.get_ref().len() as u64;
                let next = self.encoded.position() + u64::from(length);
                if next > end {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.encoded.set_position(next);
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }
}

#[derive(Debug)]
struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {DECODED_RATIO_MAX} times its size when decompressed")
    }
}

impl Error for TooLarge {}

/// As the contract says it.
pub(super) fn error(error: &io::Error) -> ReadError {
    if error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<TooLarge>) {
        ReadError::TooLarge(error.to_string())
    } else {
        ReadError::Encoding(error.to_string())
    }
}
