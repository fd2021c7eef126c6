//! Decompression by the host, at native speed and within bounds.

use std::io::{self, Write};

use bytes::BytesMut;
use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// Compressed bytes that go in at once: what comes out of them is at most a thousand times more.
const SLICE_BYTES: usize = 4 << 10;
/// 8 MiB, as clients allow.
const WINDOW_LOG_MAX: u32 = 23;

/// Why content can't be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// not valid gzip or zstd
    Encoding(String),
    /// over a limit
    TooLarge(String),
}

/// The bounds of what comes out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: u64,
    pub(crate) ratio_max: u64,
}

/// Takes encoded bytes and gives decoded ones: all gzip members, all zstd frames, or as they are.
pub(crate) struct Decoder {
    format: Format,
    bounds: Bounds,
    taken: u64,
    given: u64,
}

enum Format {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd { decoder: Box<ZstdDecoder<'static>>, between_frames: bool },
}

impl Decoder {
    /// Decides by the first bytes, of which there should be four.
    pub(crate) fn new(start: &[u8], bounds: Bounds) -> Result<Self, DecodeError> {
        let format = match start {
            [0x1f, 0x8b, ..] => Format::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut decoder = ZstdDecoder::new().map_err(encoding)?;
                let window = zstd::stream::raw::DParameter::WindowLogMax(WINDOW_LOG_MAX);
                decoder.set_parameter(window).map_err(encoding)?;
                Format::Zstd { decoder: Box::new(decoder), between_frames: true }
            }
            _ => Format::Plain,
        };
        Ok(Self { format, bounds, taken: 0, given: 0 })
    }

    /// Decodes some of `input` onto `output`, and answers how much it took: at most a slice, so
    /// that what comes out is bounded too.
    pub(crate) fn decode(
        &mut self,
        input: &[u8],
        output: &mut BytesMut,
    ) -> Result<usize, DecodeError> {
        let slice = &input[..input.len().min(SLICE_BYTES)];
        let before = output.len();
        match &mut self.format {
            Format::Plain => output.extend_from_slice(slice),
            Format::Gzip(decoder) => {
                decoder.write_all(slice).map_err(encoding)?;
                output.extend_from_slice(decoder.get_ref());
                decoder.get_mut().clear();
            }
            Format::Zstd { decoder, between_frames } => {
                decode_frames(decoder, between_frames, slice, output)?;
            }
        }
        self.taken += slice.len() as u64;
        self.given += (output.len() - before) as u64;
        self.check()?;
        Ok(slice.len())
    }

    /// Checks that the content ended where it may.
    pub(crate) fn finish(&mut self, output: &mut BytesMut) -> Result<(), DecodeError> {
        match &mut self.format {
            Format::Gzip(decoder) => {
                decoder.try_finish().map_err(encoding)?;
                output.extend_from_slice(decoder.get_ref());
                self.given += decoder.get_ref().len() as u64;
                decoder.get_mut().clear();
            }
            Format::Zstd { between_frames, .. } if !*between_frames => {
                return Err(DecodeError::Encoding("the last zstd frame is cut short".into()));
            }
            Format::Plain | Format::Zstd { .. } => {}
        }
        self.check()
    }

    fn check(&self) -> Result<(), DecodeError> {
        const FREE_BYTES: u64 = 1 << 20;
        let Bounds { bytes_max, ratio_max } = self.bounds;
        if self.given > bytes_max {
            let what = format!("more than {bytes_max} bytes when decompressed");
            return Err(DecodeError::TooLarge(what));
        }
        if self.given > FREE_BYTES && self.given / self.taken.max(1) > ratio_max {
            let what = format!("more than {ratio_max} times its size when decompressed");
            return Err(DecodeError::TooLarge(what));
        }
        Ok(())
    }
}

fn decode_frames(
    decoder: &mut ZstdDecoder<'static>,
    between_frames: &mut bool,
    slice: &[u8],
    output: &mut BytesMut,
) -> Result<(), DecodeError> {
    let mut scratch = vec![0; 128 << 10];
    let mut input = InBuffer::around(slice);
    loop {
        if *between_frames && input.pos() < slice.len() {
            decoder.reinit().map_err(encoding)?;
            *between_frames = false;
        }
        let mut out = OutBuffer::around(scratch.as_mut_slice());
        let left = decoder.run(&mut input, &mut out).map_err(encoding)?;
        let written = out.pos();
        let full = written == scratch.len();
        output.extend_from_slice(&scratch[..written]);
        *between_frames = left == 0;
        if input.pos() == slice.len() && !full {
            return Ok(());
        }
    }
}

fn encoding(error: impl Into<io::Error>) -> DecodeError {
    DecodeError::Encoding(error.into().to_string())
}

/// Everything at once, for tests and small content.
#[cfg(test)]
fn decode_all(input: &[u8], bounds: Bounds) -> Result<bytes::Bytes, DecodeError> {
    let mut decoder = Decoder::new(input, bounds)?;
    let mut output = BytesMut::new();
    let mut rest = input;
    while !rest.is_empty() {
        let taken = decoder.decode(rest, &mut output)?;
        rest = &rest[taken..];
    }
    decoder.finish(&mut output)?;
    Ok(output.freeze())
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const BOUNDS: Bounds = Bounds { bytes_max: 64 << 20, ratio_max: 500 };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    #[test]
    fn all_members_and_all_frames_are_decoded() {
        let text = b"some text that is not random ".repeat(5000);
        let twice = [text.as_slice(), b"evil"].concat();
        for (encoded, decoded) in [
            (text.clone(), &text),
            (gzip(&text), &text),
            (zstd(&text), &text),
            ([gzip(&text), gzip(b"evil")].concat(), &twice),
            ([zstd(&text), zstd(b"evil")].concat(), &twice),
        ] {
            assert!(decode_all(&encoded, BOUNDS).unwrap() == decoded.as_slice());
        }
        assert!(decode_all(b"", BOUNDS).unwrap().is_empty());
    }

    #[test]
    fn garbage_and_cuts_are_errors_and_bombs_are_stopped() {
        let (gz, zs) = (gzip(b"hello hello hello"), zstd(b"hello hello hello"));
        for bad in [
            [gz.as_slice(), b"garbage"].concat(),
            gz[..gz.len() - 1].to_vec(),
            gz[..12].to_vec(),
            [zs.as_slice(), b"garbage"].concat(),
            zs[..zs.len() - 1].to_vec(),
        ] {
            let result = decode_all(&bad, BOUNDS);
            assert!(matches!(result, Err(DecodeError::Encoding(_))), "{result:?}");
        }
        let zeros = vec![0; 32 << 20];
        for bomb in [gzip(&zeros), zstd(&zeros)] {
            let bounds = Bounds { bytes_max: 8 << 20, ..BOUNDS };
            assert!(matches!(decode_all(&bomb, bounds), Err(DecodeError::TooLarge(_))));
            assert!(matches!(decode_all(&bomb, BOUNDS), Err(DecodeError::TooLarge(_))));
        }
    }
}
