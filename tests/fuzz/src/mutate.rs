//! Mutations of a corpus. Nothing but the standard library, since the guests' tests use this file
//! as well; the same seed gives the same inputs everywhere.

use std::{
    fs,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

/// Mutations that every test run tries, and the longest that it does so on a slow machine.
const ROUNDS: u64 = 4000;
const TIME_MAX: Duration = Duration::from_mins(1);
/// Bytes of an input.
const BYTES_MAX: usize = 64 << 10;
/// Inputs that a longer run keeps beside the corpus, to mutate them further.
const KEPT_MAX: usize = 256;

/// Gives a target its corpus, a folder of files, and then mutations of it with these words put in.
/// With `FUZZ_SECONDS` it goes on for so long, from `FUZZ_SEED` or another seed each time.
///
/// # Panics
///
/// Where the target does. The input is left in the temporary folder.
pub fn run(target: fn(&[u8]), folder: &Path, words: &[&str]) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("FUZZ_SECONDS").map(Duration::from_secs);
    let seed = number("FUZZ_SEED").unwrap_or(match seconds {
        Some(_) => u64::from(std::process::id()),
        None => 1,
    });
    let mut corpus = read(folder);
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(!corpus.is_empty(), "{} holds no corpus", folder.display());
    for input in &corpus {
        tried(target, &name, input);
    }
    let (mut chance, own) = (Chance(seed.max(1)), corpus.len());
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < seconds.unwrap_or(TIME_MAX) && (seconds.is_some() || rounds < ROUNDS) {
        let input = mutated(&corpus, words, &mut chance);
        tried(target, &name, &input);
        rounds += 1;
        // now and then one is kept, so that mutations add up
        if chance.below(16) == 0 {
            if corpus.len() == own + KEPT_MAX {
                corpus.swap_remove(own + chance.below(KEPT_MAX));
            }
            corpus.push(input);
        }
    }
    if seconds.is_some() {
        let message = format!("{name}: {rounds} inputs from seed {seed}\n");
        // past the capture of the test's own output
        std::io::stderr().write_all(message.as_bytes()).ok();
    }
}

fn read(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

fn tried(target: fn(&[u8]), name: &str, input: &[u8]) {
    let Err(broken) = catch_unwind(AssertUnwindSafe(|| target(input))) else { return };
    let path = std::env::temp_dir().join(format!("roadstead-fuzz-{name}-{}", std::process::id()));
    fs::write(&path, input).ok();
    let told = format!("{name} breaks its promise over {}\n", path.display());
    std::io::stderr().write_all(told.as_bytes()).ok();
    std::panic::resume_unwind(broken);
}

/// Xorshift: no secret, and the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.next() >> 16) % end).unwrap_or_default()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

fn mutated(corpus: &[Vec<u8>], words: &[&str], chance: &mut Chance) -> Vec<u8> {
    let mut input = chance.one(corpus).cloned().unwrap_or_default();
    for _ in 0..=chance.below(6) {
        change(&mut input, (corpus, words), chance);
    }
    input.truncate(BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, (corpus, words): (&[Vec<u8>], &[&str]), chance: &mut Chance) {
    const ODD: [u8; 14] = *b"\x00\x01\x7f\x80\xff\n\t \"\\-09:";
    let at = chance.below(input.len() + 1);
    let len = chance.below(input.len() - at + 1).min(1 << chance.below(12));
    match chance.below(9) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = *chance.one(&ODD).unwrap_or(&0);
            }
        }
        2 => input.insert(at, *chance.one(&ODD).unwrap_or(&0)),
        3 => drop(input.drain(at..at + len)),
        4 => input.truncate(at),
        5 => {
            let part = input[at..at + len].repeat(1 + chance.below(4));
            put(input, at, &part);
        }
        6 => {
            let other = chance.one(corpus).cloned().unwrap_or_default();
            let from = chance.below(other.len() + 1);
            put(input, at, &other[from..]);
        }
        7 => {
            let number = chance.next() >> chance.below(64);
            put(input, at, number.to_string().as_bytes());
        }
        _ => put(input, at, chance.one(words).unwrap_or(&"").as_bytes()),
    }
}

fn put(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    if input.len() + part.len() <= BYTES_MAX {
        input.splice(at..at, part.iter().copied());
    }
}
