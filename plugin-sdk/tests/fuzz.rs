//! The walker over a corpus of archives and mutations of them (`tests/fuzz`, which tells how).

#[expect(unreachable_pub, reason = "it is a library's module as well")]
#[path = "../../tests/fuzz/src/mutate.rs"]
mod mutate;

use std::{io::Read, path::Path};

use roadstead_plugin_sdk::{
    archive::{Archive, ArchiveError, Kind, Limits, Tail},
    testing::Tar,
};

const LIMITS: Limits = Limits { bytes_max: 128 << 10, entries_max: 100 };

/// Gives at most as many bytes at once.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(self.1);
        self.0.read(&mut buffer[..len])
    }
}

type Seen = (String, Kind, Vec<u8>);

fn walked(bytes: &[u8], piece: usize) -> (Vec<Seen>, Result<Tail, String>) {
    let mut archive = Archive::new(Pieces(bytes, piece), LIMITS);
    let mut seen = Vec::new();
    let ended = (|| -> Result<(), ArchiveError> {
        while let Some(mut entry) = archive.next_entry()? {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            seen.push((entry.path().to_owned(), entry.kind(), content));
        }
        Ok(())
    })();
    let tail = ended.and_then(|()| archive.finish());
    (seen, tail.map_err(|error| error.to_string()))
}

/// How it comes does not matter, nothing goes past the limits, and what was read can be written and
/// read again.
fn archive(bytes: &[u8]) {
    let (seen, tail) = walked(bytes, usize::MAX);
    for piece in [1, 511, 513] {
        assert_eq!(walked(bytes, piece), (seen.clone(), tail.clone()), "in pieces of {piece}");
    }
    let content: usize = seen.iter().map(|(_, _, content)| content.len()).sum();
    assert!(content <= bytes.len().min(128 << 10) && seen.len() <= 100);
    if let Ok(Tail::Data { offset }) = tail {
        let at = usize::try_from(offset).expect("it lies within the bytes");
        assert_ne!(bytes[at], 0, "what follows begins with something");
        assert!(bytes[..at].len() >= seen.len() * 512);
    }
    let plain = |(path, kind, _): &&Seen| {
        let odd = path.is_empty() || path.ends_with('/') || path.contains(['\0', '\u{fffd}']);
        *kind == Kind::File && !odd && path.len() < 1000
    };
    let files: Vec<_> = seen.iter().filter(plain).cloned().collect();
    let written = files
        .iter()
        .fold(Tar::new(), |tar, (path, _, content)| tar.pax("path", path).file("short", content));
    let (again, tail) = walked(written.end().bytes(), usize::MAX);
    // headers of long names may take more than the limit that the first walk kept to
    if tail.is_ok() {
        assert_eq!((again, tail), (files, Ok(Tail::Nothing)));
    }
}

#[test]
fn an_archive_is_one_archive_however_it_comes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/archive");
    let words = [
        "ustar\x0000",
        "ustar  \0",
        "././@LongLink",
        "13 path=a\n",
        "12 size=512\n",
        "30 GNU.sparse.major=1\n",
        "00000000010\0",
        "77777777777\0",
        "\u{0}\u{0}\u{0}\u{0}",
    ];
    mutate::run(archive, &folder, &words);
}
