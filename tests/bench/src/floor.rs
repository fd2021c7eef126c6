//! A floor that is no registry: it takes a push's bytes from a socket, hashes them and writes them
//! to a file, and does nothing else.
//!
//! No registry that verifies a digest can do less, so the table shows which share of this Roadstead
//! reaches. It is a child process of this binary, since a server has the same cores. It speaks
//! HTTP/1.1 only as far as this benchmark's client needs: no chunked bodies, no pipelining.

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::{Context, bail};

use roadstead_oci::{Algorithm, Digest, Hasher};

use crate::{
    Arguments,
    cases::CASES,
    rounds::{Which, measure},
};

/// Most bytes read, hashed and written at a time. The loop should be as fast as a loop can be: with
/// 256 KiB it took a tenth more CPU time, with 64 KiB a quarter.
const CHUNK_BYTES: usize = 1 << 20;

/// Puts the pushes of the table on Roadstead and on the floor. It runs before anything else does:
/// some servers remove files with each push, which makes the next files slow to make.
pub(crate) async fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let pushes = CASES.iter().filter(|case| case.is_push());
    let cases: Vec<_> = pushes.filter(|case| case.name.contains(&arguments.only)).collect();
    if !cases.is_empty() {
        println!(
            "{:<24} {:>10} {:>6} {:>6} {:>4}  {:>18}",
            "", "roadstead", "floor", "share", "bar", "CPU s/GB of each"
        );
    }
    for case in cases {
        let [ours, floor] = measure(case, [Which::Roadstead, Which::Floor], arguments).await?;
        let share = ours.rate() / floor.rate();
        let gigabytes = case.gigabytes().unwrap_or(f64::NAN);
        let (bar, missed) = match case.floor_bar {
            Some(bar) => (bar.to_string(), if share >= bar { "" } else { "  MISSED" }),
            None => ("-".to_owned(), ""),
        };
        println!(
            "{:<24} {:>10.0} {:>6.0} {share:>6.2} {bar:>4}  {:>10.2} {:>7.2}  {}{missed}",
            case.name,
            ours.rate(),
            floor.rate(),
            ours.cpu_seconds(gigabytes),
            floor.cpu_seconds(gigabytes),
            case.unit(),
        );
    }
    Ok(())
}

/// Serves until the process is killed, each connection in a thread.
pub(crate) fn serve(addr: SocketAddr, folder: &Path) -> anyhow::Result<()> {
    let listener = TcpListener::bind(addr)?;
    let files = Arc::new(AtomicU64::new(0));
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut connection = Connection {
            stream,
            folder: folder.to_owned(),
            files: Arc::clone(&files),
            buffer: vec![0; CHUNK_BYTES],
            waiting: 0..0,
            patched: None,
        };
        // the client sees the connection end, and reports that
        thread::spawn(move || drop(connection.serve()));
    }
}

struct Connection {
    stream: TcpStream,
    folder: PathBuf,
    /// how many files there are, over all connections
    files: Arc<AtomicU64>,
    buffer: Vec<u8>,
    /// which bytes of the buffer were read and not used
    waiting: std::ops::Range<usize>,
    /// the digest of the last PATCH, which the PUT after it verifies
    patched: Option<Digest>,
}

/// As much of a request's header as matters.
struct Head {
    method: String,
    target: String,
    content_length: usize,
}

impl Connection {
    fn serve(&mut self) -> anyhow::Result<()> {
        while let Some(head) = self.head()? {
            let digest = match head.content_length {
                0 => self.patched.take(),
                length => Some(self.store(length)?),
            };
            let named = head.target.split_once("digest=").map(|(_, named)| named);
            let status = match head.method.as_str() {
                "GET" => "200 OK",
                "POST" => "202 Accepted",
                "PATCH" => {
                    self.patched = digest;
                    "202 Accepted"
                }
                "PUT" if named.is_none() => "201 Created",
                "PUT" if named == digest.as_ref().map(Digest::as_str) => "201 Created",
                _ => "400 Bad Request",
            };
            let location = "Location: /v2/floor/blobs/uploads/1";
            let answer = format!("HTTP/1.1 {status}\r\n{location}\r\nContent-Length: 0\r\n\r\n");
            self.stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    /// Reads a header; none if the client closed the connection.
    fn head(&mut self) -> anyhow::Result<Option<Head>> {
        const END: &[u8] = b"\r\n\r\n";
        self.buffer.copy_within(self.waiting.clone(), 0);
        self.waiting = 0..self.waiting.len();
        let len = loop {
            let read = &self.buffer[self.waiting.clone()];
            if let Some(at) = read.windows(END.len()).position(|window| window == END) {
                break at + END.len();
            }
            let count = self.stream.read(&mut self.buffer[self.waiting.end..])?;
            match count {
                0 if self.waiting.is_empty() => return Ok(None),
                0 => bail!("a header without an end"),
                _ => self.waiting.end += count,
            }
        };
        let text = std::str::from_utf8(&self.buffer[..len])?;
        self.waiting.start = len;
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let method = words.next().context("no method")?;
        let target = words.next().context("no target")?;
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let content_length = length.map_or(Ok(0), |(_, value)| value.trim().parse())?;
        Ok(Some(Head { method, target, content_length }))
    }

    /// Takes a body into a new file.
    fn store(&mut self, content_length: usize) -> anyhow::Result<Digest> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let mut file = File::create_new(self.folder.join(number.to_string()))?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut missing = content_length;
        while missing > 0 {
            if self.waiting.is_empty() {
                let most = missing.min(self.buffer.len());
                let count = self.stream.read(&mut self.buffer[..most])?;
                if count == 0 {
                    bail!("the client disconnected, {missing} bytes are missing");
                }
                self.waiting = 0..count;
            }
            let end = self.waiting.end.min(self.waiting.start + missing);
            let piece = &self.buffer[self.waiting.start..end];
            hasher.update(piece);
            file.write_all(piece)?;
            missing -= piece.len();
            self.waiting.start = end;
        }
        Ok(hasher.finish())
    }
}
