//! The last components of keys that say something by themselves: so a name is resolved by listing
//! its folder, and a HEAD reads no object.

use std::fmt;

use sha2::{Digest as _, Sha256};

use roadstead_oci::{Algorithm, Digest, Repository};

use super::{
    Id, encode,
    prefix::{dashed, undashed},
};

/// The last component of a link's key: it says what a HEAD needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: Id,
    pub(crate) form: Form,
    pub(crate) record: Id,
    /// bytes
    pub(crate) size: u64,
}

/// How a blob lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// in its record
    Inline,
    /// in one segment, whose id is the record's
    One,
    /// in several segments, which the record lists
    Many,
}

impl Link {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.splitn(3, '-');
        let (id, record, size) = (parts.next()?, parts.next()?, parts.next()?);
        let form = match record.get(..1)? {
            "i" => Form::Inline,
            "s" => Form::One,
            "m" => Form::Many,
            _ => return None,
        };
        let record = Id::parse(&record[1..])?;
        Some(Self { id: Id::parse(id)?, form, record, size: size.parse().ok()? })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Inline => 'i',
            Form::One => 's',
            Form::Many => 'm',
        };
        write!(f, "{}-{form}{}-{}", self.id, self.record, self.size)
    }
}

/// An entry of a manifest that names another one: below its subject, or below each of its children.
///
/// It counts with the claim, which makes its name unique. So what a push wrote is found without a
/// listing, however many entries there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// the manifest that names the other one
    pub(crate) manifest: Digest,
    pub(crate) claim: Id,
    pub(crate) form: EntryForm,
}

/// How an entry is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryForm {
    /// `<alg>-<hex>-<claim>`: what the push wrote that made the claim
    First,
    /// `<alg>-<hex>-<claim>-<id>`: replaces a damaged one
    Mended(Id),
    /// `<alg>-<hex>/<id>-<claim>`: in older stores each manifest has a folder of its entries
    Nested(Id),
}

impl Entry {
    /// What a push writes that made the claim.
    pub(crate) fn first(manifest: &Digest, claim: &Id) -> Self {
        Self { manifest: manifest.clone(), claim: claim.clone(), form: EntryForm::First }
    }

    /// What takes the place of a damaged one.
    pub(crate) fn mended(manifest: &Digest, claim: &Id) -> Self {
        Self { form: EntryForm::Mended(Id::random()), ..Self::first(manifest, claim) }
    }

    /// Reads a key below the folder of a subject or child.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        if let Some((manifest, name)) = key.split_once('/') {
            let (id, claim) = name.split_once('-')?;
            let form = EntryForm::Nested(Id::parse(id)?);
            return Some(Self { manifest: undashed(manifest)?, claim: Id::parse(claim)?, form });
        }
        let second = key.match_indices('-').nth(1)?.0;
        let (manifest, name) = (undashed(&key[..second])?, &key[second + 1..]);
        let (claim, form) = match name.split_once('-') {
            Some((claim, id)) => (claim, EntryForm::Mended(Id::parse(id)?)),
            None => (name, EntryForm::First),
        };
        Some(Self { manifest, claim: Id::parse(claim)?, form })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (manifest, claim) = (dashed(&self.manifest), &self.claim);
        match &self.form {
            EntryForm::First => write!(f, "{manifest}-{claim}"),
            EntryForm::Mended(id) => write!(f, "{manifest}-{claim}-{id}"),
            EntryForm::Nested(id) => write!(f, "{manifest}/{id}-{claim}"),
        }
    }
}

/// The last component of a tag's key, which holds its whole value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagKey {
    pub(crate) number: u64,
    pub(crate) id: Id,
    pub(crate) claim: Id,
    pub(crate) digest: Digest,
    /// a tombstone, which sorts directly above the key that it kills
    pub(crate) gone: bool,
}

impl TagKey {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (value, gone) = match name.strip_suffix(".gone") {
            Some(value) => (value, true),
            None => (name, false),
        };
        let mut parts = value.splitn(5, '-');
        let mut next = || parts.next();
        let (number, id, claim) = (next()?, next()?, next()?);
        let (algorithm, hex) = (Algorithm::parse(next()?)?, next()?);
        Some(Self {
            number: number.parse().ok()?,
            id: Id::parse(id)?,
            claim: Id::parse(claim)?,
            digest: Digest::parse(&format!("{}:{hex}", algorithm.as_str())).ok()?,
            gone,
        })
    }
}

impl fmt::Display for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, id, claim, digest, gone } = self;
        let (algorithm, hex) = (digest.algorithm().as_str(), digest.hex());
        let gone = if *gone { ".gone" } else { "" };
        write!(f, "{number:020}-{id}-{claim}-{algorithm}-{hex}{gone}")
    }
}

/// A hash that identifies a repository in a key where its name does not fit. It has 130 bits, so
/// nobody can find two names with the same hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameHash(String);

impl NameHash {
    /// Hashes a repository's name.
    pub fn of(repository: &Repository) -> Self {
        Self(encode(&Sha256::digest(repository.as_str())[..Id::LEN]))
    }
}

/// The last component of a verdict's key: its id and its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerdictName {
    pub(crate) id: String,
    pub(crate) repository: NameHash,
}

impl VerdictName {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (id, hash) = name.split_once('-')?;
        Some(Self { id: id.to_owned(), repository: NameHash(hash.to_owned()) })
    }
}

impl fmt::Display for VerdictName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.id, self.repository.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_size_and_form_in_its_name() {
        let (id, record) = (Id::random(), Id::random());
        let link = Link { id, form: Form::Many, record, size: 42 };
        assert_eq!(Link::parse(&link.to_string()), Some(link));
        assert_eq!(Link::parse("x-y-1"), None);
    }

    #[test]
    fn an_entry_says_its_manifest_and_claim_in_any_form() {
        let (manifest, claim) = (Digest::of(Algorithm::Sha512, b"x"), Id::random());
        let first = Entry::first(&manifest, &claim);
        let nested = Entry { form: EntryForm::Nested(Id::random()), ..first.clone() };
        for entry in [first, Entry::mended(&manifest, &claim), nested] {
            let key = entry.to_string();
            assert!(key.split('/').all(|name| name.len() <= 255), "{key} is a file's name");
            assert_eq!(Entry::parse(&key), Some(entry));
        }
        for key in ["", "sha256-0", "x/y", "sha512-0-1"] {
            assert_eq!(Entry::parse(key), None, "{key}");
        }
    }

    #[test]
    fn a_tombstone_sorts_directly_above_the_key_that_it_kills() {
        let digest = Digest::of(Algorithm::Sha256, b"x");
        let (id, claim) = (Id::random(), Id::random());
        let key = TagKey { number: 9, id, claim, digest, gone: false };
        let tombstone = TagKey { gone: true, ..key.clone() };
        let next = TagKey { number: 10, ..key.clone() };
        assert!(key.to_string() < tombstone.to_string());
        assert!(tombstone.to_string() < next.to_string());
        assert_eq!(TagKey::parse(&tombstone.to_string()), Some(tombstone));
        assert_eq!(TagKey::parse(&key.to_string()), Some(key));
        assert_eq!(TagKey::parse("1-2-3"), None);
    }
}
