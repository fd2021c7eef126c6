//! Decompression by the host, at native speed and within bounds: never more comes out of a step
//! than the caller has room for.

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// 8 MiB, as clients allow.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// What deflate can refer back to is 32 KiB, whatever the encoder used.
const GZIP_WINDOW_LOG: u8 = 15;

/// Why content can't be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// not valid gzip or zstd
    Encoding(String),
    /// over a limit
    TooLarge(String),
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// bytes of the input
    pub(crate) taken: usize,
    /// bytes of the output
    pub(crate) given: usize,
}

/// Takes encoded bytes and gives decoded ones: all gzip members, all zstd frames, or as they are.
pub(crate) struct Decoder {
    format: Format,
    /// whether it may end here
    between: bool,
    ratio_max: u64,
    taken: u64,
    given: u64,
}

enum Format {
    Plain,
    Gzip(Box<Decompress>),
    Zstd(Box<ZstdDecoder<'static>>),
}

impl Decoder {
    /// Decides by the first bytes: four of them, unless there are fewer in all. `ratio_max`:
    /// decoded bytes for each encoded one, once a MiB was decoded.
    pub(crate) fn new(start: &[u8], ratio_max: u64) -> Result<Self, DecodeError> {
        let format = match start {
            [0x1f, 0x8b, ..] => Format::Gzip(Box::new(Decompress::new_gzip(GZIP_WINDOW_LOG))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut decoder = ZstdDecoder::new().map_err(encoding)?;
                let window = DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
                decoder.set_parameter(window).map_err(encoding)?;
                Format::Zstd(Box::new(decoder))
            }
            _ => Format::Plain,
        };
        Ok(Self { format, between: true, ratio_max, taken: 0, given: 0 })
    }

    /// Whether what comes out is not simply what goes in.
    pub(crate) fn decompresses(&self) -> bool {
        !matches!(self.format, Format::Plain)
    }

    /// Decodes some of `input` into some of `output`. More may be ready where it filled `output`,
    /// even without input. Neither may be empty at first.
    pub(crate) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, DecodeError> {
        let begins = self.between;
        if begins && input.is_empty() {
            return Ok(Step::default());
        }
        let step = match &mut self.format {
            Format::Plain => {
                let len = input.len().min(output.len());
                output[..len].copy_from_slice(&input[..len]);
                Step { taken: len, given: len }
            }
            Format::Gzip(decoder) => {
                if begins && decoder.total_in() > 0 {
                    **decoder = Decompress::new_gzip(GZIP_WINDOW_LOG);
                }
                let (step, ended) = inflate(decoder, input, output)?;
                self.between = ended;
                step
            }
            Format::Zstd(decoder) => {
                if begins {
                    decoder.reinit().map_err(encoding)?;
                }
                let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(output));
                let left = decoder.run(&mut from, &mut to).map_err(encoding)?;
                self.between = left == 0;
                Step { taken: from.pos(), given: to.pos() }
            }
        };
        if step == Step::default() && !input.is_empty() {
            return Err(DecodeError::Encoding("the compressed data is damaged".to_owned()));
        }
        self.taken += step.taken as u64;
        self.given += step.given as u64;
        self.check().map(|()| step)
    }

    /// Checks that the content ended where it may: when all input is taken, and a step with none
    /// gives nothing.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        if self.between {
            return Ok(());
        }
        let what = match self.format {
            Format::Gzip(_) => "the last gzip member is cut short",
            Format::Zstd(_) | Format::Plain => "the last zstd frame is cut short",
        };
        Err(DecodeError::Encoding(what.to_owned()))
    }

    fn check(&self) -> Result<(), DecodeError> {
        const FREE_BYTES: u64 = 1 << 20;
        let ratio_max = self.ratio_max;
        if self.given > FREE_BYTES && self.given / self.taken.max(1) > ratio_max {
            let what = format!("more than {ratio_max} times its size when decompressed");
            return Err(DecodeError::TooLarge(what));
        }
        Ok(())
    }
}

fn inflate(
    decoder: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Step, bool), DecodeError> {
    let (taken, given) = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(input, output, FlushDecompress::None).map_err(|error| {
        DecodeError::Encoding(error.message().unwrap_or("it is not valid gzip").to_owned())
    })?;
    // both fit in the slices that were given
    let len = |after: u64, before: u64| usize::try_from(after - before).unwrap_or(usize::MAX);
    let step =
        Step { taken: len(decoder.total_in(), taken), given: len(decoder.total_out(), given) };
    Ok((step, status == Status::StreamEnd))
}

fn encoding(error: std::io::Error) -> DecodeError {
    DecodeError::Encoding(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder, write::GzEncoder};

    use super::*;

    const RATIO_MAX: u64 = 500;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    /// With chunks of the input and room for the output of these sizes.
    fn decode(encoded: &[u8], (chunk, room): (usize, usize)) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = Decoder::new(&encoded[..encoded.len().min(4)], RATIO_MAX)?;
        let (mut decoded, mut output) = (Vec::new(), vec![0; room]);
        for mut input in encoded.chunks(chunk) {
            loop {
                let step = decoder.step(input, &mut output)?;
                decoded.extend_from_slice(&output[..step.given]);
                input = &input[step.taken..];
                if input.is_empty() && step.given < room {
                    break;
                }
            }
        }
        decoder.finish().map(|()| decoded)
    }

    #[test]
    fn all_members_and_all_frames_are_decoded_however_they_come() {
        let text = b"some text that is not random ".repeat(500);
        let twice = [text.as_slice(), b"evil"].concat();
        let named = GzBuilder::new().filename("n".repeat(900)).comment("c").extra(vec![7; 300]);
        let mut named = named.write(Vec::new(), Compression::best());
        named.write_all(&text).unwrap();
        let skippable = b"\x53\x2a\x4d\x18\x03\0\0\0abc";
        for (encoded, decoded) in [
            (text.clone(), &text),
            (gzip(&text), &text),
            (named.finish().unwrap(), &text),
            (zstd(&text), &text),
            ([gzip(&text), gzip(b""), gzip(b"evil")].concat(), &twice),
            ([zstd(&text), zstd(b""), zstd(b"evil")].concat(), &twice),
            ([skippable, &zstd(&text)[..], skippable].concat(), &text),
            (b"".to_vec(), &Vec::new()),
            (b"\x1f".to_vec(), &b"\x1f".to_vec()),
        ] {
            for sizes in [(1, 1), (1, 4096), (7, 3), (1 << 20, 1), (1 << 20, 1 << 20)] {
                assert!(decode(&encoded, sizes).unwrap() == *decoded, "{sizes:?}");
            }
        }
    }

    #[test]
    fn garbage_and_cuts_are_errors() {
        let (gz, zs) = (gzip(b"hello hello hello"), zstd(b"hello hello hello"));
        let mut wrong_sum = gz.clone();
        wrong_sum[gz.len() - 8] ^= 1;
        let garbage = |whole: &[u8], tail: &[u8]| [whole, tail].concat();
        let mut bad = vec![wrong_sum];
        for tail in [&b"garbage"[..], b"\0", b"\0\0\0\0\0\0\0\0", b"\x1f\x8b"] {
            bad.extend([garbage(&gz, tail), garbage(&zs, tail)]);
        }
        bad.extend((4..gz.len()).map(|len| gz[..len].to_vec()));
        bad.extend((4..zs.len()).map(|len| zs[..len].to_vec()));
        for bad in bad {
            for sizes in [(1, 9), (64, 64)] {
                let result = decode(&bad, sizes);
                assert!(matches!(result, Err(DecodeError::Encoding(_))), "{result:?} {bad:?}");
            }
        }
    }

    #[test]
    fn bombs_and_large_windows_are_stopped() {
        let zeros = vec![0; 32 << 20];
        for bomb in [gzip(&zeros), zstd(&zeros)] {
            let result = decode(&bomb, (4096, 4096));
            assert!(matches!(result, Err(DecodeError::TooLarge(_))));
        }
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(24).unwrap();
        encoder.write_all(b"small").unwrap();
        encoder.flush().unwrap();
        let result = decode(&encoder.finish().unwrap(), (4096, 4096));
        assert!(matches!(result, Err(DecodeError::Encoding(_))), "{result:?}");
    }
}
