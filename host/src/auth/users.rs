//! The htpasswd file: a line `name:hash` for each user, `#` before a remark.
//!
//! No message shows more of a line than its name: the rest may be somebody's password.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    path::PathBuf,
    str::FromStr,
};

use anyhow::Context;

use crate::file::{self, Stamp};

/// Largest file, in bytes; about 50,000 users.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Costs that `htpasswd -C` takes. At 17 a check takes ten seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=17;

/// A bcrypt hash that was found well-formed.
#[derive(Clone)]
pub(super) struct Hash(String);

impl Hash {
    /// Whether it was made of this password. Slow on purpose.
    pub(super) fn fits(&self, password: &str) -> bool {
        bcrypt::verify(password, &self.0).unwrap_or(false)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The users, by name.
pub(super) struct Users {
    hashes: Vec<Hash>,
    /// where a name's hash stands
    names: HashMap<String, usize>,
    chance: RandomState,
}

impl Users {
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = HashMap::<&str, usize>::new();
        let mut users =
            Self { hashes: Vec::new(), names: HashMap::new(), chance: RandomState::new() };
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = entry(line).map_err(|what| (number, what))?;
            if let Some(first) = lines.insert(name, number) {
                let what = format!("{name:?} is already in line {first}; remove one");
                return Err((number, what));
            }
            users.names.insert(name.to_owned(), users.hashes.len());
            users.hashes.push(hash);
        }
        match users.names.len() {
            0 => Err((1, "this file has no users; add one with htpasswd -B".to_owned())),
            _ => Ok(users),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The hash to check a password against, and whether it is of this name. For a name that
    /// nobody has somebody's stands in, always the same, so that time tells nothing.
    pub(super) fn hash_for(&self, name: &str) -> (Hash, bool) {
        let stand_in = self.chance.hash_one(name) % self.hashes.len() as u64;
        let stand_in = usize::try_from(stand_in).unwrap_or_default();
        let own = self.names.get(name).copied();
        (self.hashes[own.unwrap_or(stand_in)].clone(), own.is_some())
    }
}

fn entry(line: &str) -> Result<(&str, Hash), String> {
    let Some((name, hash)) = line.split_once(':') else {
        return Err("there is no colon between name and hash; write the line with htpasswd \
                    -B"
        .into());
    };
    if name.is_empty() || name.contains(char::is_control) || name.trim() != name {
        return Err("the name is empty, or has white space around it or control characters".into());
    }
    let kind = match hash {
        _ if ["$2y$", "$2b$", "$2a$"].iter().any(|start| hash.starts_with(start)) => None,
        _ if hash.starts_with("$apr1$") || hash.starts_with("$1$") => Some("an MD5 hash"),
        _ if hash.starts_with("{SHA}") || hash.starts_with("{SSHA}") => Some("a SHA-1 hash"),
        _ if hash.starts_with("$5$") || hash.starts_with("$6$") => Some("a SHA-2 crypt hash"),
        _ if hash.starts_with("$2x$") => Some("a hash of an insecure bcrypt version"),
        _ if hash.starts_with("$argon2") => Some("an Argon2 hash"),
        _ => Some("a crypt hash or a plain password"),
    };
    if let Some(kind) = kind {
        return Err(format!("{name:?} has {kind}, but only bcrypt is supported; use htpasswd -B"));
    }
    let malformed = |_| format!("the bcrypt hash of {name:?} is malformed; use htpasswd -B");
    let cost = bcrypt::HashParts::from_str(hash).map_err(malformed)?.get_cost();
    match COSTS.contains(&cost) {
        true => Ok((name, Hash(hash.to_owned()))),
        false => Err(format!("the hash of {name:?} has cost {cost}; use htpasswd -B -C 10")),
    }
}

/// Where the users stand, and what of it was read.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    read: Option<Stamp>,
    seen: Option<Stamp>,
}

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: None, seen: None }
    }

    /// Whether something new has stood there since the last look, so that it is no half.
    pub(super) fn changed(&mut self) -> bool {
        let now = Stamp::at(&self.path);
        let stands = now == self.seen;
        self.seen = now;
        stands && now != self.read
    }

    /// Reads the users, all or none.
    pub(super) fn read(&mut self) -> anyhow::Result<Users> {
        let place = self.path.display();
        let unreadable = || format!("{place} can't be read");
        // also where it fails: the same mistake is told once
        self.read = self.seen;
        let file = file::open(&self.path).with_context(unreadable)?;
        let stamp = Some(Stamp::of(&file.metadata().with_context(unreadable)?));
        (self.read, self.seen) = (stamp, stamp);
        let bytes = file::bounded(file, FILE_BYTES_MAX).with_context(unreadable)?;
        let text = String::from_utf8(bytes).with_context(unreadable)?;
        Users::parse(&text).map_err(|(line, what)| anyhow::anyhow!("{place}:{line}: {what}"))
    }
}

/// Hashes stay out of logs.
impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Users({})", self.names.len())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const HASH: &str = "$2y$05$Jn7i5Rmb3C4q1FQm5fh3UO5YpRzF3s1IiFOH8O0fJlGkYBnwo0bmS";

    #[test]
    fn a_mistake_is_named_with_its_line_and_never_shows_a_password() {
        let twice = format!("anna:{HASH}\nanna:{HASH}\n");
        let costly = format!("anna:{}", HASH.replace("$05$", "$31$"));
        for (text, line, says) in [
            ("# nobody\n\n", 1, "this file has no users"),
            ("# remark\nanna\n", 2, "there is no colon"),
            (&format!("anna:{HASH}\n:{HASH}\n"), 2, "the name is empty"),
            ("\nanna:$apr1$c1eartext\n", 2, "\"anna\" has an MD5 hash"),
            ("anna:{SHA}c1eartext", 1, "\"anna\" has a SHA-1 hash"),
            ("anna:$6$c1eartext", 1, "\"anna\" has a SHA-2 crypt hash"),
            ("anna:$2x$05$c1eartext", 1, "\"anna\" has a hash of an insecure bcrypt version"),
            ("anna:$argon2id$c1eartext", 1, "\"anna\" has an Argon2 hash"),
            ("anna:c1eartext", 1, "\"anna\" has a crypt hash or a plain password"),
            ("anna:$2y$05$c1eartext", 1, "the bcrypt hash of \"anna\" is malformed"),
            (&twice, 2, "\"anna\" is already in line 1"),
            (&costly, 1, "the hash of \"anna\" has cost 31"),
        ] {
            let (at, what) = Users::parse(text).unwrap_err();
            assert_eq!(at, line, "{text}");
            assert!(what.starts_with(says) && !what.contains("c1eartext"), "{what}");
        }
    }

    #[test]
    fn remarks_and_the_line_ends_of_others_are_fine() {
        let users = Users::parse(&format!("# ours\r\nanna:{HASH}\r\n\n b é:{HASH}")).unwrap_err();
        assert_eq!(users.0, 4);
        let users = Users::parse(&format!("# ours\r\nanna:{HASH}\r\n\nb é:{HASH}")).unwrap();
        assert_eq!(users.len(), 2);
        assert!(users.hash_for("b é").1 && !users.hash_for("bert").1);
    }

    #[test]
    fn an_unknown_name_always_meets_the_same_hash() {
        let hash = |n| HASH.replace("$Jn7", &format!("$J{n:02}"));
        let lines: Vec<_> = (0..50).map(|n| format!("user{n}:{}", hash(n))).collect();
        let users = Users::parse(&lines.join("\n")).unwrap();
        let stand_in = |n| users.hash_for(&format!("nobody{n}")).0.as_str().to_owned();
        let first: Vec<_> = (0..50).map(stand_in).collect();
        assert!((0..50).map(stand_in).eq(first.iter().cloned()));
        assert!(first.iter().any(|hash| *hash != first[0]), "time would tell who is unknown");
    }

    #[test]
    fn a_file_is_read_again_once_it_has_stood_still_and_once_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        fs::write(&path, format!("anna:{HASH}\n")).unwrap();
        let mut file = File::new(path.clone());
        assert_eq!(file.read().unwrap().len(), 1);
        assert!(!file.changed());
        fs::write(&path, format!("anna:{HASH}\nbert:{HASH}\n")).unwrap();
        assert!(!file.changed(), "it may be half");
        assert!(file.changed());
        assert_eq!(file.read().unwrap().len(), 2);
        assert!(!file.changed());
        fs::remove_file(&path).unwrap();
        assert!(!file.changed() && file.changed());
        assert!(file.read().unwrap_err().to_string().ends_with("users can't be read"));
        assert!(!file.changed(), "told once");
    }
}
