//! The paths of the distribution spec, with the names in them parsed.
//!
//! Works on the raw path, since a decoded `%2F` would make one name of two. Reads from the right:
//! a repository may be called `a/blobs/uploads` or `tags`, so the last well-known component counts.

use roadstead_oci::{Digest, Reference, Repository};

use super::Unroutable;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Base,
    Catalog,
    Extensions(Option<Repository>),
    Blob(Repository, Digest),
    Uploads(Repository),
    /// by its token
    Upload(Repository, String),
    Manifest(Repository, Reference),
    Tags(Repository),
    /// of a subject
    Referrers(Repository, Digest),
    /// on a manifest
    Verdicts(Repository, Digest),
    /// by its id
    Verdict(Repository, String),
}

impl Place {
    pub(super) fn parse(path: &str) -> Result<Self, Unroutable> {
        let rest = match path {
            "/v2" | "/v2/" => return Ok(Self::Base),
            _ => path.strip_prefix("/v2/").ok_or(Unroutable::Path)?,
        };
        let components: Vec<&str> = rest.split('/').collect();
        match components.as_slice() {
            ["_catalog"] => Ok(Self::Catalog),
            ["_oci", "ext", "discover"] => Ok(Self::Extensions(None)),
            [name @ .., "_oci", "ext", "discover"] => Ok(Self::Extensions(Some(repository(name)?))),
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "blobs", "uploads", token] if !token.is_empty() => {
                Ok(Self::Upload(repository(name)?, (*token).to_owned()))
            }
            [name @ .., "blobs", "uploads", ""] | [name @ .., "blobs", "uploads"] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [name @ .., "manifests", reference] => {
                let name = repository(name)?;
                let reference = Reference::parse(&colon_decoded(reference));
                Ok(Self::Manifest(name, reference.map_err(Unroutable::Reference)?))
            }
            [name @ .., "blobs", text] => Ok(Self::Blob(repository(name)?, digest(text)?)),
            [name @ .., "referrers", text] => Ok(Self::Referrers(repository(name)?, digest(text)?)),
            [name @ .., "_roadstead", "verdicts", text] => {
                let name = repository(name)?;
                let digest = digest(text).map_err(|_| Unroutable::Verdicts)?;
                Ok(Self::Verdicts(name, digest))
            }
            [name @ .., "_roadstead", "verdicts", "id", id] => {
                let name = repository(name)?;
                let id = is_verdict_id(id).then(|| (*id).to_owned());
                Ok(Self::Verdict(name, id.ok_or(Unroutable::Verdict)?))
            }
            _ => Err(Unroutable::Path),
        }
    }
}

fn repository(components: &[&str]) -> Result<Repository, Unroutable> {
    Repository::parse(&components.join("/")).map_err(Unroutable::Repository)
}

fn digest(text: &str) -> Result<Digest, Unroutable> {
    Digest::parse(&colon_decoded(text)).map_err(Unroutable::Digest)
}

/// Letters and digits only, so that it can be logged and be part of a path.
fn is_verdict_id(text: &str) -> bool {
    const CHARS: usize = 11;
    text.len() == CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Some clients encode the colon of a digest. Nothing else in a reference can need it.
fn colon_decoded(text: &str) -> String {
    text.replace("%3A", ":").replace("%3a", ":")
}
