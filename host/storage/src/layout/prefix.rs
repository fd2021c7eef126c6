//! What is listed: folders of keys.

use std::fmt;

use roadstead_oci::{Algorithm, Digest, Repository, Tag};

use super::Id;

/// A folder of keys. What lies directly below it, its names, say what they are by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix<'a> {
    /// segments whose ids begin with these two characters
    Data(&'a str),
    /// the first two characters of segments' ids
    DataPrefixes,
    BlobRecords(&'a Digest),
    /// digests of blobs that begin with these two characters
    Blobs(Algorithm, &'a str),
    /// the first two characters of blobs' digests
    BlobPrefixes(Algorithm),
    /// What lies in a folder below names of repositories; the root's name is empty.
    Repositories(&'a str),
    Links(&'a Repository, &'a Digest),
    LinksOf(&'a Repository, Algorithm),
    /// claims and bodies of a manifest
    Manifests(&'a Repository, &'a Digest),
    ManifestsOf(&'a Repository, Algorithm),
    /// entries below a subject
    Referrers(&'a Repository, &'a Digest),
    ReferrersOf(&'a Repository, Algorithm),
    /// entries below a child
    Parents(&'a Repository, &'a Digest),
    ParentsOf(&'a Repository),
    TagKeys(&'a Repository, &'a Tag),
    Tags(&'a Repository),
    Upload(&'a Repository, &'a Id),
    Uploads(&'a Repository),
    LaterVerdicts(&'a Repository, &'a Digest),
    LaterVerdictsOf(&'a Repository, Algorithm),
    Refusals(&'a Repository, &'a Digest),
    RefusalsOf(&'a Repository, Algorithm),
    /// the slices of a day, and the verdicts that older versions wrote
    VerdictDay(&'a str),
    /// the verdicts of a slice of a day
    VerdictSlice(&'a str, &'a str),
    VerdictDays,
    CatalogEntries(&'a Repository),
    /// what lies in a folder of the catalog; the root's name is empty
    Catalog(&'a str),
}

/// The folder of a repository's uploads. It alone makes no repository.
pub(crate) const UPLOADS: &str = "_uploads";
/// The folder of what was refused in a repository. Nor does that make one.
pub(crate) const REFUSALS: &str = "_refusals";
/// The folder of a repository's manifests and claims.
pub(crate) const MANIFESTS: &str = "_manifests";
/// The last component of the key that ends an upload for good.
pub(crate) const OVER: &str = "over";

impl Prefix<'_> {
    /// The folder, relative to the root of the store.
    pub(crate) fn path(&self) -> String {
        match *self {
            Self::Data(prefix) => format!("data/{prefix}"),
            Self::DataPrefixes => "data".to_owned(),
            Self::BlobRecords(digest) => {
                let (algorithm, hex) = (digest.algorithm().as_str(), digest.hex());
                format!("blobs/{algorithm}/{}/{hex}", &hex[..2])
            }
            Self::Blobs(algorithm, prefix) => format!("blobs/{}/{prefix}", algorithm.as_str()),
            Self::BlobPrefixes(algorithm) => format!("blobs/{}", algorithm.as_str()),
            Self::Repositories(folder) => within("repos", folder),
            Self::Links(repo, digest) => of(repo, "_blobs", digest),
            Self::LinksOf(repo, algorithm) => all_of(repo, "_blobs", algorithm),
            Self::Manifests(repo, digest) => of(repo, MANIFESTS, digest),
            Self::ManifestsOf(repo, algorithm) => all_of(repo, MANIFESTS, algorithm),
            Self::Referrers(repo, subject) => of(repo, "_referrers", subject),
            Self::ReferrersOf(repo, algorithm) => all_of(repo, "_referrers", algorithm),
            Self::Parents(repo, child) => Prefix::ParentsOf(repo).with(dashed(child)),
            Self::ParentsOf(repo) => format!("repos/{repo}/_parents"),
            Self::TagKeys(repo, tag) => Prefix::Tags(repo).with(format_args!("{tag},")),
            Self::Tags(repo) => format!("repos/{repo}/_tags"),
            Self::Upload(repo, id) => Prefix::Uploads(repo).with(id),
            Self::Uploads(repo) => format!("repos/{repo}/{UPLOADS}"),
            Self::LaterVerdicts(repo, digest) => of(repo, "_verdicts", digest),
            Self::LaterVerdictsOf(repo, algorithm) => all_of(repo, "_verdicts", algorithm),
            Self::Refusals(repo, digest) => of(repo, REFUSALS, digest),
            Self::RefusalsOf(repo, algorithm) => all_of(repo, REFUSALS, algorithm),
            Self::VerdictDay(day) => format!("verdicts/{day}"),
            Self::VerdictSlice(day, slice) => format!("verdicts/{day}/{slice}"),
            Self::VerdictDays => "verdicts".to_owned(),
            Self::CatalogEntries(repo) => format!("catalog/{repo},"),
            Self::Catalog(folder) => within("catalog", folder),
        }
    }

    /// The path of a name in the folder.
    pub(crate) fn with(&self, name: impl fmt::Display) -> String {
        format!("{}/{name}", self.path())
    }
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

/// A folder within a root; `folder` is empty or ends in a slash.
fn within(root: &str, folder: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => root.to_owned(),
        folder => format!("{root}/{folder}"),
    }
}

/// `repos/<name>/<folder>/<alg>/<hex>`
fn of(repository: &Repository, folder: &str, digest: &Digest) -> String {
    format!("repos/{repository}/{folder}/{}/{}", digest.algorithm().as_str(), digest.hex())
}

/// `repos/<name>/<folder>/<alg>`
fn all_of(repository: &Repository, folder: &str, algorithm: Algorithm) -> String {
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
            .map(|name| Prefix::CatalogEntries(&Repository::parse(name).unwrap()).path())
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
