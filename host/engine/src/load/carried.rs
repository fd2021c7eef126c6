//! Compiled code that the server's binary carries behind its own end, so that a first start
//! compiles nothing. [`carry`] puts it there once the binary is built.
//!
//! ```text
//! binary | frame (zstd) of each component's code | index | length of the index | magic
//! ```
//!
//! A line of the index is `digest offset length`. Who can write to the binary can change what runs
//! anyway, so the code is trusted as that is; its checksum is against damage.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
};

use roadstead_oci::{Algorithm, Digest};

use super::Cache;
use crate::{limits::COMPILED_BYTES_MAX, settings};

/// What the file ends in; it changes with the format.
const MAGIC: [u8; 16] = *b"roadstead-code-1";
/// The length of the index, and the magic.
const END_BYTES: usize = 4 + MAGIC.len();
const INDEX_BYTES_MAX: u64 = 64 << 10;
/// Of compression. The higher ones take seconds, and save a tenth.
const LEVEL: i32 = 6;

/// The code in a binary.
#[derive(Debug)]
pub(crate) struct Carried {
    file: File,
    /// where the frames lie
    frames: HashMap<Digest, Range<u64>>,
    /// where the binary itself ends
    end: u64,
}

impl Carried {
    /// Finds the code behind the end of a binary. None: there is none.
    pub(crate) fn open(binary: &Path) -> io::Result<Option<Self>> {
        let file = File::open(binary)?;
        let len = file.metadata()?.len();
        let Some(index_end) = len.checked_sub(END_BYTES as u64) else { return Ok(None) };
        let mut end = [0; END_BYTES];
        file.read_exact_at(&mut end, index_end)?;
        let (length, magic) = end.split_at(4);
        if magic != MAGIC {
            return Ok(None);
        }
        let length = u64::from(u32::from_le_bytes(length.try_into().unwrap_or_default()));
        let start = index_end.checked_sub(length).filter(|_| length <= INDEX_BYTES_MAX);
        let Some(start) = start else { return Err(damaged("its index is too long")) };
        let mut index = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut index, start)?;
        let index = String::from_utf8(index).map_err(|_| damaged("its index is not UTF-8"))?;
        let frames = index.lines().map(|line| frame(line, start));
        let frames = frames.collect::<Option<HashMap<_, _>>>();
        let frames = frames.ok_or_else(|| damaged("its index is invalid"))?;
        let end = frames.values().map(|frame| frame.start).min().unwrap_or(start);
        Ok(Some(Self { file, frames, end }))
    }

    /// The code of a component, if it is here and undamaged.
    pub(crate) fn code(&self, digest: &Digest) -> Option<Vec<u8>> {
        let code = self.frames.get(digest).map(|frame| self.read(frame))?;
        code.inspect_err(
            |error| tracing::warn!(%digest, %error, "the compiled code in the binary is damaged"),
        )
        .ok()
    }

    fn read(&self, Range { start, end }: &Range<u64>) -> io::Result<Vec<u8>> {
        let mut frame = vec![0; usize::try_from(end - start).unwrap_or_default()];
        self.file.read_exact_at(&mut frame, *start)?;
        let mut code = Vec::new();
        zstd::Decoder::new(frame.as_slice())?.take(COMPILED_BYTES_MAX).read_to_end(&mut code)?;
        Ok(code)
    }
}

fn frame(line: &str, end: u64) -> Option<(Digest, Range<u64>)> {
    let mut parts = line.split(' ');
    let digest = Digest::parse(parts.next()?).ok()?;
    let (offset, length): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let frame = offset..offset.checked_add(length)?;
    (parts.next().is_none() && frame.end <= end).then_some((digest, frame))
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Writes a copy of a binary that carries the code of these components, instead of any that it
/// carries already. The code is for any machine of this architecture. `into` may be the binary.
/// Compiled code is kept in the folder `cache` for the next time.
///
/// # Errors
///
/// A component can't be compiled, or a file not be read or written.
pub fn carry(binary: &Path, components: &[&[u8]], into: &Path, cache: &Path) -> Result<(), String> {
    let engine = settings::portable().map_err(|error| format!("{error:#}"))?;
    let cache = Cache::open(cache, &engine).map_err(|error| error.to_string())?;
    let write = || -> io::Result<()> {
        let mut bytes = fs::read(binary)?;
        if let Some(carried) = Carried::open(binary)? {
            bytes.truncate(usize::try_from(carried.end).unwrap_or(usize::MAX));
        }
        let mut index = String::new();
        for component in components {
            let digest = Digest::of(Algorithm::Sha256, component);
            let code = if let Some(code) = cache.code(&digest) {
                code
            } else {
                let code = engine.precompile_component(component).map_err(io::Error::other)?;
                cache.keep(&digest, &code);
                code
            };
            let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
            encoder.include_checksum(true)?;
            encoder.write_all(&code)?;
            let frame = encoder.finish()?;
            writeln!(index, "{digest} {} {}", bytes.len(), frame.len())
                .map_err(io::Error::other)?;
            bytes.extend_from_slice(&frame);
        }
        bytes.extend_from_slice(index.as_bytes());
        bytes.extend_from_slice(
            &u32::try_from(index.len()).map_err(io::Error::other)?.to_le_bytes(),
        );
        bytes.extend_from_slice(&MAGIC);
        let staged = into.with_added_extension("new");
        fs::write(&staged, &bytes)?;
        fs::set_permissions(&staged, fs::metadata(binary)?.permissions())?;
        // a binary that runs can be replaced, but not written to
        fs::rename(&staged, into)
    };
    write().map_err(|error| error.to_string())
}
