//! The layout: every key of the store, on one screen.
//!
//! A key is written once and never again, not even after it was deleted: whatever can be deleted
//! holds a unique id. No key is a prefix path of another. A component that begins with `_` can't
//! be part of a repository name, and `,` sorts below `-`, `.` and `/`, none of which it can
//! contain in a tag or a name: so the order of keys is the order of tags and names.

use roadstead_oci::{Digest, Repository, Tag};

use super::{Entry, Id, Link, NameHash, Prefix, TagKey, VerdictName, prefix::OVER};
use crate::Refusal;

/// The key of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// `version`: the layout's version
    Version,
    /// `keys/<name>`: a secret that the store made for itself
    Secret(&'static str),
    /// `data/<xx>/<id>`: the bytes of one segment of a blob
    Data(&'a Id),
    /// `blobs/<alg>/<hh>/<hex>/<id>`: the record of a blob
    BlobRecord(&'a Digest, &'a Id),
    /// `repos/<name>/_blobs/<alg>/<hex>/<id>-<form><record>-<size>`: a repository may serve it
    Link(&'a Repository, &'a Digest, &'a Link),
    /// `repos/<name>/_manifests/<alg>/<hex>/<id>`: the digests that a manifest names
    Claim(&'a Repository, &'a Digest, &'a Id),
    /// `repos/<name>/_manifests/<alg>/<hex>/<id>.body`: the manifest's record and bytes
    Body(&'a Repository, &'a Digest, &'a Id),
    /// `repos/<name>/_referrers/<alg>/<hex>/<entry>`: a referrer, below its subject
    Referrer(&'a Repository, &'a Digest, &'a Entry),
    /// `repos/<name>/_parents/<child>/<entry>`: an index, below its child
    Parent(&'a Repository, &'a Digest, &'a Entry),
    /// `repos/<name>/_tags/<tag>,/<n>-<id>-<claim>-<alg>-<hex>[.gone]`
    Tag(&'a Repository, &'a Tag, &'a TagKey),
    /// `repos/<name>/_uploads/<id>/<offset>`: what arrived from that offset on
    UploadPart(&'a Repository, &'a Id, u64),
    /// `repos/<name>/_uploads/<id>/over`
    UploadOver(&'a Repository, &'a Id),
    /// `repos/<name>/_verdicts/<alg>/<hex>/<verdict>`: a later judgement of a stored manifest
    LaterVerdict(&'a Repository, &'a Digest, &'a str),
    /// `repos/<name>/_refusals/<alg>/<hex>/<grounds>-<verdict>-<times>-<seconds>`: a refusal of a
    /// manifest, how often it was given and when last
    Refusal(&'a Repository, &'a Digest, &'a Refusal),
    /// `verdicts/<day>/<slice>/<verdict>-<hash>`: a verdict with findings, and the hash of its
    /// repository
    Verdict(&'a Repository, &'a str),
    /// `verdicts/<day>/<verdict>`: a verdict with findings that an older version wrote
    UnmarkedVerdict(&'a str),
    /// `catalog/<name>,/<id>`: the repository exists
    Catalog(&'a Repository, &'a Id),
}

impl Key<'_> {
    /// The key, relative to the root of the store.
    pub(crate) fn path(&self) -> String {
        match *self {
            Self::Version => "version".to_owned(),
            Self::Secret(name) => format!("keys/{name}"),
            Self::Data(id) => Prefix::Data(&id.as_str()[..2]).with(id),
            Self::BlobRecord(digest, id) => Prefix::BlobRecords(digest).with(id),
            Self::Link(repo, digest, link) => Prefix::Links(repo, digest).with(link),
            Self::Claim(repo, digest, id) => Prefix::Manifests(repo, digest).with(id),
            Self::Body(repo, digest, id) => Prefix::Manifests(repo, digest).with(body_of(id)),
            Self::Referrer(repo, subject, entry) => Prefix::Referrers(repo, subject).with(entry),
            Self::Parent(repo, child, entry) => Prefix::Parents(repo, child).with(entry),
            Self::Tag(repo, tag, key) => Prefix::TagKeys(repo, tag).with(key),
            Self::UploadPart(repo, id, offset) => {
                Prefix::Upload(repo, id).with(format_args!("{offset:020}"))
            }
            Self::UploadOver(repo, id) => Prefix::Upload(repo, id).with(OVER),
            Self::LaterVerdict(repo, digest, id) => Prefix::LaterVerdicts(repo, digest).with(id),
            Self::Refusal(repo, digest, refusal) => Prefix::Refusals(repo, digest).with(refusal),
            Self::Verdict(repo, id) => {
                let name = VerdictName { id: id.to_owned(), repository: NameHash::of(repo) };
                Prefix::VerdictSlice(day_of(id), slice_of(id)).with(name)
            }
            Self::UnmarkedVerdict(id) => Prefix::VerdictDay(day_of(id)).with(id),
            Self::Catalog(repo, id) => Prefix::CatalogEntries(repo).with(id),
        }
    }
}

/// The last component of the body's key, beside the claim's, which is the id itself.
pub(crate) fn body_of(claim: &Id) -> String {
    format!("{claim}.body")
}

/// The day that a verdict's id begins with.
pub(crate) fn day_of(id: &str) -> &str {
    id.get(..3).unwrap_or(id)
}

/// The slice of the day, one of 32: the next character of the id.
pub(crate) fn slice_of(id: &str) -> &str {
    id.get(3..4).unwrap_or_default()
}
