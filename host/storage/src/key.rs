//! The layout: every key of the store, on one screen.
//!
//! A key is written once and never again, not even after it was deleted: whatever can be deleted
//! holds a unique id. No key is a prefix path of another. A component that begins with `_` can't
//! be part of a repository name, and `,` sorts below `-`, `.` and `/`, none of which it can
//! contain in a tag or a name: so the order of keys is the order of tags and names.

use roadstead_oci::{Algorithm, Digest, Repository, Tag};

use crate::{
    Refusal,
    id::Id,
    names::{Entry, Link, TagKey},
};

/// A key, or with the last component left off (the variants in the plural) a prefix to list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// `version`: the layout's version
    Version,
    /// `keys/<name>`: a secret that the store made for itself
    Secret(&'static str),
    /// `data/<xx>/<id>`: the bytes of one segment of a blob
    Data(&'a Id),
    DataBelow(&'a str),
    DataPrefixes,
    /// `blobs/<alg>/<hh>/<hex>/<id>`: the record of a blob
    BlobRecord(&'a Digest, &'a Id),
    BlobRecords(&'a Digest),
    BlobsBelow(Algorithm, &'a str),
    BlobPrefixes(Algorithm),
    /// `repos/<folder>`, the root's name empty: what lies in it below names of repositories
    RepositoriesBelow(&'a str),
    /// `repos/<name>/_blobs/<alg>/<hex>/<id>-<form><record>-<size>`: a repository may serve it
    Link(&'a Repository, &'a Digest, &'a Link),
    Links(&'a Repository, &'a Digest),
    LinksOf(&'a Repository, Algorithm),
    /// `repos/<name>/_manifests/<alg>/<hex>/<id>`: the digests that a manifest names
    Claim(&'a Repository, &'a Digest, &'a Id),
    /// `repos/<name>/_manifests/<alg>/<hex>/<id>.body`: the manifest's record and bytes
    Body(&'a Repository, &'a Digest, &'a Id),
    Manifests(&'a Repository, &'a Digest),
    ManifestsOf(&'a Repository, Algorithm),
    /// `repos/<name>/_referrers/<alg>/<hex>/<alg>-<hex>/<id>-<claim>`: first the subject, then
    /// the referrer
    Referrer(&'a Repository, &'a Digest, &'a Digest, &'a Entry),
    ReferrerEntries(&'a Repository, &'a Digest, &'a Digest),
    Referrers(&'a Repository, &'a Digest),
    ReferrersOf(&'a Repository, Algorithm),
    /// `repos/<name>/_parents/<child>/<index>/<id>-<claim>`: this index names that child
    Parent(&'a Repository, &'a Digest, &'a Digest, &'a Entry),
    ParentEntries(&'a Repository, &'a Digest, &'a Digest),
    Parents(&'a Repository, &'a Digest),
    ParentsOf(&'a Repository),
    /// `repos/<name>/_tags/<tag>,/<n>-<id>-<claim>-<alg>-<hex>[.gone]`
    Tag(&'a Repository, &'a Tag, &'a TagKey),
    TagKeys(&'a Repository, &'a Tag),
    Tags(&'a Repository),
    /// `repos/<name>/_uploads/<id>/<offset>`: what arrived from that offset on
    UploadPart(&'a Repository, &'a Id, u64),
    /// `repos/<name>/_uploads/<id>/over`
    UploadOver(&'a Repository, &'a Id),
    Upload(&'a Repository, &'a Id),
    Uploads(&'a Repository),
    /// `repos/<name>/_verdicts/<alg>/<hex>/<verdict>`: a later judgement of a stored manifest
    LaterVerdict(&'a Repository, &'a Digest, &'a str),
    LaterVerdicts(&'a Repository, &'a Digest),
    LaterVerdictsOf(&'a Repository, Algorithm),
    /// `repos/<name>/_refusals/<alg>/<hex>/<grounds>-<verdict>-<times>-<seconds>`: a refusal of a
    /// manifest, how often it was given and when last
    Refusal(&'a Repository, &'a Digest, &'a Refusal),
    Refusals(&'a Repository, &'a Digest),
    RefusalsOf(&'a Repository, Algorithm),
    /// `verdicts/<day>/<verdict>`: a verdict with findings
    Verdict(&'a str),
    VerdictsOf(&'a str),
    VerdictDays,
    /// `catalog/<name>,/<id>`: the repository exists
    Catalog(&'a Repository, &'a Id),
    CatalogEntries(&'a Repository),
    CatalogBelow(&'a str),
}

/// The folder of a repository's uploads. It alone makes no repository.
pub(crate) const UPLOADS: &str = "_uploads";
/// The folder of what was refused in a repository. Nor does that make one.
pub(crate) const REFUSALS: &str = "_refusals";
/// The folder of a repository's manifests and claims.
pub(crate) const MANIFESTS: &str = "_manifests";

/// The last component of the key that ends an upload for good.
pub(crate) const OVER: &str = "over";

/// The last component of the body's key, beside the claim's, which is the id itself.
pub(crate) fn body_of(claim: &Id) -> String {
    format!("{claim}.body")
}

/// The day that a verdict's id begins with.
pub(crate) fn day_of(id: &str) -> &str {
    id.get(..3).unwrap_or(id)
}

/// Whether a name below a repository's is that of something it holds, not of another repository.
pub(crate) fn is_held(name: &str) -> bool {
    name.starts_with('_')
}

/// The name behind the folder of a tag or a repository.
pub(crate) fn unterminated(folder: &str) -> Option<&str> {
    folder.strip_suffix(',')
}

/// `<alg>-<hex>`, a digest within one component.
pub(crate) fn dashed(digest: &Digest) -> String {
    digest.as_str().replacen(':', "-", 1)
}

/// Reads [`dashed`] back.
pub(crate) fn undashed(name: &str) -> Option<Digest> {
    Digest::parse(&name.replacen('-', ":", 1)).ok()
}

impl Key<'_> {
    /// The key, relative to the root of the store.
    pub(crate) fn path(&self) -> String {
        match *self {
            Self::Version => "version".to_owned(),
            Self::Secret(name) => format!("keys/{name}"),
            Self::Data(id) => format!("data/{}/{id}", &id.as_str()[..2]),
            Self::DataBelow(prefix) => format!("data/{prefix}"),
            Self::DataPrefixes => "data".to_owned(),
            Self::BlobRecord(digest, id) => format!("{}/{id}", Key::BlobRecords(digest).path()),
            Self::BlobRecords(digest) => {
                let (algorithm, hex) = (digest.algorithm().as_str(), digest.hex());
                format!("blobs/{algorithm}/{}/{hex}", &hex[..2])
            }
            Self::BlobsBelow(algorithm, prefix) => format!("blobs/{}/{prefix}", algorithm.as_str()),
            Self::BlobPrefixes(algorithm) => format!("blobs/{}", algorithm.as_str()),
            Self::RepositoriesBelow(folder) => within("repos", folder),
            Self::Verdict(id) => format!("{}/{id}", Key::VerdictsOf(day_of(id)).path()),
            Self::VerdictsOf(day) => format!("verdicts/{day}"),
            Self::VerdictDays => "verdicts".to_owned(),
            Self::Catalog(repo, id) => format!("catalog/{repo},/{id}"),
            Self::CatalogEntries(repo) => format!("catalog/{repo},"),
            Self::CatalogBelow(folder) => within("catalog", folder),
            _ => self.path_in_repository(),
        }
    }

    fn path_in_repository(&self) -> String {
        match *self {
            Self::Link(repo, digest, link) => format!("{}/{link}", Key::Links(repo, digest).path()),
            Self::Links(repo, digest) => below(repo, "_blobs", digest),
            Self::LinksOf(repo, algorithm) => all_below(repo, "_blobs", algorithm),
            Self::Claim(repo, digest, id) => {
                format!("{}/{id}", Key::Manifests(repo, digest).path())
            }
            Self::Body(repo, digest, id) => {
                format!("{}/{}", Key::Manifests(repo, digest).path(), body_of(id))
            }
            Self::Manifests(repo, digest) => below(repo, MANIFESTS, digest),
            Self::ManifestsOf(repo, algorithm) => all_below(repo, MANIFESTS, algorithm),
            Self::Referrer(repo, subject, referrer, entry) => {
                format!("{}/{entry}", Key::ReferrerEntries(repo, subject, referrer).path())
            }
            Self::ReferrerEntries(repo, subject, referrer) => {
                format!("{}/{}", Key::Referrers(repo, subject).path(), dashed(referrer))
            }
            Self::Referrers(repo, subject) => below(repo, "_referrers", subject),
            Self::ReferrersOf(repo, algorithm) => all_below(repo, "_referrers", algorithm),
            Self::Parent(repo, child, index, entry) => {
                format!("{}/{entry}", Key::ParentEntries(repo, child, index).path())
            }
            Self::ParentEntries(repo, child, index) => {
                format!("{}/{}", Key::Parents(repo, child).path(), dashed(index))
            }
            Self::Parents(repo, child) => format!("repos/{repo}/_parents/{}", dashed(child)),
            Self::ParentsOf(repo) => format!("repos/{repo}/_parents"),
            Self::Tag(repo, tag, key) => format!("{}/{key}", Key::TagKeys(repo, tag).path()),
            Self::TagKeys(repo, tag) => format!("repos/{repo}/_tags/{tag},"),
            Self::Tags(repo) => format!("repos/{repo}/_tags"),
            Self::UploadPart(repo, id, offset) => {
                format!("{}/{offset:020}", Key::Upload(repo, id).path())
            }
            Self::UploadOver(repo, id) => {
                format!("{}/{OVER}", Key::Upload(repo, id).path())
            }
            Self::Upload(repo, id) => format!("{}/{id}", Key::Uploads(repo).path()),
            Self::Uploads(repo) => format!("repos/{repo}/{UPLOADS}"),
            Self::LaterVerdict(repo, digest, id) => {
                format!("{}/{id}", Key::LaterVerdicts(repo, digest).path())
            }
            Self::LaterVerdicts(repo, digest) => below(repo, "_verdicts", digest),
            Self::LaterVerdictsOf(repo, algorithm) => all_below(repo, "_verdicts", algorithm),
            Self::Refusal(repo, digest, refusal) => {
                format!("{}/{refusal}", Key::Refusals(repo, digest).path())
            }
            Self::Refusals(repo, digest) => below(repo, REFUSALS, digest),
            Self::RefusalsOf(repo, algorithm) => all_below(repo, REFUSALS, algorithm),
            Self::Version
            | Self::Secret(_)
            | Self::Data(_)
            | Self::DataBelow(_)
            | Self::DataPrefixes
            | Self::BlobRecord(..)
            | Self::BlobRecords(_)
            | Self::BlobsBelow(..)
            | Self::BlobPrefixes(_)
            | Self::RepositoriesBelow(_)
            | Self::Verdict(_)
            | Self::VerdictsOf(_)
            | Self::VerdictDays
            | Self::Catalog(..)
            | Self::CatalogEntries(_)
            | Self::CatalogBelow(_) => self.path(),
        }
    }
}

/// A folder within a root; `folder` is empty or ends in a slash.
fn within(root: &str, folder: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => root.to_owned(),
        folder => format!("{root}/{folder}"),
    }
}

/// `repos/<name>/<folder>/<alg>/<hex>`
fn below(repository: &Repository, folder: &str, digest: &Digest) -> String {
    format!("repos/{repository}/{folder}/{}/{}", digest.algorithm().as_str(), digest.hex())
}

/// `repos/<name>/<folder>/<alg>`
fn all_below(repository: &Repository, folder: &str, algorithm: Algorithm) -> String {
    format!("repos/{repository}/{folder}/{}", algorithm.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_the_order_of_names() {
        let names = ["a", "a-b", "a.b", "a/b", "a/b-c", "a/b/c", "a0", "ab"];
        let mut keys: Vec<_> = names
            .iter()
            .map(|name| Key::CatalogEntries(&Repository::parse(name).unwrap()).path())
            .collect();
        keys.sort();
        let back: Vec<_> = keys
            .iter()
            .map(|key| unterminated(key.strip_prefix("catalog/").unwrap()).unwrap())
            .collect();
        assert_eq!(back, names);
    }

    #[test]
    fn no_repository_can_reach_another_ones_keys() {
        for name in ["_blobs", "a/_tags", "a,", "a/b,"] {
            assert!(Repository::parse(name).is_err(), "{name}");
        }
    }
}
